"""The table is read aloud here once more, and its promises are held under any order of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.recorder import TABLE, Announcement, Effect, Event, State, step

EXPECTED = {
    State.READY: {
        Event.AGREE: State.AGREED,
        Event.TAKE_BACK: State.READY,
        Event.DESTROY_FAILED: State.FAULT,
        Event.POLICY_CHANGED: State.READY,
        Event.ALL_ARRIVED: State.READY,
    },
    State.AGREED: {
        Event.AGREE: State.READY,
        Event.AGREEMENT_LAPSED: State.READY,
        Event.TAKE_BACK: State.READY,
        Event.RECORD: State.RECORDING,
    },
    State.RECORDING: {
        Event.MOMENT: State.RECORDING,
        Event.FIVE_MINUTES: State.RECORDING,
        Event.TEN_MINUTES: State.RECORDING,
        Event.TIME_UP: State.CLOSING,
        Event.STOP: State.CLOSING,
        Event.FAMILY_STOP: State.CLOSING,
        Event.TAKE_BACK: State.CLOSING,
        Event.START_FAILED: State.FAULT,
        Event.CAMERA_STALLED: State.CLOSING,
        Event.CARD_FULL: State.CLOSING,
        Event.CARD_FAILED: State.CLOSING,
        Event.RECORDER_FAILED: State.CLOSING,
        Event.LIGHT_FAILED: State.CLOSING,
        Event.BATTERY_LOW: State.CLOSING,
        Event.TOO_HOT: State.CLOSING,
        Event.SHUT_DOWN: State.CLOSING,
    },
    State.CLOSING: {
        Event.FILM_CLOSED: State.READY,
        Event.FILM_CLOSED_BY_FAULT: State.FAULT,
        Event.FILM_CLOSED_CAMERA_HANGS: State.FAULT,
        Event.DESTROY_FAILED: State.FAULT,
    },
    State.FAULT: {Event.AGREE: State.READY, Event.RECORD: State.READY, Event.TAKE_BACK: State.READY},
}
CLOSINGS = {effect for effect in Effect if effect.name.startswith("CLOSE_")}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_every_state_and_event(state: State, event: Event) -> None:
    expected = EXPECTED[state].get(event)
    following = step(state, event)
    if expected is None:
        assert following == (state, ()), "an illegal event changes nothing"
    else:
        assert following.state is expected


def test_the_table_holds_no_more_than_is_expected() -> None:
    assert set(TABLE) == {(state, event) for state, row in EXPECTED.items() for event in row}


@given(st.lists(st.sampled_from(Event), max_size=300))
def test_promises_under_any_order_of_events(events: list[Event]) -> None:
    state = State.READY
    agreed = tally = filming = open_film = False
    for event in events:
        before = state
        state, effects = step(state, event)
        for effect in effects:
            match effect:
                case Effect.CONSENT_LIGHT_ON:
                    agreed = True
                case Effect.CONSENT_LIGHT_OFF:
                    agreed = False
                case Effect.PROVE_TALLY:
                    tally = True
                case Effect.START_FILMING:
                    assert agreed, "never a film without agreement"
                    assert tally, "never a camera without tally"
                    filming = open_film = True
                case Effect.STOP_CAMERA | Effect.ABANDON_CAMERA:
                    filming = False
                case Effect.TALLY_OFF:
                    assert not filming, "the tally outlives the camera"
                    assert not open_film or event is Event.START_FAILED, "and the film's closing"
                    tally = open_film = False
                case Effect.DESTROY_LAST_FILM:
                    assert not filming, "a running film is stopped before it is destroyed"
                case Effect() if effect in CLOSINGS:
                    assert not filming, "a film is closed after its last frame"
                    open_film = False
        assert (state is State.RECORDING) == filming
        assert state is not State.CLOSING or before is State.RECORDING or before is State.CLOSING


@pytest.mark.parametrize("event", EXPECTED[State.RECORDING])
def test_whatever_ends_filming_stops_the_camera_first(event: Event) -> None:
    following = step(State.RECORDING, event)
    if following.state is not State.RECORDING:
        assert following.effects[0] in {Effect.STOP_CAMERA, Effect.ABANDON_CAMERA}


def test_a_camera_that_is_not_stopped_loses_its_power_and_the_process_ends() -> None:
    assert step(State.RECORDING, Event.CAMERA_STALLED).effects[0] is Effect.ABANDON_CAMERA
    effects = step(State.CLOSING, Event.FILM_CLOSED_CAMERA_HANGS).effects
    assert effects.index(Effect.TALLY_OFF) < effects.index(Effect.RESTART)


def test_every_effect_and_announcement_is_used() -> None:
    used = {effect for following in TABLE.values() for effect in following.effects}
    told_by_the_supervisor = {Announcement.TAKEN_BACK, Announcement.REFUSED, Announcement.WARNING}
    assert used | told_by_the_supervisor == {*Effect, *Announcement}


def test_no_fault_is_silent_and_nothing_else_sounds_like_one() -> None:
    for (state, _), following in TABLE.items():
        becomes_faulty = state is not State.FAULT and following.state is State.FAULT
        assert (Announcement.FAULT in following.effects) == becomes_faulty
