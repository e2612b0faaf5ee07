"""Enrolments in the database: one a kit, from the making of its token on. Of the token there is only the SHA-256."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select, update

from companion_api.database.database import METADATA
from footage.keys import PublicJwk

_ENROLMENTS = Table(
    "enrolments",
    METADATA,
    Column("kit", String(63), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("made_at", String(20), nullable=False),
    Column("made_by", String(96), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("used_at", String(20)),
    Column("key", Text),  # the kit's public JWK
)


class Enrolment(NamedTuple):
    """An enrolment's row; times are `Timestamp`s."""

    kit: str
    made_at: str
    made_by: str
    expires_at: str
    used_at: str | None
    key: PublicJwk | None


class EnrolmentRows:
    """The rows of enrolments, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_token(self, token_sha256: str, *, to_change: bool = False) -> Enrolment | None:
        """Return the row of a token; `to_change` keeps everybody else from changing it until the end."""
        query = select(*_COLUMNS).where(_ENROLMENTS.c.token_sha256 == token_sha256)
        row = self._connection.execute(query.with_for_update() if to_change else query).one_or_none()
        return None if row is None else _enrolment(row)

    def of_kit(self, kit: str) -> Enrolment | None:
        """Return a kit's row, and keep everybody else from changing it until the end."""
        row = self._connection.execute(select(*_COLUMNS).where(_ENROLMENTS.c.kit == kit).with_for_update())
        found = row.one_or_none()
        return None if found is None else _enrolment(found)

    def all(self) -> list[Enrolment]:
        """Return all rows, by kit."""
        return [_enrolment(row) for row in self._connection.execute(select(*_COLUMNS).order_by(_ENROLMENTS.c.kit))]

    def add(self, kit: str, token_sha256: str, made_at: str, made_by: str, expires_at: str) -> None:
        """Enter a new token."""
        values = {"kit": kit, "token_sha256": token_sha256, "made_at": made_at, "made_by": made_by}
        self._connection.execute(insert(_ENROLMENTS).values(values | {"expires_at": expires_at}))

    def use(self, kit: str, key: PublicJwk, at: str) -> None:
        """Enter by which key the kit's token was used."""
        values = {"key": msgspec.json.encode(key).decode(), "used_at": at}
        self._connection.execute(update(_ENROLMENTS).where(_ENROLMENTS.c.kit == kit).values(values))

    def remove(self, kit: str) -> None:
        """Remove a kit's row; the audit trail tells of it for ever."""
        self._connection.execute(delete(_ENROLMENTS).where(_ENROLMENTS.c.kit == kit))


_COLUMNS = tuple(_ENROLMENTS.c[name] for name in Enrolment._fields)


def _enrolment(row: tuple[str, str, str, str, str | None, str | None]) -> Enrolment:
    key = None if row[5] is None else msgspec.json.decode(row[5], type=PublicJwk)
    return Enrolment(*row[:5], key)
