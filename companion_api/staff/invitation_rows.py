"""Invitations in the database: an account's one-time link to register a passkey with, or to link the provider."""

from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, String, Table, delete, insert, select

from companion_api.database.database import METADATA, NOT_IN_BACKUPS
from companion_api.problems import INVITATION_OVER, Refusal
from companion_api.tokens import new_token, token_sha256
from footage.messages import timestamp

GOOD_FOR = timedelta(days=7)

_INVITATIONS = Table(
    "invitations",
    METADATA,
    Column("account", ForeignKey("accounts.account"), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("expires_at", String(20), nullable=False),
    info=NOT_IN_BACKUPS,
)


class Invitations:
    """The invitations, as one transaction sees and changes them at the time `now`. An account has one at most."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def issue(self, account: str) -> str:
        """Invite, instead of an earlier invitation, and return the token."""
        self.withdraw(account)
        token = new_token()
        row = {"account": account, "token_sha256": token_sha256(token), "expires_at": timestamp(self._now + GOOD_FOR)}
        self._connection.execute(insert(_INVITATIONS).values(row))
        return token

    def withdraw(self, account: str) -> None:
        """Make an account's invitation worthless."""
        self._connection.execute(delete(_INVITATIONS).where(_INVITATIONS.c.account == account))

    def invited(self, sha256: str) -> str:
        """Return which account is invited by a token. Raises `Refusal` if there is no such invitation any more."""
        return self._account(self._connection.scalar(select(_INVITATIONS.c.account).where(*self._good(sha256))))

    def use(self, sha256: str) -> str:
        """Return which account is invited by a token, and make it worthless. Raises `Refusal`."""
        return self._account(
            self._connection.scalar(delete(_INVITATIONS).where(*self._good(sha256)).returning(_INVITATIONS.c.account))
        )

    def pending(self) -> dict[str, str]:
        """Return until when which accounts are invited."""
        query = select(_INVITATIONS.c.account, _INVITATIONS.c.expires_at)
        rows = self._connection.execute(query.where(_INVITATIONS.c.expires_at > timestamp(self._now)))
        return {row.account: row.expires_at for row in rows}

    def _good(self, sha256: str) -> tuple[ColumnElement[bool], ...]:
        return _INVITATIONS.c.token_sha256 == sha256, _INVITATIONS.c.expires_at > timestamp(self._now)

    def _account(self, found: str | None) -> str:
        if found is None:
            raise Refusal(INVITATION_OVER, "Ask IT to invite you again.")
        return found
