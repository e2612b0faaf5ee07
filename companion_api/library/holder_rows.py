"""Who holds which kit, in the database: a row each time a kit changes hands, kept for good.

The holder at a time is told by the newest row that is not later.
"""

from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, delete, insert, select

from companion_api.database.database import METADATA
from companion_api.staff import account_rows as account_rows  # its table is referred to

HOLDERS = Table(
    "kit_holders",
    METADATA,
    Column("kit", String(63), primary_key=True),
    Column("held_from", String(20), primary_key=True),
    Column("account", ForeignKey("accounts.account"), index=True),
)


class Holder(NamedTuple):
    """From when on (RFC 3339) a kit is with somebody; None: with nobody."""

    held_from: str
    account: str | None


class HolderRows:
    """The holders of kits, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def holders(self, kit: str) -> list[Holder]:
        """Return who has held a kit, the newest first."""
        query = select(HOLDERS.c.held_from, HOLDERS.c.account).where(HOLDERS.c.kit == kit)
        return [Holder(*row) for row in self._connection.execute(query.order_by(HOLDERS.c.held_from.desc()))]

    def hand(self, kit: str, account: str | None, at: str) -> None:
        """Enter that a kit is with somebody from a time on, or with nobody."""
        self._connection.execute(delete(HOLDERS).where(HOLDERS.c.kit == kit, HOLDERS.c.held_from == at))
        self._connection.execute(insert(HOLDERS).values(kit=kit, held_from=at, account=account))
