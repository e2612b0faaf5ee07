"""How long films stay: pure, so every rule is a table or a property."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_api.films.film_rows import KeptFilm
from companion_api.films.film_states import FilmState
from companion_api.films.retention import INCOMPLETE_DAYS, Due, Term, due, in_force_since, is_incomplete
from footage.erasure import Reason
from footage.messages import timestamp

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
USUAL = [Term("2026-01-01T00:00:00Z", 61, 730)]


def at(days: int) -> str:
    return timestamp(NOW + timedelta(days=days))


def kept(received: int = 0, closed: int | None = 0, ended: int | None = None) -> KeptFilm:
    """A film whose times are in days from now."""
    state = FilmState.OPEN if closed is None else FilmState.CLOSED
    closed_at = None if closed is None else at(closed)
    return KeptFilm("f", "kit", state, at(received), closed_at, None, None if ended is None else at(ended))


@pytest.mark.parametrize(
    ("film", "expected"),
    [
        (kept(), Due(at(730), Reason.TOO_OLD)),  # without a case, or while the work goes on
        (kept(ended=100), Due(at(161), Reason.WORK_ENDED)),
        (kept(ended=700), Due(at(730), Reason.TOO_OLD)),  # the work ended late: no film becomes older
        (kept(ended=-100), Due(at(-39), Reason.WORK_ENDED)),  # it came when its time was over
        (kept(received=-9, closed=0), Due(at(730), Reason.TOO_OLD)),  # its age counts from when it was whole
        (kept(received=-9, closed=None), Due(at(721), Reason.TOO_OLD)),  # or from when it began to come
    ],
)
def test_when_and_why_a_film_goes(film: KeptFilm, expected: Due) -> None:
    assert due(film, USUAL) == expected


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ([(-10, 61), (5, 90)], 61),  # longer later: what the family was told holds
        ([(-10, 61), (5, 30)], 30),  # shorter later: holds at once
        ([(-10, 61), (5, 30), (6, 90)], 30),  # once shorter, never longer again
        ([(-10, 30), (-5, 61)], 61),  # what was over when it came does not concern it
        ([(5, 61), (6, 90)], 61),  # it came before anything was noted
    ],
)
def test_the_shortest_time_since_the_film_came_holds(terms: list[tuple[int, int]], days: int) -> None:
    noted = [Term(at(since), erase_after, 3650) for since, erase_after in terms]
    assert due(kept(ended=0), noted) == Due(at(days), Reason.WORK_ENDED)


_DAYS = st.integers(1, 3650)
_TERMS = st.lists(st.tuples(st.integers(-900, 900), _DAYS, _DAYS), min_size=1, max_size=6).map(
    lambda found: [Term(at(since), work, age) for since, work, age in sorted(found)]
)
_FILMS = st.builds(
    kept,
    received=st.integers(-900, 0),
    closed=st.none() | st.integers(0, 60),
    ended=st.none() | st.integers(-900, 900),
)


@given(_FILMS, _TERMS)
def test_every_film_goes_some_day(film: KeptFilm, terms: list[Term]) -> None:
    longest = max(term.max_age_days for term in terms)
    arrived = datetime.fromisoformat(film.closed_at or film.received_at)
    assert due(film, terms).at <= timestamp(arrived + timedelta(days=longest))


@given(_FILMS, _TERMS, st.tuples(st.integers(0, 900), _DAYS, _DAYS))
def test_no_later_policy_lets_a_film_stay_longer(
    film: KeptFilm, terms: list[Term], later: tuple[int, int, int]
) -> None:
    known = [term for term in terms if term.since <= film.received_at] or [Term(at(-900), 61, 730)]
    more = [*known, Term(at(later[0]), *later[1:])]
    assert due(film, more).at <= due(film, known).at


@given(_FILMS, _TERMS)
def test_reopening_a_case_never_makes_a_film_go_earlier(film: KeptFilm, terms: list[Term]) -> None:
    assert due(film, terms).at <= due(film._replace(ended_at=None), terms).at


@given(st.integers(-900, 900), _TERMS)
def test_there_is_always_a_term_in_force(moment: int, terms: list[Term]) -> None:
    found = list(in_force_since(at(moment), terms))
    assert found
    assert found == terms[-len(found) :]
    assert all(term.since >= at(moment) for term in found[1:])


def test_a_film_is_incomplete_when_it_is_open_for_days() -> None:
    assert not is_incomplete(kept(received=-INCOMPLETE_DAYS + 1, closed=None), NOW)
    assert is_incomplete(kept(received=-INCOMPLETE_DAYS, closed=None), NOW)
    assert not is_incomplete(kept(received=-100, closed=0), NOW)
