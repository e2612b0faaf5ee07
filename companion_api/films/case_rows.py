"""Cases in the database: the work with one family under the agency's code, and when it ended. No names, no words."""

from typing import NamedTuple

from sqlalchemy import Column, Connection, String, Table, select, update

from companion_api.database.database import METADATA, insert_new

CASE_PATTERN = r"^[A-Z0-9][A-Z0-9-]{0,31}$"

_CASES = Table(
    "cases",
    METADATA,
    Column("case", String(32), primary_key=True),
    Column("opened_at", String(20), nullable=False),
    Column("ended_at", String(20)),
)
ENDED_AT = _CASES.c.ended_at  # for who joins films with when their work ended


class Case(NamedTuple):
    """A case's row. Times are RFC 3339."""

    case: str
    opened_at: str
    ended_at: str | None


class CaseRows:
    """The rows of cases, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def case(self, case: str) -> Case | None:
        """Return a case's row."""
        row = self._connection.execute(_SELECT.where(_CASES.c.case == case)).one_or_none()
        return None if row is None else Case(*row)

    def case_to_rely_on(self, case: str) -> Case | None:
        """Return a case's row, and keep everybody else from changing it until the end."""
        row = self._connection.execute(_SELECT.where(_CASES.c.case == case).with_for_update(read=True)).one_or_none()
        return None if row is None else Case(*row)

    def cases(self) -> list[Case]:
        """Return all cases, in the order of their codes."""
        return [Case(*row) for row in self._connection.execute(_SELECT.order_by(_CASES.c.case))]

    def open(self, case: str, at: str) -> bool:
        """Enter a new case; return whether it was new."""
        return insert_new(self._connection, _CASES, case=case, opened_at=at)

    def set_end(self, case: str, at: str | None) -> None:
        """Enter when the work ended; None if it goes on after all."""
        self._connection.execute(update(_CASES).where(_CASES.c.case == case).values(ended_at=at))


_SELECT = select(*(_CASES.c[name] for name in Case._fields))
