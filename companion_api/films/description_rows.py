"""What the manifest of a closed film tells, in the database, so that a list of films opens no manifest."""

from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, String, Table, delete

from companion_api.database.database import METADATA, insert_new
from companion_api.films import film_rows as film_rows  # its table is referred to
from footage.manifest import ClockStatus, Manifest

DESCRIPTIONS = Table(
    "film_descriptions",
    METADATA,
    Column("film", ForeignKey("films.film"), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("filmed_at", String(20)),
    Column("duration_ms", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
)


class Description(NamedTuple):
    """A film in numbers: its kind, when it began (RFC 3339; None: the kit did not know), its length, its bytes."""

    kind: str
    filmed_at: str | None
    duration_ms: int
    size: int


def described(manifest: Manifest, received_at: str) -> Description:
    """Return what a manifest tells. A kit's clock is believed if it was set, and not ahead of ours."""
    opening = manifest.opening
    known = opening.clock is ClockStatus.SYNCHRONISED and opening.started_at <= received_at
    return Description(opening.kind, opening.started_at if known else None, manifest.duration_ms, manifest.size)


class DescriptionRows:
    """The descriptions of films, as one transaction changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, film: str, description: Description) -> None:
        """Enter what a film's manifest tells, unless it is there."""
        insert_new(self._connection, DESCRIPTIONS, film=film, **description._asdict())

    def remove(self, film: str) -> None:
        """Forget it."""
        self._connection.execute(delete(DESCRIPTIONS).where(DESCRIPTIONS.c.film == film))
