"""Films that are incomplete for days: begun to be sent, and not closed. They are shown, never silently dropped."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.films.film_rows import FilmRows
from companion_api.films.retention import INCOMPLETE_DAYS
from footage.messages import timestamp


class IncompleteFilm(NamedTuple):
    """An open film, when (RFC 3339) its first piece came, and what is held: parts, and whether `film.key`."""

    film: str
    kit: str
    received_at: str
    parts: int
    key: bool


def incomplete_films(connection: Connection, now: datetime) -> Iterator[IncompleteFilm]:
    """Yield the films of which `retention.is_incomplete` is true, the oldest first."""
    for row in FilmRows(connection).open_since(_latest(now)):
        yield IncompleteFilm(*row)


def count_incomplete(connection: Connection, now: datetime) -> int:
    """Return how many films `incomplete_films` yields."""
    return FilmRows(connection).count_open_since(_latest(now))


def _latest(now: datetime) -> str:
    return timestamp(now - timedelta(days=INCOMPLETE_DAYS))
