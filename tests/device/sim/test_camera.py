"""The simulated camera beyond the contract: pace, faults, formats, and what it refuses."""

import threading
import time
from itertools import pairwise

import pytest

from device.ports import CameraFailed, PictureFormat, SoundFormat, Track
from device.sim.camera import SimulatedCamera, timeline
from device.sim.faults import Faults
from tests.device.sim.filming import Filmed, beeps, decoded_pictures, film, luma, muxed

SMALL = PictureFormat(320, 180, 25)


def test_real_time_takes_its_time() -> None:
    camera = SimulatedCamera(picture=SMALL)
    began = time.monotonic()
    filmed = film(camera, 2)
    assert 1.9 <= time.monotonic() - began < 6
    assert filmed.pictures()[-1].at_us < 6_000_000


def test_ten_times_the_speed_is_faster() -> None:
    began = time.monotonic()
    film(SimulatedCamera(picture=SMALL, speed=10), 5)
    assert 0.45 <= time.monotonic() - began < 4


def test_no_packet_comes_before_its_time() -> None:
    arrivals: list[tuple[float, int]] = []
    enough = threading.Event()
    camera = SimulatedCamera(picture=SMALL, speed=4)
    began = time.monotonic()
    camera.start(lambda packet: arrivals.append((time.monotonic() - began, packet.at_us)), lambda _: enough.set())
    enough.wait(0.5)
    camera.stop()
    flushed = 2  # what the sound encoder held comes at the stop
    assert all(arrived * 4 * 1_000_000 >= at_us for arrived, at_us in arrivals[:-flushed])


@pytest.mark.parametrize("speed", [0, -1.0])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        SimulatedCamera(speed=speed)


def test_impossible_pictures_are_refused() -> None:
    camera = SimulatedCamera(picture=PictureFormat(321, 180, 25))
    with pytest.raises(CameraFailed, match="even width"):
        camera.start(lambda _: None, lambda _: None)


def test_it_is_started_once() -> None:
    camera = SimulatedCamera(picture=SMALL)
    camera.start(lambda _: None, lambda _: None)
    try:
        with pytest.raises(CameraFailed, match="Stop it first"):
            camera.start(lambda _: None, lambda _: None)
    finally:
        camera.stop()


def test_without_sound_only_pictures_come() -> None:
    camera = SimulatedCamera(picture=SMALL, sound=False, speed=None)
    filmed = film(camera, 1)
    assert camera.sound is None
    assert {packet.track for packet in filmed.packets} == {Track.PICTURE}


def test_pictures_move() -> None:
    camera = SimulatedCamera(speed=None)
    pictures = [luma(picture) for picture in decoded_pictures(muxed(camera, film(camera, 0.5)))]
    assert all(abs(later - earlier).mean() > 0.1 for earlier, later in pairwise(pictures))


def test_the_bit_rate_is_bounded() -> None:
    filmed = film(SimulatedCamera(speed=None), 4)
    bits = 8 * sum(len(packet.data) for packet in filmed.pictures())
    assert bits < 4_000_000 * (4 + 1)  # a second's worth of buffer


def test_a_camera_that_hangs_says_nothing() -> None:
    filmed = film(SimulatedCamera(picture=SMALL, speed=None, faults=Faults(camera_stops_at_s=1.0)), 2)
    assert [packet.at_us for packet in filmed.pictures()] == [number * 40_000 for number in range(25)]
    assert filmed.sounds()[-1].at_us > 1_900_000
    assert filmed.failures == []


def test_a_camera_that_fails_says_so_once_and_last() -> None:
    camera = SimulatedCamera(picture=SMALL, speed=None, faults=Faults(camera_fails_at_s=1.0))
    filmed = film(camera, 5)
    assert len(filmed.failures) == 1
    assert len(filmed.pictures()) == 25
    assert abs(filmed.sounds()[-1].at_us - 960_000) < 100_000
    assert len(film(camera, 5).failures) == 1  # after stop it can be started again, and fails again


def test_a_microphone_that_was_away_comes_back_in_step() -> None:
    camera = SimulatedCamera(picture=SMALL, speed=None, faults=Faults(microphone_away=(0.5, 1.5)))
    filmed = film(camera, 3.5)
    times = [packet.at_us for packet in filmed.sounds()]
    assert not any(500_000 <= at_us < 1_500_000 for at_us in times)
    assert any(at_us < 500_000 for at_us in times)
    heard = beeps(muxed(camera, filmed))
    assert heard[-2:] == pytest.approx([2, 3], abs=0.025)
    assert len(filmed.pictures()) >= 3.5 * 25


def test_a_silent_microphone_goes_on() -> None:
    camera = SimulatedCamera(picture=SMALL, speed=None, faults=Faults(microphone_silent_from_s=1.5))
    filmed = film(camera, 3.5)
    assert beeps(muxed(camera, filmed))[1:] == pytest.approx([1], abs=0.025)
    assert filmed.sounds()[-1].at_us > 3_400_000


def test_a_bug_in_the_consumer_is_no_silent_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda raised: seen.append(raised.exc_type))
    filmed = Filmed()

    def deliver(_: object) -> None:
        raise ZeroDivisionError

    camera = SimulatedCamera(picture=SMALL, speed=None)
    camera.start(deliver, filmed.failures.append)
    for thread in threading.enumerate():
        if thread.name == "simulated-camera":
            thread.join(10)
    camera.stop()
    assert len(filmed.failures) == 1
    assert seen == [ZeroDivisionError]


def test_the_timeline_is_in_order() -> None:
    due = timeline(PictureFormat(2, 2, 25), SoundFormat(48_000, 1, b""))
    first = [next(due) for _ in range(4)]
    assert first == [
        (0, Track.PICTURE, 0),
        (21_333, Track.SOUND, 0),
        (40_000, Track.PICTURE, 1),
        (42_667, Track.SOUND, 1),
    ]
