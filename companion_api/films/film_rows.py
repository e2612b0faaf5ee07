"""Films and parts in the database: what is held, in which state, and whose it is.

A part's row is written only after its object is durable, so a row is never untrue; an object without its row is found
and entered by the kit's repeated request.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from companion_api.database.database import METADATA, Database, insert_new
from companion_api.database.prepared import Prepared
from companion_api.films import case_rows
from companion_api.films.film_states import FilmState

_FILMS = Table(
    "films",
    METADATA,
    Column("film", String(36), primary_key=True),
    Column("kit", String(63), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("key_sha256", String(64)),
    Column("manifest_sha256", String(64)),
    Column("received_at", String(20), nullable=False),
    Column("closed_at", String(20)),
    Column("erased_at", String(20)),
    Column("taken_back_at", String(20)),
    Column("case", ForeignKey("cases.case"), index=True),
    Index("ix_films_received_at", "received_at", "film"),  # the order of lists
)
_PARTS = Table(
    "parts",
    METADATA,
    Column("film", ForeignKey("films.film"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_MOMENT = {  # that of an erasure stands with it, in `erasure_rows`
    FilmState.CLOSED: _FILMS.c.closed_at,
    FilmState.ERASED_ON_KIT: _FILMS.c.erased_at,
    FilmState.TAKEN_BACK: _FILMS.c.taken_back_at,
}


class Film(NamedTuple):
    """A film's row; hashes are SHA-256 in hex."""

    film: str
    kit: str
    state: FilmState
    key_sha256: str | None
    manifest_sha256: str | None
    closed_at: str | None
    case: str | None
    received_at: str


class KeptFilm(NamedTuple):
    """What a film's time depends on. Times are RFC 3339; `ended_at` is when its case's work ended."""

    film: str
    kit: str
    state: FilmState
    received_at: str
    closed_at: str | None
    case: str | None
    ended_at: str | None


class HeldPart(NamedTuple):
    """A part that is durable: number, SHA-256 in hex, size in bytes."""

    number: int
    sha256: str
    size: int


_BOTH = ("sqlite", "postgresql")
_LIVING = and_(*(_FILMS.c.state != state.value for state in FilmState if state.gone))
_FILM_AND_PART = (
    select(*_FILMS.c[Film._fields], _PARTS.c.sha256)
    .outerjoin_from(_FILMS, _PARTS, (_PARTS.c.film == _FILMS.c.film) & (_PARTS.c.number == bindparam("number")))
    .where(_FILMS.c.film == bindparam("film"))
)
_WITH_PART = Prepared(dict.fromkeys(_BOTH, _FILM_AND_PART))


def _adding_part_if(state: ColumnElement[bool]) -> Prepared:
    """Return what adds a part unless it is there, to a film in such a state, which it keeps until the end."""
    others = (bindparam(column.name, type_=column.type) for column in _PARTS.c if column.name != "film")
    part = select(_FILMS.c.film, *others).where(_FILMS.c.film == bindparam("of_film"), state)
    row = part.with_for_update(read=True)
    return Prepared(
        {
            name: dialect.insert(_PARTS).from_select(_PARTS.c.keys(), row).on_conflict_do_nothing()
            for name, dialect in zip(_BOTH, (sqlite, postgresql), strict=True)
        }
    )


_ADD_PART = _adding_part_if(_LIVING)
_ADD_NEW_PART = _adding_part_if(_FILMS.c.state == FilmState.OPEN.value)


def film_and_part(database: Database, film: str, number: int) -> tuple[Film | None, str | None]:
    """Return a film's row, and the SHA-256 of one of its parts if it is held."""
    row = database.ask(_WITH_PART, {"film": film, "number": number})
    return (None, None) if row is None else (_film(row[:-1]), row[-1])


