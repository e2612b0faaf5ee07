"""Sessions of people: a random token in a cookie, its SHA-256 in the database, with which nobody can sign in.

A session ends an hour after it was last used and twelve hours after it began (NIST SP 800-63B-4, section 2.2.3, allows
an hour and a day), when it is ended, and when its account is deactivated.
"""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, String, Table, delete, insert, or_, select, update

from companion_api.database.database import METADATA, NOT_IN_BACKUPS
from companion_api.staff.account_rows import ACCOUNTS, roles_of
from companion_api.staff.person import Person
from companion_api.tokens import new_token, token_sha256
from footage.messages import timestamp

IDLE = timedelta(hours=1)
ABSOLUTE = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)  # so that reading does not write each time

_SESSIONS = Table(
    "staff_sessions",
    METADATA,
    Column("session", String(36), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("account", ForeignKey("accounts.account"), nullable=False, index=True),
    Column("created_at", String(20), nullable=False),
    Column("used_at", String(20), nullable=False),
    Column("expires_at", String(20), nullable=False),
    info=NOT_IN_BACKUPS,
)


class StaffSession(NamedTuple):
    """A session's row: a uuid4, whose it is, and when it began, was last used (to the minute) and will end."""

    session: str
    account: str
    created_at: str
    used_at: str
    expires_at: str


class Found(NamedTuple):
    """A session that goes on, and whose it is. `stale`: its use should be noted."""

    session: StaffSession
    person: Person
    stale: bool


class StaffSessions:
    """The sessions, as one transaction sees and changes them at the time `now`."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def begin(self, account: str, instead_of: str = "") -> str:
        """Begin a session and return its token; it replaces the one whose token this is. What is over is forgotten."""
        replaced = _SESSIONS.c.token_sha256 == token_sha256(instead_of)
        self._connection.execute(delete(_SESSIONS).where(or_(replaced, self._is_over)))
        token = new_token()
        row = {
            "session": str(uuid.uuid4()),
            "token_sha256": token_sha256(token),
            "account": account,
            "created_at": timestamp(self._now),
            "used_at": timestamp(self._now),
            "expires_at": timestamp(self._now + ABSOLUTE),
        }
        self._connection.execute(insert(_SESSIONS).values(row))
        return token

    def find(self, token: str) -> Found | None:
        """Return the session with this token, unless it is over or its account is deactivated."""
        query = (
            select(ACCOUNTS.c.name, ACCOUNTS.c.roles, *_COLUMNS)
            .join_from(_SESSIONS, ACCOUNTS)
            .where(_SESSIONS.c.token_sha256 == token_sha256(token), ~self._is_over, ACCOUNTS.c.deactivated_at.is_(None))
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        session = StaffSession(*row[2:])
        return Found(
            session,
            Person(session.account, row[0], roles_of(row[1])),
            session.used_at <= timestamp(self._now - NOTED_EVERY),
        )

    def note_use(self, session: str) -> None:
        """Enter that a session was used now."""
        self._connection.execute(
            update(_SESSIONS).where(_SESSIONS.c.session == session).values(used_at=timestamp(self._now))
        )

    def of(self, account: str) -> list[StaffSession]:
        """Return the sessions of an account that go on, the newest first."""
        query = select(*_COLUMNS).where(_SESSIONS.c.account == account, ~self._is_over)
        rows = self._connection.execute(query.order_by(_SESSIONS.c.created_at.desc(), _SESSIONS.c.session))
        return [StaffSession(*row) for row in rows]

    def end(self, account: str, session: str) -> bool:
        """End one session of an account; return whether there was one."""
        own = (_SESSIONS.c.account == account, _SESSIONS.c.session == session)
        return self._connection.execute(delete(_SESSIONS).where(*own)).rowcount == 1

    def end_all(self, account: str) -> int:
        """End all sessions of an account; return how many there were."""
        return self._connection.execute(delete(_SESSIONS).where(_SESSIONS.c.account == account)).rowcount

    @property
    def _is_over(self) -> ColumnElement[bool]:
        now, idle = timestamp(self._now), timestamp(self._now - IDLE)
        return or_(_SESSIONS.c.expires_at <= now, _SESSIONS.c.used_at <= idle)


_COLUMNS = tuple(_SESSIONS.c[name] for name in StaffSession._fields)
