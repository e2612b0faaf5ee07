"""Requests for admission in the database. That one was granted stands in the directory alone."""

from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Select, String, Table, Text, select, update

from companion_api.database.database import METADATA, insert_new
from companion_api.staff import account_rows as account_rows  # its table is referred to

_ADMISSIONS = Table(
    "admissions",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("account", ForeignKey("accounts.account"), nullable=False, index=True),
    Column("requested_at", String(20), nullable=False),
    Column("withdrawn_at", String(20)),
    Column("refused_at", String(20)),
)


class Admission(NamedTuple):
    """A request's row. `fingerprint`: SHA-256 of the recipient string, in hex. Times are RFC 3339."""

    fingerprint: str
    recipient: str
    account: str
    requested_at: str
    withdrawn_at: str | None
    refused_at: str | None


_SELECT: Select[Any] = select(*(_ADMISSIONS.c[name] for name in Admission._fields))


class AdmissionRows:
    """The requests, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def admission(self, fingerprint: str) -> Admission | None:
        """Return a request, and keep everybody else from changing it until the end."""
        query = _SELECT.where(_ADMISSIONS.c.fingerprint == fingerprint).with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Admission(*row)

    def admissions(self) -> list[Admission]:
        """Return all requests, the newest first."""
        order = (_ADMISSIONS.c.requested_at.desc(), _ADMISSIONS.c.fingerprint)
        return [Admission(*row) for row in self._connection.execute(_SELECT.order_by(*order))]

    def ask(self, fingerprint: str, recipient: str, account: str, at: str) -> bool:
        """Enter a request unless there is one with this recipient; return whether it was new."""
        new = {"fingerprint": fingerprint, "recipient": recipient, "account": account, "requested_at": at}
        return insert_new(self._connection, _ADMISSIONS, **new)

    def ask_again(self, fingerprint: str, at: str) -> None:
        """Enter that a request waits anew."""
        self._set(fingerprint, requested_at=at, withdrawn_at=None, refused_at=None)

    def withdraw(self, fingerprint: str, at: str) -> None:
        """Enter that whoever asked does so no longer."""
        self._set(fingerprint, withdrawn_at=at)

    def refuse(self, fingerprint: str, at: str) -> None:
        """Enter that IT has refused."""
        self._set(fingerprint, refused_at=at)

    def _set(self, fingerprint: str, **values: str | None) -> None:
        changed = update(_ADMISSIONS).where(_ADMISSIONS.c.fingerprint == fingerprint).values(**values)
        self._connection.execute(changed)
