"""The spool: the kit's folder of sealed films that the agency has not receipted yet (see `spooled_film`)."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.errors import CardFull, DeviceError, NothingToTakeBack, SpoolClaimed
from device.spooled_film import FilmState, SpooledFilm
from device.trouble import ADVICE, Trouble
from footage import durable
from footage.errors import FootageError
from footage.film_key import FilmKey
from footage.manifest import Ended, Manifest

_log = logging.getLogger(__name__)
_CLAIMS, _CLAIM_SECONDS = 10, 0.02


class Spool:
    """All films on the kit.

    `reserve` bytes stay free, so that a film can always be closed and receipted; no film is begun without `room` bytes
    above them.
    """

    def __init__(self, folder: Path, *, reserve: int, last_film: Path, room: int = 0) -> None:
        self._films = folder / "films"
        self._reserve = reserve
        self._room = room
        self._last_film = last_film
        durable.make_folder(self._films)

    def claim(self) -> None:
        """Make this process the only recorder of the spool, until it ends. Raises `SpoolClaimed`."""
        for _ in range(_CLAIMS):  # `is_claimed`, which the uplink asks, holds it for a moment
            if self._claim() is not None:
                return
            time.sleep(_CLAIM_SECONDS)
        raise SpoolClaimed("Another recorder or a self-test is running on this spool. Stop it first.")

    def is_claimed(self) -> bool:
        """Return whether a recorder runs on the spool."""
        descriptor = self._claim(fcntl.LOCK_SH)  # several may ask at once
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def films(self) -> list[SpooledFilm]:
        """Return all films, in the order in which their folders were last changed."""
        folders = [folder for folder in self._films.iterdir() if folder.is_dir()]
        return [SpooledFilm(folder) for folder in sorted(folders, key=_changed_at)]

    def is_empty(self) -> bool:
        """Return whether no trace of a film is left."""
        return not any(self._films.iterdir())

    def last_film(self) -> SpooledFilm:
        """Return the film that "take it back" means, which the agency may have already. Raises `NothingToTakeBack`.

        It is the one that was begun last, or that a power cut interrupted, since the kit was switched on: never an
        earlier one, which may be of another family.
        """
        try:
            return SpooledFilm(self._films / self._last_film.read_text("ascii"))
        except FileNotFoundError:
            raise NothingToTakeBack("No film was made since the kit was switched on. Ask the agency.") from None

    def new_film(self, film: str, key: FilmKey) -> SpooledFilm:
        """Make a film's folder with its `film.key`. Raises `CardFull`."""
        self.require_room(self._room)
        spooled = SpooledFilm(self._films / film)
        spooled.begin(key.sealed)
        self._remember(spooled)
        return spooled

    def require_room(self, room: int = 0) -> None:
        """Raise `CardFull` when what is free is only the reserve, or less than `room` bytes above it."""
        if self.room_left() < room:
            raise CardFull(ADVICE[Trouble.CARD_FULL])

    def room_left(self) -> int:
        """Return how many bytes films may still take: what is free above the reserve, below 0 within it."""
        status = os.statvfs(self._films)
        return status.f_bavail * status.f_frsize - self._reserve

    def recover(self, kit_key: EllipticCurvePrivateKey) -> Iterator[Manifest]:
        """Bring every film into a settled state after a start, and yield the manifests of those closed now.

        A film that can't be settled stays as it is and is logged: it must not keep the kit from filming.
        """
        durable.remove_temporaries(self._films)
        for film in self.films():
            try:
                if manifest := _settle(film, kit_key):
                    self._remember(film)
                    yield manifest
            except (OSError, DeviceError, FootageError) as reason:
                _log.error("film %s could not be closed (%s); it stays on the kit, tell IT", film.film, reason)

    def _claim(self, lock: int = fcntl.LOCK_EX) -> int | None:
        """Return the descriptor that holds the claim, or None if somebody else has it. The kernel ends it with us."""
        descriptor = os.open(self._films.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, lock | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _remember(self, film: SpooledFilm) -> None:
        self._last_film.parent.mkdir(parents=True, exist_ok=True)
        self._last_film.write_text(film.film, "ascii")


def _settle(film: SpooledFilm, kit_key: EllipticCurvePrivateKey) -> Manifest | None:
    durable.remove_temporaries(film.folder)
    match film.state:
        case FilmState.EMPTY:
            film.forget(FilmState.EMPTY)
        case FilmState.OPEN:
            return film.close(Ended.INTERRUPTED, kit_key)
        case FilmState.TAKEN_BACK:
            film.destroy()
        case FilmState.CLOSED | FilmState.RECEIPTED:
            pass  # the uplink's work
    return None


def _changed_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # the other process has just forgotten it
        return 0.0
