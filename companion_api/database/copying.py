"""Every row of a database into another of the same form, whatever kind either is: SQLite and PostgreSQL back each other
up. Tables whose rows must not come back with a backup say so: `Table(..., info=NOT_IN_BACKUPS)`.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, insert, select, text

from companion_api.database import tables as tables  # so that all are declared
from companion_api.database.database import METADATA, NOT_IN_BACKUPS

_AT_ONCE = 1000


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows, as the transaction `source` sees them, and return how many of each table. Memory: 1000 rows."""
    if target.dialect.name == "sqlite":
        target.execute(text("PRAGMA defer_foreign_keys = ON"))
    copied = {}
    for table in _tables():
        copied[table.name] = 0
        rows = source.execute(select(table).execution_options(yield_per=_AT_ONCE))
        for some in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in some])
            copied[table.name] += len(some)
        _continue_numbers(target, table)
    return copied


def filled_tables(connection: Connection) -> list[str]:
    """Return the names of the tables that have rows."""
    return [table.name for table in METADATA.sorted_tables if connection.execute(select(table).limit(1)).first()]


def _tables() -> Iterator[Table]:
    yield from (table for table in METADATA.sorted_tables if not NOT_IN_BACKUPS.items() <= table.info.items())


def _continue_numbers(target: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after those that were copied; SQLite does by itself."""
    column = table.autoincrement_column
    if column is None or target.dialect.name != "postgresql":
        return
    sequence = target.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
    newest = target.scalar(select(func.max(column)))
    if sequence is not None and newest is not None:
        target.execute(select(func.setval(sequence, newest)))
