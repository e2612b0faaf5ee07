"""The catalogue: which films and parts are held, in SQLite. All SQL of the service is here.

A row is written only after its object is durable, so a row is never untrue; an object without its row is found and
entered by the kit's repeated request. Every change is one short transaction, durable when it returns: measured, WAL
with synchronous=NORMAL lost 50 of 50 committed rows in a power cut, FULL none.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from companion_api.films.film_states import FilmState
from companion_api.stores.store import StoreFailed, StoreFull

_TABLES = MetaData()
_FILMS = Table(
    "films",
    _TABLES,
    Column("film", String(36), primary_key=True),
    Column("kit", String(63), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("key_sha256", String(64)),
    Column("manifest_sha256", String(64)),
    Column("received_at", String(20), nullable=False),
    Column("closed_at", String(20)),
    Column("erased_at", String(20)),
    Column("taken_back_at", String(20)),
)
_PARTS = Table(
    "parts",
    _TABLES,
    Column("film", ForeignKey("films.film"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_MOMENT = {
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


class HeldPart(NamedTuple):
    """A part that is durable: number, SHA-256 in hex, size in bytes."""

    number: int
    sha256: str
    size: int


class Catalogue:
    """The database, safe for many threads. Raises `StoreFull` and `StoreFailed`."""

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)
        with _named_errors():
            _TABLES.create_all(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator["Transaction"]:
        """Begin a transaction that sees one moment and changes nothing."""
        with _named_errors(), self._engine.connect().execution_options(reading=True) as connection:
            yield Transaction(connection)

    @contextmanager
    def writing(self) -> Iterator["Transaction"]:
        """Begin a transaction that is alone in writing. It is durable when it was left without an exception."""
        with _named_errors(), self._engine.begin() as connection:
            yield Transaction(connection)


class Transaction:
    """What can be asked of the catalogue, and changed in it, at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def film(self, film: str) -> Film | None:
        """Return a film's row."""
        columns = (_FILMS.c[name] for name in Film._fields)
        row = self._connection.execute(select(*columns).where(_FILMS.c.film == film)).one_or_none()
        return None if row is None else Film(row.film, row.kit, FilmState(row.state), *row[3:])

    def part(self, film: str, number: int) -> HeldPart | None:
        """Return a part's row."""
        query = select(*_PARTS.c[HeldPart._fields]).where(_PARTS.c.film == film, _PARTS.c.number == number)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else HeldPart(*row)

    def parts(self, film: str) -> list[HeldPart]:
        """Return the rows of all parts, in order."""
        query = select(*_PARTS.c[HeldPart._fields]).where(_PARTS.c.film == film).order_by(_PARTS.c.number)
        return [HeldPart(*row) for row in self._connection.execute(query)]

    def films_in(self, state: FilmState) -> list[str]:
        """Return the ids of all films in a state."""
        return list(self._connection.scalars(select(_FILMS.c.film).where(_FILMS.c.state == state.value)))

    def add_film(self, film: str, kit: str, at: str) -> None:
        """Enter a film that `kit` has begun to send, unless it is there."""
        row = {"film": film, "kit": kit, "state": FilmState.OPEN.value, "received_at": at}
        self._connection.execute(insert(_FILMS).values(row).on_conflict_do_nothing())

    def add_key(self, film: str, sha256: str) -> None:
        """Enter that `film.key` is durable."""
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(key_sha256=sha256))

    def add_part(self, film: str, part: HeldPart) -> None:
        """Enter that a part is durable, unless it is there."""
        self._connection.execute(insert(_PARTS).values(film=film, **part._asdict()).on_conflict_do_nothing())

    def close_film(self, film: str, manifest_sha256: str) -> None:
        """Enter by which manifest a film is closed."""
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(manifest_sha256=manifest_sha256))

    def set_state(self, film: str, state: FilmState, at: str) -> None:
        """Enter a film's new state. A film that is taken back keeps nothing but its row."""
        values: dict[Column[Any], str | None] = {_FILMS.c.state: state.value, _MOMENT[state]: at}
        if state is FilmState.TAKEN_BACK:
            values |= {_FILMS.c.key_sha256: None, _FILMS.c.manifest_sha256: None}
            self._connection.execute(delete(_PARTS).where(_PARTS.c.film == film))
        self._connection.execute(update(_FILMS).where(_FILMS.c.film == film).values(values))


def _engine(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        try:
            for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()  # the pool does not know of it yet
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as reason:
        cause = reason.orig if isinstance(reason, DBAPIError) else reason
        if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StoreFull("The database's disk is full. Make room or give it a larger disk.") from reason
        raise StoreFailed(f"The database failed ({cause}). Check its disk and its folder.") from reason
