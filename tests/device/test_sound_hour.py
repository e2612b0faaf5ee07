"""An hour of film with a microphone whose clock is off: what a plain player shows and plays is still in step."""

import io

import av
import numpy as np
import pytest

from device.muxer import Muxer
from device.ports import EncodedPacket, PictureFormat
from device.sim.encoder import PictureEncoder
from device.sound_encoder import SoundEncoder
from device.sound_track import SoundTrack
from tests.device.hearing import BEGAN_US, VirtualMicrophone, beeps_every, us
from tests.device.sim.filming import beeps
from tests.device.sim.sources import white_every

HOUR = 3600
EVERY = 10
IN_STEP = 0.040
PICTURE = PictureFormat(64, 64, 1)


@pytest.mark.parametrize("ppm", [-200, 200])
def test_after_an_hour_sound_and_picture_are_in_step(ppm: float) -> None:
    """200 ppm are 720 ms an hour. Arrivals are up to 80 ms late, and some 300 ms."""
    film = filmed(VirtualMicrophone(beeps_every(EVERY), ppm, block=4096, jitter_s=0.08, stall_s=0.3))
    seen, heard = np.array(whites(film)), np.array(beeps(film))
    assert len(seen) == HOUR / EVERY
    heard = heard[: len(seen)]  # it may hear the one that begins with the next hour
    assert len(heard) == len(seen)
    assert np.abs(heard - seen).max() < IN_STEP
    assert np.abs((heard - seen)[-6:]).max() < IN_STEP / 2


def filmed(microphone: VirtualMicrophone) -> bytes:
    """Return an hour as the kit's muxer writes it: a white picture every ten seconds, and what the microphone heard."""
    pictures, sounds, track = PictureEncoder(PICTURE), SoundEncoder(), SoundTrack(BEGAN_US)
    muxer = Muxer(PICTURE, sounds.format)
    segments: list[bytes] = []
    shown = encoded = 0

    def add(packets: list[EncodedPacket]) -> None:
        for packet in packets:
            segments.extend(segment.data for segment in muxer.add(packet))

    for came, sound in microphone.blocks(0, HOUR):
        while shown < min(came, HOUR):
            add(pictures.encode(white_every(EVERY, shown, PICTURE), shown))
            shown += 1
        track.heard(sound, us(came))
        for block in track.due(us(came)):
            add(sounds.encode(block, encoded))
            encoded += 1
    add(sounds.finish())
    segments.extend(segment.data for segment in muxer.finish())
    return b"".join(segments)


def whites(mp4: bytes) -> list[float]:
    """Return when a white picture is shown, in seconds."""
    with av.open(io.BytesIO(mp4), "r") as container:
        return [frame.time for frame in container.decode(video=0) if max(bytes(frame.planes[0])[:64]) > 200]
