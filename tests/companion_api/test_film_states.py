import pytest

from companion_api.films.film_states import TRANSITIONS, FilmEvent, FilmState, next_state
from companion_api.problems import Problem, Refusal


def test_the_table_is_whole() -> None:
    assert set(TRANSITIONS) == {(state, event) for state in FilmState for event in FilmEvent}


def test_nothing_leads_back() -> None:
    """Every request can be repeated: states only go on, or stay."""
    order = list(FilmState)
    for (state, _), outcome in TRANSITIONS.items():
        assert isinstance(outcome, Problem) or order.index(outcome) >= order.index(state)


@pytest.mark.parametrize("event", FilmEvent)
def test_a_repeated_event_changes_nothing_more(event: FilmEvent) -> None:
    for state in FilmState:
        if isinstance(after := TRANSITIONS[state, event], FilmState) and event is not FilmEvent.PART:
            assert next_state(after, event) is after


def test_a_refusal_tells_the_next_step() -> None:
    for (state, event), outcome in TRANSITIONS.items():
        if isinstance(outcome, Problem):
            with pytest.raises(Refusal) as refusal:
                next_state(state, event)
            assert (refusal.value.problem, bool(refusal.value.detail)) == (outcome, True)
