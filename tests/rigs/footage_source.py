"""A few seconds of encoded film, kept in a file, so that a film can be made as fast as it can be sealed."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from device.ports import EncodedPacket, PictureFormat, SoundFormat
from device.sim.camera import SimulatedCamera
from tests.device.sim.filming import film

FRAME_RATE = 25
_SMALL = PictureFormat(320, 180, FRAME_RATE)


@dataclass(frozen=True)
class EncodedFilm:
    """What a camera delivered, with its formats."""

    picture: PictureFormat
    sound: SoundFormat
    packets: list[EncodedPacket]

    def first(self, seconds: float) -> "EncodedFilm":
        """Return the beginning of it."""
        packets = [packet for packet in self.packets if packet.at_us < seconds * 1_000_000]
        return EncodedFilm(self.picture, self.sound, packets)


def write_encoded_film(path: Path, seconds: float) -> None:
    """Film the generated scene, faster than life, into a file."""
    camera = SimulatedCamera(picture=_SMALL, speed=None)
    assert camera.sound is not None
    encoded = EncodedFilm(_SMALL, camera.sound, film(camera, seconds).packets).first(seconds)
    path.write_bytes(msgspec.msgpack.encode(encoded))


def read_encoded_film(path: Path) -> EncodedFilm:
    """Read what `write_encoded_film` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=EncodedFilm)
