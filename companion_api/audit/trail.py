"""The audit trail: a table to which entries are appended, each holding the hash of the one before.

An entry is written in the transaction of what it tells of, so neither can be without the other. The hash of an entry
is the SHA-256 of its JSON (fields in the order of `Entry`, without `hash`); whoever changes, removes or inserts an
entry breaks the chain from there on. The database refuses UPDATE and DELETE; the daily signature of the chain's head
tells of whoever rewrote it whole. Entries hold codes and ids; no names of families, no secrets.
"""

import hashlib
from collections.abc import Generator
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, func, insert, select

from companion_api.database.database import METADATA
from footage.messages import Count, Message, Sha256, Timestamp, encode

_ENTRIES = Table(
    "audit",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("actor", String(96), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(128), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
_LOCK = 0x41756469  # "Audi": PostgreSQL's advisory lock, so that each entry has one successor
GENESIS = "0" * 64


class Entry(Message, frozen=True):
    """One entry. `actor` is `kit:ID`, `staff:ID`, `operator` (somebody at the server's shell) or `service`."""

    number: Count
    at: Timestamp
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    previous: Sha256
    hash: str = ""

    def computed_hash(self) -> str:
        """Return the hash that belongs to the entry's content."""
        return hashlib.sha256(encode(msgspec.structs.replace(self, hash=""))).hexdigest()


def append(connection: Connection, at: str, actor: str, action: str, subject: str, **detail: object) -> Entry:
    """Append an entry in the transaction of `connection`. `at` is a `Timestamp`; `detail` must be JSON."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = head(connection)
    entry = Entry(
        number=last.number + 1 if last else 0,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        detail=dict(sorted(detail.items())),
        previous=last.hash if last else GENESIS,
    )
    entry = msgspec.structs.replace(entry, hash=entry.computed_hash())
    row = msgspec.structs.asdict(entry) | {"detail": msgspec.json.encode(entry.detail).decode()}
    connection.execute(insert(_ENTRIES).values(row))
    return entry


def head(connection: Connection) -> Entry | None:
    """Return the newest entry."""
    row = connection.execute(select(_ENTRIES).order_by(_ENTRIES.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row._mapping)


def newest(connection: Connection, actor: str, action: str, subject: str) -> Entry | None:
    """Return the newest entry of somebody doing something with a thing."""
    of_subject = select(_ENTRIES).where(_ENTRIES.c.subject == subject)
    query = of_subject.where(_ENTRIES.c.actor == actor, _ENTRIES.c.action == action)
    row = connection.execute(query.order_by(_ENTRIES.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row._mapping)


def entries(
    connection: Connection, *, first: int = 0, subject: str | None = None, since: str = ""
) -> Generator[Entry, None, None]:
    """Yield entries in order, a thousand at a time: from the number `first` and the `Timestamp` `since` on.

    Whoever does not read them to their end closes this, before the connection.
    """
    wanted = select(_ENTRIES).where(_ENTRIES.c.number >= first, _ENTRIES.c.at >= since).order_by(_ENTRIES.c.number)
    if subject is not None:
        wanted = wanted.where(_ENTRIES.c.subject == subject)
    with connection.execute(wanted.execution_options(yield_per=1000)) as found:
        for row in found:
            yield _entry(row._mapping)


def _entry(row: Any) -> Entry:
    return Entry(**{**row, "detail": msgspec.json.decode(row["detail"])})
