"""Two tracks on one clock, whatever comes first, and whatever the recorder does with them."""

import threading
from collections.abc import Iterable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from device.pi.one_clock import FilmThread, OneClock
from device.ports import EncodedPacket, Track

UP_SINCE = 5_000_000_000  # microseconds: kits have been on for a while when they film


def picture(at_us: int) -> EncodedPacket:
    return EncodedPacket(Track.PICTURE, b"picture", UP_SINCE + at_us, key_frame=at_us == 0)


def sound(at_us: int) -> EncodedPacket:
    return EncodedPacket(Track.SOUND, b"sound", UP_SINCE + at_us, key_frame=True)


def put_all(clock: OneClock, packets: Iterable[EncodedPacket]) -> list[tuple[Track, int]]:
    return [(one.track, one.at_us) for packet in packets for one in clock.put(packet)]


def test_the_first_picture_is_at_0_and_sound_before_it_is_left_out() -> None:
    packets = [sound(-30_000), sound(-9_000), sound(12_000), picture(0), sound(33_000), picture(40_000)]
    assert put_all(OneClock(), packets) == [
        (Track.PICTURE, 0),
        (Track.SOUND, 12_000),
        (Track.SOUND, 33_000),
        (Track.PICTURE, 40_000),
    ]


def test_without_a_picture_nothing_comes_and_little_is_kept() -> None:
    clock = OneClock()
    assert put_all(clock, (sound(number * 21_333) for number in range(10_000))) == []
    kept = put_all(clock, [picture(0)])
    assert len(kept) <= 501


def test_sound_that_comes_late_but_was_heard_before_is_left_out() -> None:
    assert put_all(OneClock(), [picture(0), sound(-5), sound(0)]) == [(Track.PICTURE, 0), (Track.SOUND, 0)]


def test_both_tracks_end_at_the_same_time() -> None:
    clock = OneClock()
    before = put_all(clock, [picture(0), sound(0), picture(40_000)])
    clock.end_at(UP_SINCE + 60_000)
    after = put_all(clock, [sound(21_333), sound(42_666), sound(64_000), picture(80_000)])
    assert before + after == [
        (Track.PICTURE, 0),
        (Track.SOUND, 0),
        (Track.PICTURE, 40_000),
        (Track.SOUND, 21_333),
        (Track.SOUND, 42_666),
    ]


@given(
    st.lists(st.integers(-200_000, 10_000_000), unique=True, max_size=100),
    st.lists(st.integers(0, 10_000_000), min_size=1, unique=True),
    st.randoms(use_true_random=False),
)
def test_however_two_threads_interleave_each_track_keeps_its_order(
    sounds: list[int], pictures: list[int], chance: Random
) -> None:
    waiting = [[sound(at_us) for at_us in sorted(sounds)], [picture(at_us) for at_us in sorted(pictures)]]
    merged = []
    while any(waiting):
        merged.append(chance.choice([track for track in waiting if track]).pop(0))
    got = put_all(OneClock(), merged)
    origin = min(pictures)
    assert [at_us for track, at_us in got if track is Track.PICTURE] == [at - origin for at in sorted(pictures)]
    heard = [at_us for track, at_us in got if track is Track.SOUND]
    assert heard == sorted(heard)
    assert heard == [at - origin for at in sorted(sounds) if at >= origin]
    assert got[0] == (Track.PICTURE, 0)


def test_nothing_waits_for_a_recorder_that_blocks() -> None:
    blocked, got = threading.Event(), []

    def deliver(packet: EncodedPacket) -> None:
        blocked.wait(10)
        got.append(packet.at_us)

    film = FilmThread(deliver, lambda _: None)
    for number in range(100):
        film.put(picture(number * 40_000))  # would hang here for ten seconds each
    blocked.set()
    film.finish()
    assert got == [number * 40_000 for number in range(100)]


def test_a_recorder_that_raises_is_told_once_and_never_reaches_the_camera() -> None:
    reasons: list[str] = []
    seen: list[int] = []

    def deliver(packet: EncodedPacket) -> None:
        seen.append(packet.at_us)
        raise ZeroDivisionError

    film = FilmThread(deliver, reasons.append)
    film.put(picture(0))
    film.put(picture(40_000))
    film.finish()
    assert seen == [0]
    assert len(reasons) == 1


def test_nothing_comes_after_finish() -> None:
    got: list[EncodedPacket] = []
    film = FilmThread(got.append, lambda _: None)
    film.put(picture(0))
    film.finish()
    film.put(picture(40_000))
    assert [packet.at_us for packet in got] == [0]
