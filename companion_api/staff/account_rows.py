"""Accounts in the database: who works at the agency, in which roles. An account is deactivated, never removed."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Select, String, Table, insert, select, update

from companion_api.database.database import METADATA
from companion_api.staff.person import Role

NAME_LENGTH = 100  # characters

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account", String(36), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("roles", String(128), nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("deactivated_at", String(20)),
)


class Account(NamedTuple):
    """An account's row: a uuid4, a name for people, roles. Times are RFC 3339."""

    account: str
    name: str
    roles: frozenset[Role]
    created_at: str
    deactivated_at: str | None

    @property
    def active(self) -> bool:
        """Whether somebody may sign in with it."""
        return self.deactivated_at is None


_SELECT: Select[Any] = select(*(ACCOUNTS.c[name] for name in Account._fields))


class AccountRows:
    """The rows of accounts, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def account(self, account: str) -> Account | None:
        """Return an account's row."""
        return self._one(_SELECT.where(ACCOUNTS.c.account == account))

    def account_to_change(self, account: str) -> Account | None:
        """Return an account's row, and keep everybody else from changing it until the end."""
        return self._one(_SELECT.where(ACCOUNTS.c.account == account).with_for_update())

    def accounts(self) -> list[Account]:
        """Return all accounts, the oldest first."""
        return self._all(_SELECT.order_by(ACCOUNTS.c.created_at, ACCOUNTS.c.account))

    def add(self, account: str, name: str, roles: Iterable[Role], at: str) -> None:
        """Enter a new account."""
        row = {"account": account, "name": name, "roles": _text(roles), "created_at": at}
        self._connection.execute(insert(ACCOUNTS).values(row))

    def set_roles(self, account: str, roles: Iterable[Role]) -> None:
        """Enter the roles that somebody has from now on."""
        self._connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == account).values(roles=_text(roles)))

    def deactivate(self, account: str, at: str) -> None:
        """Enter that nobody may sign in with an account any more."""
        self._connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == account).values(deactivated_at=at))

    def _one(self, query: Select[Any]) -> Account | None:
        return next(iter(self._all(query)), None)

    def _all(self, query: Select[Any]) -> list[Account]:
        return [Account(row[0], row[1], roles_of(row[2]), *row[3:]) for row in self._connection.execute(query)]


def roles_of(column: str) -> frozenset[Role]:
    """Return the roles that the column `roles` tells of."""
    return frozenset(Role(role) for role in column.split(",") if role)


def _text(roles: Iterable[Role]) -> str:
    return ",".join(sorted(role.value for role in set(roles)))
