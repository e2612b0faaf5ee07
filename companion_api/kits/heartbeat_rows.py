"""Heartbeats in the database: the newest of each kit, as it was sent, and when it came."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, select, tuple_

from companion_api.database.database import METADATA, insert_or_update

_HEARTBEATS = Table(
    "heartbeats",
    METADATA,
    Column("kit", String(63), primary_key=True),
    Column("last_seen", String(20), nullable=False),
    Column("session", BigInteger, nullable=False),  # when it was begun, seconds since 1970
    Column("number", BigInteger, nullable=False),
    Column("heartbeat", Text, nullable=False),  # JSON
)


class LastHeartbeat(NamedTuple):
    """A kit's newest heartbeat (JSON), and when it came (`Timestamp`, by the service's clock)."""

    kit: str
    last_seen: str
    heartbeat: str


class HeartbeatRows:
    """The rows of heartbeats, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, kit: str, at: str, session: int, number: int, heartbeat: str) -> bool:
        """Keep a heartbeat unless a newer one is there; return whether it is kept. One statement."""
        values = {"last_seen": at, "session": session, "number": number, "heartbeat": heartbeat}
        held, new = tuple_(_HEARTBEATS.c.session, _HEARTBEATS.c.number), tuple_(session, number)
        return insert_or_update(self._connection, _HEARTBEATS, {"kit": kit}, values, only_if=held < new)

    def all(self) -> Iterator[LastHeartbeat]:
        """Yield all rows, by kit."""
        columns = (_HEARTBEATS.c[name] for name in LastHeartbeat._fields)
        for row in self._connection.execute(select(*columns).order_by(_HEARTBEATS.c.kit)):
            yield LastHeartbeat(*row)
