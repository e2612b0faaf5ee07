"""The database: SQLite for one machine, PostgreSQL for many workers. Every commit is durable before it returns.

Measured: WAL with synchronous=NORMAL lost 50 of 50 committed rows in a power cut, FULL none. On SQLite a writing
transaction is alone; on PostgreSQL it is not, so whoever decides by a row locks it first (`FilmRows.film_to_change`).
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import URL, ColumnElement, Connection, Engine, Insert, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from companion_api.database.prepared import Prepared, Values
from companion_api.database.together import Together
from companion_api.stores.store import StoreFailed, StoreFull

T = TypeVar("T")
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
NOT_IN_BACKUPS = {"not in backups": True}  # `Table(..., info=…)`: what must not come back, as who is signed in
_CONNECTIONS = 16  # kept open: twice as many as storage threads
_SQLITE_PRAGMAS = (
    "busy_timeout=10000",  # ms
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-256",  # KiB a connection; the pages are in the system's memory anyway
)


class DatabaseUnsafe(StoreFailed):
    """The database would forget what it has acknowledged."""


class Database:
    """One database, safe for many threads. Raises `StoreFull` and `StoreFailed`."""

    def __init__(self, url: URL) -> None:
        """Connect. Raises `DatabaseUnsafe` for a PostgreSQL that does not wait for its disk."""
        self._engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
        self._together = Together()
        self._kept: Connection | None = None  # what shared transactions are made on, one after the other
        with named_errors():
            self._engine.connect().close()

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine."""
        return self._engine

    def close(self) -> None:
        """Close all connections."""
        self._give_back()
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that sees one moment and changes nothing."""
        with named_errors(), self._engine.connect().execution_options(**_READING[self._backend]) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin a transaction. It is durable when it was left without an exception, and undone otherwise."""
        with named_errors(), self._engine.begin() as connection:
            yield connection

    def ask(self, question: Prepared, values: Values) -> tuple[Any, ...] | None:
        """Return the one row that answers a question, or None. It sees one moment, like any single statement."""
        with named_errors(), closing(self._engine.raw_connection()) as connection:
            try:
                asked = question.run_by(connection.driver_connection, self._engine.dialect, values)
            except psycopg.OperationalError:
                connection.invalidate()  # its server may be gone; the next question gets another one
                raise
            row: tuple[Any, ...] | None = asked.fetchone()
            return row

    def change(self, change: Callable[[Connection], T]) -> T:
        """Make a small change in a transaction shared with others that come at the same time (`Together.change`)."""
        return self._together.change(self._writing_on_kept, change)

    @contextmanager
    def _writing_on_kept(self) -> Iterator[Connection]:
        """Begin a transaction as `writing` does. Taking a connection each time would cost more than the statements."""
        with named_errors():
            try:
                self._kept = self._kept or self._engine.connect()
                with self._kept.begin():
                    yield self._kept
            except Exception:
                self._give_back()  # it may be broken, which the pool finds out
                raise

    def _give_back(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    @property
    def _backend(self) -> str:
        return self._engine.dialect.name


_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def insert_new(connection: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless one with its key is there; return whether it was inserted."""
    return _inserted(connection, _insert(connection, table).values(**values).on_conflict_do_nothing())


def insert_or_update(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any], *, only_if: ColumnElement[bool]
) -> bool:
    """Insert a row, or change the one with its key if `only_if` holds of that; return whether it is there now."""
    insertion = _insert(connection, table).values(**key, **values)
    changing = insertion.on_conflict_do_update(index_elements=list(key), set_=values, where=only_if)
    return _inserted(connection, changing)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _inserted(connection: Connection, insertion: Insert) -> bool:
    # without the option SQLAlchemy does not know the count on PostgreSQL, and says -1
    return connection.execute(insertion, execution_options={"preserve_rowcount": True}).rowcount == 1


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn what a database raises into `StoreFull` and `StoreFailed`. Messages hold no values and no address."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error) as reason:
        cause = reason.orig if isinstance(reason, DBAPIError) else reason
        full = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if full or isinstance(cause, psycopg.errors.DiskFull):
            raise StoreFull("The database's disk is full. Make room or give it a larger disk.") from reason
        what = type(cause).__name__ if isinstance(cause, psycopg.Error) else cause
        raise StoreFailed(f"The database failed ({what}). Check its disk, its server and its rights.") from reason


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=_CONNECTIONS)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        try:
            for pragma in _SQLITE_PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()  # the pool does not know of it yet
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)  # as SQLAlchemy takes 40 us more
        driver.execute("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    name = f"companion-api {version('attune-kit')}"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=_CONNECTIONS,
        connect_args={"options": "-c synchronous_commit=on", "application_name": name, "connect_timeout": 10},
    )

    @event.listens_for(engine, "first_connect")
    def refuse_forgetful(connection: psycopg.Connection[Any], _record: object) -> None:
        row = connection.execute("SHOW fsync").fetchone()
        connection.rollback()
        if row is None or row[0] != "on":
            raise DatabaseUnsafe("This PostgreSQL runs with fsync=off and would forget films. Set fsync=on.")

    return engine
