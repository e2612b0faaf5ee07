"""Erasing films, and certifying it. Nothing that is erased comes back: not by a crash, a late upload, or a restore.

1. tombstone, and what was held, in one commit: from here on nothing is given out or taken in
2. `film.key` destroyed
3. everything else destroyed
4. certificate in the journal, which stands apart from the store (`replay` reads it after a restore)
5. certificate in the store
6. row: done; only now it is acknowledged

Every step may be repeated; whatever a crash leaves is gone on with at the next start and by `companion-api upkeep`.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.certifying import Places, certified, held_of
from companion_api.films.erasure_rows import ErasureRow, ErasureRows
from companion_api.films.film_rows import Film, FilmRows
from companion_api.films.film_states import FilmState
from companion_api.films.hold_rows import HoldRows, is_held
from companion_api.library.forgetting import forget_film
from companion_api.published_directory import PublishedDirectory
from companion_api.stores.store import Put, Store, StoreFailed, StoreFull, erasure_object
from footage.erasure import Erasure, Reason, read_erasure, sign_erasure
from footage.errors import FootageError
from footage.messages import timestamp

FOLLOWS: tuple[Callable[[Connection, str], None], ...] = (forget_film,)  # what removes rows derived from a film
SWEEP_HOURS = 1  # far longer than bytes can be on their way into the store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Eraser:
    """What erasing needs. `journal` keeps certificates apart from the store; backups are kept for `backup_days`."""

    archive: Archive
    directory: PublishedDirectory
    receipt_key: EllipticCurvePrivateKey
    journal: Store
    store_kind: str
    backup_days: int

    @contextmanager
    def deciding(self) -> Iterator[Connection]:
        """Begin a transaction in which films may be erased; no hold begins or ends meanwhile."""
        with self.archive.database.writing() as connection:
            HoldRows(connection).lock()  # before any film's row: whoever locks in another order may wait for ever
            yield connection

    def decide(self, connection: Connection, film: Film, reason: Reason, decided_by: str) -> bool:
        """Decide that a film goes, and begin with it; return False if a hold keeps it for now.

        `film` was locked in the transaction, which is one of `deciding`. After it, call `finish`. A film that a hold
        keeps loses at once what is derived from it, and goes when the hold ends.
        """
        if film.state.gone:
            return True
        at = self.archive.timestamp()
        if ErasureRows(connection).decide(film.film, reason, decided_by, at):
            for remove in FOLLOWS:
                remove(connection, film.film)
            append(connection, at, decided_by, "erasure decided", f"film:{film.film}", reason=reason.value)
        return self._begin(connection, film)

    def finish(self, film: str) -> None:
        """Destroy what is left of a film whose erasure has begun, and certify it. Raises `StoreFull`, `StoreFailed`."""
        self.archive.destroy(film)
        with self.archive.database.reading() as connection:
            row, buried = ErasureRows(connection).erasure(film), FilmRows(connection).film(film)
        assert row is not None
        assert buried is not None
        if row.done_at is not None:
            return
        token = self.certificate(film)
        if token is None:
            token = self._signed(row, buried)
        self._read(film, token)
        erasure = self._read(film, self.keep(film, token))  # another process may have been first
        with self.archive.database.writing() as connection:
            if ErasureRows(connection).finish(film, erasure.erased_at):
                destroyed = {"parts": row.held.parts, "bytes": row.held.bytes, "manifest": row.held.manifest_sha256}
                append(connection, self.archive.timestamp(), "service", "erased", f"film:{film}", **destroyed)
        _log.info("film %s is erased (%s)", film, row.reason)

    def keep(self, film: str, token: str) -> str:
        """Make a certificate durable in the journal, then in the store; return the one that came first."""
        if self.journal.put(journal_object(film), token.encode("ascii")) is Put.DIFFERS:
            token = self.certificate(film) or token
        if self.archive.store.put(erasure_object(film), token.encode("ascii")) is Put.DIFFERS:
            self.archive.store.replace(erasure_object(film), token.encode("ascii"))
        return token

    def certificate(self, film: str) -> str | None:
        """Return the certificate (JWS) of a film that is gone. Raises `StoreFailed`."""
        held = self.journal.get(journal_object(film)) or self.archive.store.get(erasure_object(film))
        return None if held is None else held.decode("ascii", "replace")

    def go_on(self) -> dict[str, str]:
        """Go on with all that a crash cut short, that a hold kept, or that is to be looked at once more.

        Returns why films could not be erased. One film's trouble does not hold up the others. Raises `StoreFailed`.
        """
        before = timestamp(self.archive.clock() - timedelta(hours=SWEEP_HOURS))
        with self.archive.database.reading() as connection:
            rows = ErasureRows(connection)
            steps: dict[str, Callable[[str], None]] = dict.fromkeys(rows.waiting(), self._begin_waiting)
            steps |= dict.fromkeys(rows.unfinished(), self.finish)
            steps |= dict.fromkeys(rows.unswept(before), self._sweep)
        return attempted(steps)

    def _begin(self, connection: Connection, film: Film) -> bool:
        if is_held(HoldRows(connection).held(), film.film, film.case):
            return False
        erasures, at = ErasureRows(connection), self.archive.timestamp()
        decided = erasures.erasure(film.film)
        assert decided is not None
        erasures.begin(film.film, at, held_of(self.archive.store, connection, film))
        FilmRows(connection).set_state(film.film, tombstone(decided.reason), at)
        return True

    def _begin_waiting(self, film: str) -> None:
        with self.deciding() as connection:
            row = FilmRows(connection).film_to_change(film)
            assert row is not None
            begun = row.state.gone or self._begin(connection, row)
        if begun:
            self.finish(film)

    def _sweep(self, film: str) -> None:
        self.archive.destroy(film)
        with self.archive.database.writing() as connection:
            ErasureRows(connection).sweep(film, self.archive.timestamp())

    def _signed(self, row: ErasureRow, film: Film) -> str:
        now, database = self.archive.clock(), self.archive.database.engine.dialect.name
        places = Places(self.store_kind, database, timestamp(now + timedelta(days=self.backup_days)))
        return sign_erasure(
            certified(row, film, timestamp(now), places, self.receipt_key.public_key()), self.receipt_key
        )

    def _read(self, film: str, token: str) -> Erasure:
        try:
            return read_erasure(token, self.directory.published.directory, film=film)
        except FootageError as reason:
            raise StoreFailed(f"Film {film} is destroyed, but its certificate can't be used. {reason}") from None


def attempted(steps: Mapping[str, Callable[[str], None]]) -> dict[str, str]:
    """Do each film's step; return, by film, why some could not be done."""
    failed = {}
    for film, step in steps.items():
        try:
            step(film)
        except (StoreFull, StoreFailed) as reason:
            _log.error("film %s can't be erased now, and is tried again: %s", film, reason)
            failed[film] = str(reason)
    return failed


def tombstone(reason: Reason) -> FilmState:
    """Return the state of a film that is erased for a reason."""
    return FilmState.TAKEN_BACK if reason is Reason.TAKEN_BACK else FilmState.ERASED


def journal_object(film: str) -> str:
    """Return the name of a film's certificate in the journal."""
    return f"{film}.jws"