class FilmRows:
    """The rows of films and parts, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def film(self, film: str) -> Film | None:
        """Return a film's row."""
        return self._film(_select_film(film))

    def film_to_change(self, film: str) -> Film | None:
        """Return a film's row, and keep everybody else from changing it or adding to it until the end."""
        return self._film(_select_film(film).with_for_update())

    def film_to_add_to(self, film: str) -> Film | None:
        """Return a film's row, and keep everybody else from changing it until the end; others may add as well."""
        return self._film(_select_film(film).with_for_update(read=True))

    def parts(self, film: str) -> list[HeldPart]:
        """Return the rows of all parts, in order."""
        query = select(*_PARTS.c[HeldPart._fields]).where(_PARTS.c.film == film).order_by(_PARTS.c.number)
        return [HeldPart(*row) for row in self._connection.execute(query)]

    def part_sha256(self, film: str, number: int) -> str | None:
        """Return the SHA-256 of a part, if it is held."""
        return self._connection.scalar(select(_PARTS.c.sha256).where(_PARTS.c.film == film, _PARTS.c.number == number))

    def held(self, film: str) -> tuple[int, int]:
        """Return how many parts of a film are durable, and their bytes."""
        query = select(func.count(), func.coalesce(func.sum(_PARTS.c.size), 0)).where(_PARTS.c.film == film)
        parts, size = self._connection.execute(query).one()
        return parts, int(size)

    def films_of(self, case: str) -> list[str]:
        """Return the ids of all films of a case, gone ones too."""
        query = select(_FILMS.c.film).where(_FILMS.c.case == case).order_by(_FILMS.c.film)
        return list(self._connection.scalars(query))

    def kept(self) -> Iterator[KeptFilm]:
        """Yield every film that is not gone, in the order of their ids."""
        for row in self._connection.execute(_select_kept().order_by(_FILMS.c.film)).yield_per(1000):
            yield _kept_film(row)

    def kept_film(self, film: str) -> KeptFilm | None:
        """Return a film that is not gone."""
        row = self._connection.execute(_select_kept().where(_FILMS.c.film == film)).one_or_none()
        return None if row is None else _kept_film(row)

    def page(self, after: str, limit: int) -> list[str]:
        """Return the ids of films, in order, that come after one; those that are gone too."""
        query = select(_FILMS.c.film).where(_FILMS.c.film > after).order_by(_FILMS.c.film).limit(limit)
        return list(self._connection.scalars(query))

    def held_after(self, after: str = "") -> tuple[int, int]:
        """Return how many parts are held of all films whose ids come after one, and their bytes."""
        query = select(func.count(), func.coalesce(func.sum(_PARTS.c.size), 0)).where(_PARTS.c.film > after)
        parts, size = self._connection.execute(query).one()
        return parts, int(size)

    def open_since(self, since: str) -> Iterator[tuple[str, str, str, int, bool]]:
        """Yield film, kit, when it began to come, number of parts, and whether the key is held, the oldest first."""
        parts = select(func.count()).where(_PARTS.c.film == _FILMS.c.film).scalar_subquery()
        key = _FILMS.c.key_sha256.is_not(None)
        query = select(_FILMS.c.film, _FILMS.c.kit, _FILMS.c.received_at, parts, key)
        query = (
            query.where(_open_since(since))
            .order_by(_FILMS.c.received_at, _FILMS.c.film)
            .execution_options(yield_per=1000)
        )
        for film, kit, received_at, count, held in self._connection.execute(query):
            yield film, kit, received_at, count, bool(held)

    def count_open_since(self, since: str) -> int:
        """Return how many films `open_since` yields."""
        return self._connection.scalar(select(func.count()).select_from(_FILMS).where(_open_since(since))) or 0

    def counted(self) -> dict[FilmState, int]:
        """Return how many films are in each state."""
        query = select(_FILMS.c.state, func.count()).group_by(_FILMS.c.state)
        return {FilmState(state): count for state, count in self._connection.execute(query)}

    def last_received(self) -> dict[str, str]:
        """Return for each kit when the newest of its films began to come."""
        query = select(_FILMS.c.kit, func.max(_FILMS.c.received_at)).group_by(_FILMS.c.kit)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def add_film(self, film: str, kit: str, at: str) -> None:
        """Enter a film that `kit` has begun to send, unless it is there."""
        insert_new(self._connection, _FILMS, film=film, kit=kit, state=FilmState.OPEN.value, received_at=at)

    def add_key(self, film: str, sha256: str) -> bool:
        """Enter that `film.key` is durable; return False if its film was erased meanwhile."""
        entry = update(_FILMS).where(_FILMS.c.film == film, _LIVING)
        return self._connection.execute(entry.values(key_sha256=sha256)).rowcount == 1

    def add_part(self, film: str, part: HeldPart) -> bool:
        """Enter that a part is durable, unless it is there; return False if its film was erased meanwhile.

        Until the end of the transaction nobody erases the film; others may add to it as well.
        """
        if self._added(_ADD_PART, film, part):
            return True
        row = self.film_to_add_to(film)  # the part is there, or its film is gone
        return row is not None and not row.state.gone

    def add_new_part(self, film: str, part: HeldPart) -> bool:
        """Enter that a part is durable; return False if it is there already, or its film is not open."""
        return self._added(_ADD_NEW_PART, film, part)

    def remove_key(self, film: str) -> None:
        """Enter that `film.key` is not held any more."""
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(key_sha256=None))

    def remove_part(self, film: str, number: int) -> bool:
        """Enter that a part is not held any more; return whether it was."""
        part = delete(_PARTS).where(_PARTS.c.film == film, _PARTS.c.number == number)
        return self._connection.execute(part).rowcount == 1

    def close_film(self, film: str, manifest_sha256: str) -> None:
        """Enter by which manifest a film is closed."""
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(manifest_sha256=manifest_sha256))

    def set_case(self, film: str, case: str) -> None:
        """Enter to which case a film belongs."""
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values({_FILMS.c.case: case}))

    def set_state(self, film: str, state: FilmState, at: str) -> None:
        """Enter a film's new state. A film that is gone keeps no more than its row."""
        values: dict[Column[Any], str | None] = {_FILMS.c.state: state.value}
        if state in _MOMENT:
            values[_MOMENT[state]] = at
        if state.gone:
            values |= {_FILMS.c.key_sha256: None, _FILMS.c.manifest_sha256: None}
            self._connection.execute(delete(_PARTS).where(_PARTS.c.film == film))
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(values))

    def _added(self, adding: Prepared, film: str, part: HeldPart) -> bool:
        return bool(adding.run(self._connection, {"of_film": film, **part._asdict()}).rowcount == 1)

    def _film(self, query: Select[Any]) -> Film | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _film(row)


def _open_since(since: str) -> ColumnElement[bool]:
    return and_(_FILMS.c.state == FilmState.OPEN.value, _FILMS.c.received_at <= since)


def _film(row: Sequence[Any]) -> Film:
    film, kit, state, *rest = row
    return Film(film, kit, FilmState(state), *rest)


def _select_film(film: str) -> Select[Any]:
    return select(*(_FILMS.c[name] for name in Film._fields)).where(_FILMS.c.film == film)


def _select_kept() -> Select[Any]:
    return (
        select(*(_FILMS.c[name] for name in KeptFilm._fields[:-1]), case_rows.ENDED_AT)
        .outerjoin_from(_FILMS, case_rows.ENDED_AT.table)
        .where(_LIVING)
    )


def _kept_film(row: Any) -> KeptFilm:
    return KeptFilm(row.film, row.kit, FilmState(row.state), *row[3:])
