"""What a film needs before its first frame: recipients from the directory, an identity of its own, a folder.

Making the identity takes a child process its time, so it is begun when the family agrees.
"""

import hashlib
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from device import clock
from device.config import KitConfig
from device.expiry import refuse_expired
from device.spool import Spool
from device.spooled_film import SpooledFilm
from footage.directory import Directory
from footage.film_key import FilmKey, make_film_key
from footage.manifest import ClockStatus, FilmKind, FilmOpening, recipient_fingerprint


class _Prepared(NamedTuple):
    film: str
    directory: Directory
    key: FilmKey


class FilmStarter:
    """Prepares one film ahead."""

    def __init__(self, config: KitConfig, spool: Spool) -> None:
        self._config = config
        self._spool = spool
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="film-starter")
        self._prepared: Future[_Prepared] | None = None

    def prepare(self) -> None:
        """Begin to make the next film's identity. A directory that came meanwhile is used."""
        self._prepared = self._executor.submit(self._prepare)

    def begin(self) -> tuple[SpooledFilm, FilmOpening]:
        """Return a new film's folder and opening.

        Raises `ConfigInvalid`, `DirectoryExpired`, `CardFull`, `OSError`, and as `make_film_key`.
        """
        if self._prepared is None:
            self.prepare()
        assert self._prepared is not None
        prepared, self._prepared = self._prepared.result(), None
        known = clock.clock_status()  # asked first: a clock that is set meanwhile must not make an old time true
        if known is ClockStatus.SYNCHRONISED:  # else nobody knows; the film says so
            refuse_expired(prepared.directory, clock.now())
        spooled = self._spool.new_film(prepared.film, prepared.key)
        opening = FilmOpening(
            format=1,
            film=prepared.film,
            kit=self._config.kit,
            kind=FilmKind.INTERACTION,
            directory_version=prepared.directory.version,
            recipient=prepared.key.recipient.text,
            recipients=tuple(recipient_fingerprint(entry.recipient) for entry in prepared.directory.recipients),
            film_key=hashlib.sha256(prepared.key.sealed).hexdigest(),
            started_at=clock.now(),
            clock=known,
        )
        return spooled, opening

    def close(self) -> None:
        """Wait for a child that may still run."""
        self._executor.shutdown()

    def _prepare(self) -> _Prepared:
        directory = self._config.accepted_directory()
        film = str(uuid.uuid4())
        return _Prepared(film, directory, make_film_key(film, [entry.recipient for entry in directory.recipients]))
