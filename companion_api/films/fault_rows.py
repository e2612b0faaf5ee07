"""The faults that stand: found by a scrub or while kits send, and not mended yet."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from companion_api.database.database import METADATA, insert_new
from companion_api.films.faults import Fault, FaultKind

_FAULTS = Table(
    "faults",
    METADATA,
    Column("object", Text, primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("film", Text, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("found_at", String(20), nullable=False),
    Column("seen_at", String(20), nullable=False),
)


class StandingFault(NamedTuple):
    """A fault that stands, and when (RFC 3339) it was first found."""

    fault: Fault
    found_at: str


class FaultRows:
    """The faults that stand, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self, film: str | None = None) -> Iterator[StandingFault]:
        """Yield what stands, of one film or of all, in the order of the objects."""
        wanted = select(_FAULTS).order_by(_FAULTS.c.film, _FAULTS.c.object, _FAULTS.c.kind)
        if film is not None:
            wanted = wanted.where(_FAULTS.c.film == film)
        for row in self._connection.execute(wanted.execution_options(yield_per=1000)):
            yield StandingFault(Fault(FaultKind(row.kind), row.film, row.object, row.detail), row.found_at)

    def films(self) -> list[str]:
        """Return the films of which faults stand."""
        query = select(_FAULTS.c.film).where(_FAULTS.c.film != "").distinct().order_by(_FAULTS.c.film)
        return list(self._connection.scalars(query))

    def counted(self) -> dict[FaultKind, int]:
        """Return how many faults of each kind stand."""
        query = select(_FAULTS.c.kind, func.count()).group_by(_FAULTS.c.kind)
        return {FaultKind(kind): count for kind, count in self._connection.execute(query)}

    def add(self, fault: Fault, at: str) -> bool:
        """Let one more fault stand; return False if one of this kind stands for its object already."""
        return insert_new(self._connection, _FAULTS, **fault._asdict(), found_at=at, seen_at=at)

    def replace(self, film: str, faults: Collection[Fault], at: str) -> list[Fault]:
        """Let exactly `faults` stand for a film, and return those that are new."""
        known = {(each.fault.object, each.fault.kind) for each in self.standing(film)}
        found = {(fault.object, fault.kind): fault for fault in faults}
        for key in known - found.keys():
            self._connection.execute(delete(_FAULTS).where(_is(*key)))
        for key in known & found.keys():
            self._connection.execute(update(_FAULTS).where(_is(*key)).values(seen_at=at, detail=found[key].detail))
        new = [fault for key, fault in found.items() if key not in known]
        if new:
            self._connection.execute(
                insert(_FAULTS), [fault._asdict() | {"found_at": at, "seen_at": at} for fault in new]
            )
        return new

    def forget(self, object_name: str) -> None:
        """Remove the faults of an object that was mended."""
        self._connection.execute(delete(_FAULTS).where(_FAULTS.c.object == object_name))

    def forget_all(self) -> None:
        """Remove all: in a backup's database, those of the service's own store."""
        self._connection.execute(delete(_FAULTS))

    def forget_unseen_since(self, at: str) -> None:
        """Remove what was last seen before a time: a whole scrub since then did not find it any more."""
        self._connection.execute(delete(_FAULTS).where(_FAULTS.c.seen_at < at))


def _is(object_name: str, kind: FaultKind) -> ColumnElement[bool]:
    return and_(_FAULTS.c.object == object_name, _FAULTS.c.kind == kind)
