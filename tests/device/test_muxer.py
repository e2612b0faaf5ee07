"""The muxer's segments: an init, then one fragment a second, that decode also when the film ends early."""

import io

import av
import pytest

from device.muxer import Muxer, Segment
from device.ports import EncodedPacket, Track
from footage.parts import PartKind
from tests.device.kit import PICTURE, SECONDS, packets, sound


def mux(feed: list[EncodedPacket], *, with_sound: bool = True) -> list[Segment]:
    muxer = Muxer(PICTURE, sound() if with_sound else None)
    segments = [segment for packet in feed for segment in muxer.add(packet)]
    return segments + muxer.finish()


def decoded(segments: list[Segment]) -> dict[str, int]:
    with av.open(io.BytesIO(b"".join(segment.data for segment in segments)), "r") as container:
        return {stream.type: sum(1 for _ in _frames(container, stream.index)) for stream in container.streams}


def _frames(container: av.container.InputContainer, index: int) -> list[object]:
    container.seek(0)
    return list(container.decode(container.streams[index]))


def test_one_init_and_one_fragment_a_second() -> None:
    segments = mux(list(packets()))
    assert [segment.kind for segment in segments[:2]] == [PartKind.INIT, PartKind.MEDIA]
    assert all(segment.kind is PartKind.MEDIA for segment in segments[1:])
    assert [segment.duration_ms for segment in segments[1 : SECONDS + 1]] == [1000] * SECONDS
    assert segments[0].data[4:8] == b"ftyp"
    assert all(segment.data[4:8] == b"moof" for segment in segments[1:])


def test_durations_add_up_to_the_pictures() -> None:
    pictures = [packet for packet in packets() if packet.track is Track.PICTURE]
    total_ms = sum(segment.duration_ms for segment in mux(list(packets())))
    assert total_ms == len(pictures) * 1000 // PICTURE.frame_rate


def test_every_frame_comes_out_again() -> None:
    frames = decoded(mux(list(packets())))
    assert frames["video"] == sum(1 for packet in packets() if packet.track is Track.PICTURE)
    assert frames["audio"] >= sum(1 for packet in packets() if packet.track is Track.SOUND) - 1


@pytest.mark.parametrize("kept", range(2, SECONDS + 2))
def test_cut_after_any_segment_it_still_plays(kept: int) -> None:
    assert decoded(mux(list(packets()))[:kept])["video"] == (kept - 1) * PICTURE.frame_rate


def test_a_stalled_microphone_does_not_hold_back_pictures() -> None:
    muxer = Muxer(PICTURE, sound())
    out = 0
    for packet in packets():
        if packet.track is Track.SOUND and packet.at_us > 1_000_000:
            continue
        out += len([segment for segment in muxer.add(packet) if segment.kind is PartKind.MEDIA])
    seconds = max(packet.at_us for packet in packets()) / 1_000_000
    assert out >= int(seconds) - 1, "a fragment is at most a fraction of a second late"


def test_without_sound() -> None:
    assert decoded(mux([packet for packet in packets() if packet.track is Track.PICTURE], with_sound=False)) == {
        "video": sum(1 for packet in packets() if packet.track is Track.PICTURE)
    }


def test_pictures_before_the_first_key_frame_are_dropped() -> None:
    later = [packet for packet in packets() if packet.at_us > 100_000]
    segments = mux(later)
    assert sum(segment.duration_ms for segment in segments[1:]) < sum(
        segment.duration_ms for segment in mux(list(packets()))[1:]
    )
    assert decoded(segments)["video"] > 0


def test_a_film_without_pictures_has_no_segments() -> None:
    assert mux([packet for packet in packets() if packet.track is Track.SOUND]) == []
