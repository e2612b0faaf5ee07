"""Erasures in the database: which films are to be destroyed, why, what was held of them, and how far it is.

An erasure is *decided*; it *begins* with the film's tombstone, at once unless a hold keeps the film; it is *done* when
its certificate is durable; and it is *swept* when somebody has looked once more, later, that nothing came after it.
"""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    select,
    update,
)

from companion_api.database.database import METADATA, insert_new
from companion_api.films import film_rows as film_rows  # its table is referred to
from footage.erasure import Reason

_ERASURES = Table(
    "erasures",
    METADATA,
    Column("film", ForeignKey("films.film"), primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("decided_by", String(96), nullable=False),
    Column("decided_at", String(20), nullable=False),
    Column("begun_at", String(20)),
    Column("film_key", Boolean, nullable=False),
    Column("manifest_sha256", String(64)),
    Column("parts", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("filmed_at", String(20)),
    Column("duration_ms", Integer),
    Column("done_at", String(20)),
    Column("swept_at", String(20)),
)


class Held(NamedTuple):
    """What was held of a film when its erasure began. `filmed_at` and `duration_ms`: by its manifest, if known."""

    film_key: bool = False
    manifest_sha256: str | None = None
    parts: int = 0
    bytes: int = 0
    filmed_at: str | None = None
    duration_ms: int | None = None


class ErasureRow(NamedTuple):
    """An erasure's row."""

    film: str
    reason: Reason
    decided_by: str
    decided_at: str
    begun_at: str | None
    done_at: str | None
    held: Held


class ErasureRows:
    """The rows of erasures, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def erasure(self, film: str) -> ErasureRow | None:
        """Return a film's erasure."""
        row = self._connection.execute(select(_ERASURES).where(_ERASURES.c.film == film)).one_or_none()
        if row is None:
            return None
        held = Held(*(getattr(row, name) for name in Held._fields))
        return ErasureRow(film, Reason(row.reason), row.decided_by, row.decided_at, row.begun_at, row.done_at, held)

    def decide(self, film: str, reason: Reason, decided_by: str, at: str) -> bool:
        """Enter that a film is to be erased, unless that was decided before; return whether it is new."""
        values = {"reason": reason.value, "decided_by": decided_by, "decided_at": at, **Held()._asdict()}
        return insert_new(self._connection, _ERASURES, film=film, **values)

    def begin(self, film: str, at: str, held: Held) -> None:
        """Enter that the film's tombstone stands, and what was held of it."""
        self._set(film, begun_at=at, **held._asdict())

    def finish(self, film: str, at: str) -> bool:
        """Enter when the last of the film was destroyed; return whether that is new."""
        return self._set(film, _ERASURES.c.done_at.is_(None), done_at=at)

    def sweep(self, film: str, at: str) -> None:
        """Enter that nothing came after the erasure."""
        self._set(film, swept_at=at)

    def waiting(self) -> list[str]:
        """Return the films that a hold kept when it was decided to erase them."""
        return self._films(_ERASURES.c.begun_at.is_(None))

    def unfinished(self) -> list[str]:
        """Return the films whose erasure has begun and is not done."""
        return self._films(_ERASURES.c.begun_at.is_not(None), _ERASURES.c.done_at.is_(None))

    def unswept(self, before: str) -> list[str]:
        """Return the films whose erasure was done before a time and is not swept."""
        return self._films(_ERASURES.c.done_at < before, _ERASURES.c.swept_at.is_(None))

    def done(self) -> set[str]:
        """Return the films whose erasure is done."""
        return set(self._films(_ERASURES.c.done_at.is_not(None)))

    def _films(self, *where: ColumnElement[bool]) -> list[str]:
        return list(self._connection.scalars(select(_ERASURES.c.film).where(*where).order_by(_ERASURES.c.film)))

    def _set(self, film: str, *where: ColumnElement[bool], **values: object) -> bool:
        changed = update(_ERASURES).where(_ERASURES.c.film == film, *where).values(values)
        return self._connection.execute(changed).rowcount == 1
