"""Taking in `film.key` and parts. Immutable and idempotent: the first bytes stay, the same again change nothing.

Order of writing: the film's row (whose it is), the object, its row. A crash between object and row is mended by the
kit's repeated request. Other bytes for what is held are refused, and reported before the answer.

A part of a film that was open a moment ago is taken to be new, without asking; if it is not, it is asked after all.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from companion_api.database.database import Database
from companion_api.films.archive import Archive, owned
from companion_api.films.damage import is_listed, note_sent_again
from companion_api.films.film_rows import Film, FilmRows, HeldPart, film_and_part
from companion_api.films.film_states import FilmEvent, FilmState, next_state
from companion_api.films.refused_bytes import report_refused
from companion_api.kits.upload import Upload
from companion_api.problems import KEY_DIFFERS, PART_DIFFERS, Problem, Refusal
from companion_api.stores.store import Put, film_key_object, part_object


@dataclass(frozen=True, slots=True)
class _Key:
    film: str
    differs: Problem = KEY_DIFFERS

    @property
    def object(self) -> str:
        return film_key_object(self.film)

    def found(self, database: Database) -> tuple[Film | None, str | None]:
        with database.reading() as connection:
            row = FilmRows(connection).film(self.film)
        return row, row and row.key_sha256

    def enter(self, rows: FilmRows, upload: Upload) -> bool:
        return rows.add_key(self.film, upload.sha256)


@dataclass(frozen=True, slots=True)
class _Part:
    film: str
    number: int
    differs: Problem = PART_DIFFERS

    @property
    def object(self) -> str:
        return part_object(self.film, self.number)

    def found(self, database: Database) -> tuple[Film | None, str | None]:
        return film_and_part(database, self.film, self.number)

    def enter(self, rows: FilmRows, upload: Upload) -> bool:
        return rows.add_part(self.film, self.row(upload))

    def row(self, upload: Upload) -> HeldPart:
        return HeldPart(self.number, upload.sha256, len(upload.body))


def take_key(archive: Archive, kit: str, film: str, upload: Upload) -> Put:
    """Store `film.key`: `STORED` or `SAME`. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    return _take(archive, kit, _Key(film), upload)


def take_part(archive: Archive, kit: str, film: str, number: int, upload: Upload) -> Put:
    """Store a part: `STORED` or `SAME`. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    part = _Part(film, number)
    stored = archive.open_films.has(film, kit) and archive.store.put(part.object, upload.body) is Put.STORED
    if stored and _entered_as_new(archive, part, upload):
        return Put.STORED
    try:
        outcome = _take(archive, kit, part, upload)
    except Refusal:
        if stored:
            archive.store.delete([part.object])  # no row tells of it, and none will
        raise
    return Put.STORED if stored else outcome


def is_wanted(archive: Archive, kit: str, film: str, number: int, sha256: str) -> bool:
    """Return whether a part with this SHA-256 may come, and is not held yet. Raises `Refusal`, `StoreFailed`."""
    part = _Part(film, number)
    held, _ = _begin(archive, kit, part, sha256)
    if held not in (None, sha256):
        raise _differs(archive, kit, part, sha256)
    return held is None


def destroy_if_gone(archive: Archive, film: str) -> None:
    """Remove what was just stored of a film, if it was erased meanwhile. Raises `Refusal` then, and `StoreFailed`."""
    with archive.database.reading() as connection:
        row = FilmRows(connection).film(film)
    assert row is not None  # somebody began it, and rows stay
    if row.state.gone:
        archive.destroy(film)
        next_state(row.state, FilmEvent.PART)


def _entered_as_new(archive: Archive, part: _Part, upload: Upload) -> bool:
    row = part.row(upload)
    entered = archive.database.change(lambda connection: FilmRows(connection).add_new_part(part.film, row))
    if not entered:
        archive.open_films.forget(part.film)
    return entered


def _take(archive: Archive, kit: str, piece: _Key | _Part, upload: Upload) -> Put:
    held, state = _begin(archive, kit, piece, upload.sha256)
    if held == upload.sha256:
        return Put.SAME
    outcome = archive.store.put(piece.object, upload.body) if held is None else Put.DIFFERS
    if outcome is Put.DIFFERS:
        raise _differs(archive, kit, piece, upload.sha256)
    _enter(archive, kit, piece, upload, mends=state is not FilmState.OPEN)
    if state is FilmState.OPEN:
        archive.open_films.note(piece.film, kit)
    return outcome


def _begin(archive: Archive, kit: str, piece: _Key | _Part, sha256: str) -> tuple[str | None, FilmState]:
    """Return the SHA-256 under which the piece is held, if it is; else make sure that it may come. And the state."""
    row, held = piece.found(archive.database)
    row = owned(row, kit)
    if row is None:
        with archive.database.writing() as connection:
            rows = FilmRows(connection)
            rows.add_film(piece.film, kit, archive.timestamp())
            owned(rows.film(piece.film), kit)  # another kit may have been first
        return None, FilmState.OPEN
    if held is None:
        listed = is_listed(archive, row, piece.object, sha256)
        next_state(row.state, FilmEvent.LISTED_PART if listed else FilmEvent.PART)
    return held, row.state


def _enter(archive: Archive, kit: str, piece: _Key | _Part, upload: Upload, *, mends: bool) -> None:
    """Commit that the piece is held."""

    def enter(connection: Connection) -> bool:
        entered = piece.enter(FilmRows(connection), upload)
        if entered and mends:
            note_sent_again(connection, archive.timestamp(), kit, piece.film, piece.object)
        return entered

    if not archive.database.change(enter):
        destroy_if_gone(archive, piece.film)  # erased while the bytes were on their way: they must not outlive it


def _differs(archive: Archive, kit: str, piece: _Key | _Part, sha256: str) -> Refusal:
    report_refused(archive, kit, piece.film, piece.object, sha256)
    return Refusal(piece.differs, "What is held stays. Keep your copy and tell IT.")
