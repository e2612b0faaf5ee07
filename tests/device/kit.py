"""A kit in a folder for tests: spool, film opening, and a few seconds of real packets."""

import hashlib
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from device.ports import EncodedPacket, PictureFormat, SoundFormat
from device.sealed_film import SealedFilm
from device.sim.camera import SimulatedCamera
from device.spool import Spool
from device.spooled_film import SpooledFilm
from footage.age import HybridIdentity
from footage.film import VerifiedFilm, verify_film
from footage.film_key import FilmKey, film_sealer, seal_film_key
from footage.manifest import ClockStatus, FilmKind, FilmOpening, recipient_fingerprint
from footage.parts import PartName
from tests.device.sim.filming import film
from tests.footage.builders import NOW, Agency

PICTURE = PictureFormat(320, 180, 25)
SECONDS = 4


@cache
def packets() -> tuple[EncodedPacket, ...]:
    """Four seconds of the generated scene, encoded once for all tests."""
    return tuple(film(SimulatedCamera(picture=PICTURE, speed=None), SECONDS).packets)


@cache
def sound() -> SoundFormat:
    """The simulated camera's sound."""
    format_ = SimulatedCamera(picture=PICTURE).sound
    assert format_ is not None
    return format_


class Kit:
    """An agency, and a spool that its kit films into."""

    def __init__(self, folder: Path, *, reserve: int = 0) -> None:
        self.agency = Agency()
        self.folder = folder
        self.spool = Spool(folder / "spool", reserve=reserve, last_film=folder / "run" / "last-film")

    def new_film(self) -> tuple[SpooledFilm, FilmOpening]:
        """A film that begins. Its identity is made in this process, which no kit would do, to be quick."""
        name, identity = str(uuid.uuid4()), HybridIdentity.generate()
        recipient = self.agency.recovery.recipient.text
        key = FilmKey(identity.recipient, seal_film_key(name, identity, film_sealer([recipient])))
        opening = FilmOpening(
            format=1,
            film=name,
            kit=self.agency.kit,
            kind=FilmKind.INTERACTION,
            directory_version=1,
            recipient=identity.recipient.text,
            recipients=(recipient_fingerprint(recipient),),
            film_key=hashlib.sha256(key.sealed).hexdigest(),
            started_at=NOW,
            clock=ClockStatus.UNSYNCHRONISED,
        )
        return self.spool.new_film(name, key), opening

    def sealed_film(self) -> SealedFilm:
        """A film that packets can be added to."""
        spooled, opening = self.new_film()
        return SealedFilm(self.spool, spooled, opening, PICTURE, sound())

    def verified(self, spooled: SpooledFilm) -> VerifiedFilm:
        """The film as whoever holds the recovery identity gets it."""
        return verify_film(spooled.film, SpooledFiles(spooled), self.agency.verified_directory())

    def opened(self, spooled: SpooledFilm) -> Iterator[bytes]:
        """The plaintext of all parts."""
        return (plaintext for _, plaintext in self.verified(spooled).opened_parts([self.agency.recovery]))


class SpooledFiles:
    """A film on the kit, read as `FilmFiles`."""

    def __init__(self, spooled: SpooledFilm) -> None:
        self._spooled = spooled
        self._names: dict[int, PartName] = {name.number: name for name in spooled.part_names()}

    def manifest(self) -> bytes | None:
        return self._spooled.manifest().encode()

    def film_key(self) -> bytes | None:
        return self._spooled.film_key()

    def part(self, number: int) -> bytes | None:
        return self._spooled.part(self._names[number]) if number in self._names else None
