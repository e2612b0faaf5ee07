"""Shares of films in the database: with whom, until when, by whom, why, and the film's key for them, if one was made.

A share is one row for a film and a person; sharing again writes over it, and the audit trail tells of each time.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
    update,
)

from companion_api.database.database import METADATA
from companion_api.films import film_rows as film_rows  # its table is referred to
from companion_api.staff import account_rows as account_rows  # its table is referred to

GRANTS = Table(
    "grants",
    METADATA,
    Column("film", ForeignKey("films.film"), primary_key=True),
    Column("account", ForeignKey("accounts.account"), primary_key=True, index=True),
    Column("granted_by", ForeignKey("accounts.account"), nullable=False),
    Column("granted_at", String(20), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("revoked_at", String(20)),
    Column("wrapped_key", LargeBinary),
)


class Grant(NamedTuple):
    """A share's row without its key. Times are RFC 3339."""

    film: str
    account: str
    granted_by: str
    granted_at: str
    reason: str
    expires_at: str
    revoked_at: str | None


def in_force(now: str) -> ColumnElement[bool]:
    """Return the condition on `GRANTS` that a share holds at a time."""
    return and_(GRANTS.c.revoked_at.is_(None), GRANTS.c.expires_at > now)


class GrantRows:
    """Shares, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def grants(self, film: str) -> list[Grant]:
        """Return with whom a film is shared or was, the newest share first."""
        query = select(*(GRANTS.c[name] for name in Grant._fields)).where(GRANTS.c.film == film)
        rows = self._connection.execute(query.order_by(GRANTS.c.granted_at.desc(), GRANTS.c.account))
        return [Grant(*row) for row in rows]

    def wrapped_key(self, film: str, account: str, now: str) -> bytes | None:
        """Return the film's key for somebody, if their share holds and one was made."""
        query = select(GRANTS.c.wrapped_key).where(_one(film, account), in_force(now))
        return self._connection.scalar(query)

    def put(self, grant: Grant, wrapped_key: bytes | None) -> None:
        """Enter a share, over the one that this person had."""
        self._connection.execute(delete(GRANTS).where(_one(grant.film, grant.account)))
        self._connection.execute(insert(GRANTS).values(**grant._asdict(), wrapped_key=wrapped_key))

    def revoke(self, film: str, account: str, now: str) -> bool:
        """End a share at once and destroy its key; return whether it held until now."""
        gone: dict[str, Any] = {"revoked_at": now, "wrapped_key": None}
        ended = update(GRANTS).where(_one(film, account), in_force(now)).values(gone)
        return self._connection.execute(ended).rowcount == 1

    def remove_all(self, film: str) -> None:
        """Remove all shares of a film, because it is gone."""
        self._connection.execute(delete(GRANTS).where(GRANTS.c.film == film))

    def forget_keys(self, now: str) -> int:
        """Destroy the keys of shares that have expired; return how many there were. For upkeep."""
        over = and_(GRANTS.c.wrapped_key.is_not(None), GRANTS.c.expires_at <= now)
        return self._connection.execute(update(GRANTS).where(over).values(wrapped_key=None)).rowcount


def _one(film: str, account: str) -> ColumnElement[bool]:
    return and_(GRANTS.c.film == film, GRANTS.c.account == account)
