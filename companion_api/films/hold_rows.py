"""Legal holds in the database: what must not be erased, why, and which two people said so."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Select, String, Table, func, insert, select, update

from companion_api.database.database import METADATA

_HOLDS = Table(
    "holds",
    METADATA,
    Column("hold", String(36), primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("reason", String(32), nullable=False),
    Column("reference", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(96), nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("confirmed_by", String(96)),
    Column("confirmed_at", String(20)),
    Column("release_asked_by", String(96)),
    Column("release_asked_at", String(20)),
    Column("released_by", String(96)),
    Column("released_at", String(20)),
)
_LOCK = 0x486F6C64  # "Hold": PostgreSQL's advisory lock, so that holds and erasures begin one after the other


class HoldReason(StrEnum):
    """Why a film or a case is kept against its time and even against a withdrawal."""

    COURT = "court"  # an order, or proceedings that are under way or to be expected
    AUTHORITY = "authority"  # a supervisory or an investigating authority asked for it
    SAFEGUARDING = "safeguarding"  # a duty to protect the child
    COMPLAINT = "complaint"  # about the agency's work, until it is settled
    ACCESS_REQUEST = "access request"  # somebody in the film asked for a copy before it was to be erased


class HoldState(StrEnum):
    """How far a hold is."""

    ASKED = "asked"  # by one person; nothing is held yet
    IN_FORCE = "in force"  # a second person has confirmed it
    RELEASE_ASKED = "release asked"  # by one person; everything is held still
    RELEASED = "released"


class Hold(NamedTuple):
    """A hold's row. `subject` is `film:ID` or `case:CODE`; people are actors of the audit trail."""

    hold: str
    subject: str
    reason: HoldReason
    reference: str
    state: HoldState
    asked_by: str
    asked_at: str
    confirmed_by: str | None = None
    confirmed_at: str | None = None
    release_asked_by: str | None = None
    release_asked_at: str | None = None
    released_by: str | None = None
    released_at: str | None = None


class HoldRows:
    """The rows of holds, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Keep everybody else from changing holds, and from beginning an erasure, until the end of the transaction."""
        if self._connection.dialect.name == "postgresql":  # on SQLite a writing transaction is alone
            self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def hold(self, hold: str) -> Hold | None:
        """Return a hold's row."""
        return next(iter(self._holds(_SELECT.where(_HOLDS.c.hold == hold))), None)

    def holds(self) -> list[Hold]:
        """Return all holds, released ones too, the newest first."""
        return self._holds(_SELECT.order_by(_HOLDS.c.asked_at.desc(), _HOLDS.c.hold))

    def held(self) -> frozenset[str]:
        """Return the subjects of all holds that are in force."""
        states = (HoldState.IN_FORCE.value, HoldState.RELEASE_ASKED.value)
        return frozenset(self._connection.scalars(select(_HOLDS.c.subject).where(_HOLDS.c.state.in_(states))))

    def add(self, hold: Hold) -> None:
        """Enter a hold that somebody asks for."""
        self._connection.execute(insert(_HOLDS).values(hold._asdict()))

    def change(self, hold: Hold) -> None:
        """Enter how far a hold is now."""
        self._connection.execute(update(_HOLDS).where(_HOLDS.c.hold == hold.hold).values(hold._asdict()))

    def _holds(self, query: Select[Any]) -> list[Hold]:
        found = []
        for row in self._connection.execute(query):
            hold = Hold(*row)
            found.append(hold._replace(reason=HoldReason(hold.reason), state=HoldState(hold.state)))
        return found


_SELECT = select(*(_HOLDS.c[name] for name in Hold._fields))


def is_held(held: frozenset[str], film: str, case: str | None) -> bool:
    """Return whether holds on these subjects keep a film of this case."""
    return f"film:{film}" in held or (case is not None and f"case:{case}" in held)
