"""Taking in `film.key` and parts. Immutable and idempotent: the first bytes stay, the same again change nothing.

Order of writing: the film's row (whose it is), the object, its row. A crash between object and row is mended by the
kit's repeated request.
"""

import logging
from dataclasses import dataclass

from companion_api.films.archive import Archive, owned
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmEvent, FilmState, next_state
from companion_api.kits.upload import Upload
from companion_api.problems import KEY_DIFFERS, PART_DIFFERS, Problem, Refusal
from companion_api.stores.store import Put, film_key_object, part_object

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HaveList:
    """What is held of a film."""

    key_sha256: str | None
    parts: list[HeldPart]
    state: FilmState


@dataclass(frozen=True, slots=True)
class _Key:
    differs: Problem = KEY_DIFFERS

    def object(self, film: str) -> str:
        return film_key_object(film)

    def held(self, rows: FilmRows, film: str) -> str | None:
        row = rows.film(film)
        return row and row.key_sha256

    def enter(self, rows: FilmRows, film: str, sha256: str, _size: int) -> None:
        rows.add_key(film, sha256)


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    differs: Problem = PART_DIFFERS

    def object(self, film: str) -> str:
        return part_object(film, self.number)

    def held(self, rows: FilmRows, film: str) -> str | None:
        row = rows.part(film, self.number)
        return row and row.sha256

    def enter(self, rows: FilmRows, film: str, sha256: str, size: int) -> None:
        rows.add_part(film, HeldPart(self.number, sha256, size))


def take_key(archive: Archive, kit: str, film: str, upload: Upload) -> Put:
    """Store `film.key`: `STORED` or `SAME`. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    return _take(archive, kit, film, _Key(), upload)


def take_part(archive: Archive, kit: str, film: str, number: int, upload: Upload) -> Put:
    """Store a part: `STORED` or `SAME`. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    return _take(archive, kit, film, _Part(number), upload)


def have_list(archive: Archive, kit: str, film: str) -> HaveList:
    """Return what is durable of a film; nothing, if it was never seen. Raises `Refusal`, `StoreFailed`."""
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row = owned(rows.film(film), kit)
        if row is None:
            return HaveList(None, [], FilmState.OPEN)
        return HaveList(row.key_sha256, rows.parts(film), next_state(row.state, FilmEvent.READ))


def _take(archive: Archive, kit: str, film: str, piece: _Key | _Part, upload: Upload) -> Put:
    sha256 = upload.verified_sha256()
    held = _begin(archive, kit, film, piece)
    if held is None:
        outcome = archive.store.put(piece.object(film), upload.body)
    else:
        outcome = Put.SAME if held == sha256 else Put.DIFFERS
    if outcome is Put.DIFFERS:
        _log.warning("kit %s sent other bytes for %s", kit, piece.object(film))
        raise Refusal(piece.differs, "What is held stays. Keep your copy and tell IT.")
    if held is None:
        _enter(archive, film, piece, sha256, len(upload.body))
    return outcome


def _begin(archive: Archive, kit: str, film: str, piece: _Key | _Part) -> str | None:
    """Return the SHA-256 under which the piece is held, if it is; else make sure that it may come."""
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row = owned(rows.film(film), kit)
        held = piece.held(rows, film)
    if row is not None:
        if held is None:
            next_state(row.state, FilmEvent.PART)
        return held
    with archive.database.writing() as connection:
        rows = FilmRows(connection)
        rows.add_film(film, kit, archive.timestamp())
        owned(rows.film(film), kit)  # another kit may have been first
    return None


def _enter(archive: Archive, film: str, piece: _Key | _Part, sha256: str, size: int) -> None:
    with archive.database.writing() as connection:
        rows = FilmRows(connection)
        row = rows.film_to_add_to(film)
        gone = row is None or row.state is FilmState.TAKEN_BACK
        if not gone:
            piece.enter(rows, film, sha256, size)
    if gone:  # taken back while the bytes were on their way: they must not outlive it
        archive.destroy(film)
        next_state(FilmState.TAKEN_BACK, FilmEvent.PART)
