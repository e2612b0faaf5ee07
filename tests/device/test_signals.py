"""What lamps and tones say can be told apart without colour, and never flashes."""

from itertools import combinations

import pytest

from device.endings import BEHIND
from device.recorder import Announcement, State
from device.signals import ANNOUNCEMENTS, DARK, FRAME_SECONDS, SENDING, STATES, TROUBLES, Lamps, ring
from device.trouble import ADVICE, Trouble
from footage.manifest import Ended

WANTED = {Ended.STOPPED, Ended.TIME_UP, Ended.SHUT_DOWN, Ended.INTERRUPTED}


def shown(state: State, fault: Trouble | None = None, *warnings: Trouble) -> tuple[Lamps, ...]:
    """The frames as an eye takes them: the same rhythm from its brightest moment on."""
    frames = ring(state, fault, warnings)
    return max(frames[start:] + frames[:start] for start in range(len(frames)))


def test_every_state_trouble_and_announcement_has_its_signal() -> None:
    assert set(STATES) == set(State)
    assert set(TROUBLES) == set(ADVICE) == set(Trouble)
    assert set(ANNOUNCEMENTS) == set(Announcement)


def test_every_unwanted_ending_has_its_trouble() -> None:
    assert set(BEHIND) == set(Ended) - WANTED


def test_states_differ() -> None:
    for one, other in combinations([state for state in State if state is not State.FAULT], 2):
        assert shown(one) != shown(other)


@pytest.mark.parametrize("trouble", Trouble)
def test_no_fault_looks_like_a_state(trouble: Trouble) -> None:
    fault = shown(State.FAULT, trouble)
    assert fault[0] != DARK
    assert DARK in fault
    assert fault not in {shown(state) for state in State if state is not State.FAULT}


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("state", [State.READY, State.AGREED, State.RECORDING])
def test_a_warning_leaves_the_state_to_be_seen(state: State, trouble: Trouble) -> None:
    frames = ring(state, warnings=[trouble])
    assert frames[:6] == (STATES[state][0],) * 6, "three seconds"
    assert frames[6:] == (DARK, TROUBLES[trouble], DARK)


def test_films_on_their_way_look_like_nothing_else() -> None:
    sending = ring(State.READY, sending=True)
    others = [ring(state, trouble, warnings) for state in State for trouble in Trouble for warnings in ([], [trouble])]
    assert sending == SENDING
    assert not set(sending) & {DARK, STATES[State.AGREED][0], STATES[State.RECORDING][0]}, "no trouble, no agreement"
    assert all(set(sending) != set(other) for other in others)
    assert {lamp for frame in sending for lamp in range(3) if frame[lamp]} == {0, 1, 2}, "told by place, not by colour"


def test_films_on_their_way_show_when_the_kit_is_ready_and_in_no_other_state() -> None:
    for state in set(State) - {State.READY}:
        assert ring(state, Trouble.CARD_FULL, sending=True) == ring(state, Trouble.CARD_FULL)


@pytest.mark.parametrize("trouble", Trouble)
def test_a_warning_is_seen_while_films_are_on_their_way(trouble: Trouble) -> None:
    assert ring(State.READY, warnings=[trouble], sending=True) == (*SENDING, DARK, TROUBLES[trouble], DARK)


@pytest.mark.parametrize("lamp", range(3))
def test_the_light_that_wanders_goes_on_and_off_once_in_three_seconds(lamp: int) -> None:
    changes = sum(SENDING[at][lamp] != SENDING[at - 1][lamp] for at in range(len(SENDING)))
    assert (changes, len(SENDING) * FRAME_SECONDS) == (2, 3.0)


def test_warnings_of_one_place_are_shown_once() -> None:
    assert ring(State.READY, warnings=[Trouble.CARD_FULL, Trouble.SPOOL_DAMAGED]) == ring(
        State.READY, warnings=[Trouble.CARD_FULL]
    )


@pytest.mark.parametrize("frames", [ring(state, trouble, Trouble) for state in State for trouble in Trouble])
def test_nothing_blinks_faster_than_once_a_second(frames: tuple[Lamps, ...]) -> None:
    """A lamp that goes on and off in frames of half a second blinks at 1 Hz at most."""
    assert FRAME_SECONDS >= 0.5
    for lamp in range(3):
        assert len(frames) == 1 or all(frame[lamp] in {0, 1} for frame in frames)


def test_tones_differ() -> None:
    tones = {what: told.tone for what, told in ANNOUNCEMENTS.items() if told.tone}
    assert len(set(tones.values())) == len(tones)


def test_a_moment_is_marked_without_a_sound() -> None:
    assert ANNOUNCEMENTS[Announcement.MOMENT].tone is None


@pytest.mark.parametrize("trouble", Trouble)
def test_every_advice_says_what_to_do(trouble: Trouble) -> None:
    sentences = ADVICE[trouble].rstrip(".").split(". ")
    assert len(sentences) >= 2, "what is wrong, then what to do"
    assert Trouble.of(trouble.value) is trouble


def test_an_unknown_code_is_the_softwares_own_failure() -> None:
    assert Trouble.of("header-invalid") is Trouble.RECORDER_FAILED
