"""Scrubs in the database: how far each came, and what it found. The faults themselves stand in `films.fault_rows`."""

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Select,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from companion_api.database.database import METADATA
from companion_api.truth.film_check import Counts

_SCRUBS = Table(
    "scrubs",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_at", String(20), nullable=False),
    Column("ended_at", String(20)),
    Column("reached", Text, nullable=False),
    Column("films", BigInteger, nullable=False),
    Column("objects", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)


class ScrubRow(NamedTuple):
    """A scrub of the whole store. It has come to all films up to the id `reached`; `ended_at` is None until its end."""

    number: int
    began_at: str
    ended_at: str | None
    reached: str
    films: int
    objects: int
    bytes: int


class ScrubRows:
    """The rows of scrubs, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self) -> ScrubRow | None:
        """Return the scrub that was begun last."""
        return self._first(select(_SCRUBS))

    def newest_ended(self) -> ScrubRow | None:
        """Return the last scrub that came to its end: of this age is all that is known of the store."""
        return self._first(select(_SCRUBS).where(_SCRUBS.c.ended_at.is_not(None)))

    def begin(self, at: str) -> ScrubRow:
        """Enter a new scrub."""
        newest = self.newest()
        row = ScrubRow(newest.number + 1 if newest else 1, at, None, "", 0, 0, 0)
        self._connection.execute(insert(_SCRUBS).values(row._asdict()))
        return row

    def keep(self, number: int, reached: str, counts: Counts, ended_at: str | None = None) -> None:
        """Enter how far a scrub is."""
        values = {"reached": reached, "films": counts.films, "objects": counts.objects, "bytes": counts.bytes}
        self._connection.execute(
            update(_SCRUBS).where(_SCRUBS.c.number == number).values(values | {"ended_at": ended_at})
        )

    def forget_all(self) -> None:
        """Remove all: in a backup's database, those of the service's own store."""
        self._connection.execute(delete(_SCRUBS))

    def _first(self, wanted: Select[Any]) -> ScrubRow | None:
        row = self._connection.execute(wanted.order_by(_SCRUBS.c.number.desc()).limit(1)).one_or_none()
        return None if row is None else ScrubRow(*row)
