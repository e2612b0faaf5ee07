"""How long a film may stay. Pure: facts in, a day and a reason out; nothing is erased here.

A film goes so many days after the end of the work was recorded, and in any case so many days after it was closed, or
received if it never was; whichever is first. Of all policies that were in force since the film came, the shortest
holds: an agency may shorten the time that a family was told, and never lengthen it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from companion_api.films.film_rows import KeptFilm
from companion_api.films.film_states import FilmState
from footage.erasure import Reason
from footage.messages import timestamp

INCOMPLETE_DAYS = 2  # an open film of this age is shown: its kit may be lost, or full of trouble


class Term(NamedTuple):
    """A policy, and since when (RFC 3339) it is in force."""

    since: str
    erase_after_days: int
    max_age_days: int


class Due(NamedTuple):
    """When (RFC 3339) a film is to be erased, and why."""

    at: str
    reason: Reason


def due(film: KeptFilm, terms: Sequence[Term]) -> Due:
    """Return when and why a film goes. `terms`: all that ever were in force, at least one, in their order."""
    arrived = film.closed_at or film.received_at
    ends = []
    for term in in_force_since(film.received_at, terms):
        ends.append(Due(_later(arrived, term.max_age_days), Reason.TOO_OLD))
        if film.ended_at is not None:
            ends.append(Due(_later(film.ended_at, term.erase_after_days), Reason.WORK_ENDED))
    return min(ends)


def in_force_since(moment: str, terms: Sequence[Term]) -> Sequence[Term]:
    """Return the terms that were in force at a moment or later; the first ones count as always in force before."""
    before = sum(term.since < moment for term in terms)  # what came into force in that very second counts as later
    return terms[max(before - 1, 0) :]


def is_incomplete(film: KeptFilm, now: datetime) -> bool:
    """Return whether a film was begun days ago and is not whole yet."""
    waited = now - datetime.fromisoformat(film.received_at)
    return film.state is FilmState.OPEN and waited >= timedelta(days=INCOMPLETE_DAYS)


def _later(moment: str, days: int) -> str:
    return timestamp(datetime.fromisoformat(moment) + timedelta(days=days))
