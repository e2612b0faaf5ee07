"""The recorder's state machine: a literal table, pure, without I/O or time. Everything that decides stands here.

`step(state, event)` gives the next state and the effects, in order, that the supervisor performs. A pair that is not
in the table is illegal: it changes nothing.
"""

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """Where the recorder stands."""

    READY = "ready"
    AGREED = "agreed"
    RECORDING = "recording"
    CLOSING = "closing"
    FAULT = "fault"


class Event(Enum):
    """What can happen. The first five come from people."""

    AGREE = "agree"
    RECORD = "record"
    MOMENT = "moment"
    STOP = "stop"
    TAKE_BACK = "take back"
    AGREEMENT_LAPSED = "agreement lapsed"
    START_FAILED = "start failed"
    CAMERA_STALLED = "camera stalled"
    CARD_FULL = "card full"
    CARD_FAILED = "card failed"
    RECORDER_FAILED = "recorder failed"
    LIGHT_FAILED = "light failed"
    SHUT_DOWN = "shut down"
    FILM_CLOSED = "film closed"
    FILM_CLOSED_BY_FAULT = "film closed by fault"


class Effect(Enum):
    """What the supervisor does."""

    CONSENT_LIGHT_ON = "consent light on"
    CONSENT_LIGHT_OFF = "consent light off"
    PREPARE_FILM = "prepare film"
    PROVE_TALLY = "prove tally"
    START_FILMING = "start filming"
    MARK_MOMENT = "mark moment"
    STOP_CAMERA = "stop camera"
    CLOSE_STOPPED = "close film as stopped"
    CLOSE_CAMERA_STALLED = "close film as camera stalled"
    CLOSE_CARD_FULL = "close film as card full"
    CLOSE_CARD_FAILED = "close film as card failed"
    CLOSE_RECORDER_FAILED = "close film as recorder failed"
    CLOSE_LIGHT_FAILED = "close film as light failed"
    CLOSE_SHUT_DOWN = "close film as shut down"
    DESTROY_LAST_FILM = "destroy last film"
    TALLY_OFF = "tally off"


class Step(NamedTuple):
    """The next state, and what to do, in order."""

    state: State
    effects: tuple[Effect, ...] = ()


# The tally is proven lit before the camera starts and goes dark only after the film is closed.
TABLE: dict[tuple[State, Event], Step] = {
    (State.READY, Event.AGREE): Step(State.AGREED, (Effect.CONSENT_LIGHT_ON, Effect.PREPARE_FILM)),
    (State.READY, Event.TAKE_BACK): Step(State.READY, (Effect.DESTROY_LAST_FILM,)),
    (State.AGREED, Event.AGREE): Step(State.READY, (Effect.CONSENT_LIGHT_OFF,)),
    (State.AGREED, Event.AGREEMENT_LAPSED): Step(State.READY, (Effect.CONSENT_LIGHT_OFF,)),
    (State.AGREED, Event.TAKE_BACK): Step(State.READY, (Effect.CONSENT_LIGHT_OFF, Effect.DESTROY_LAST_FILM)),
    (State.AGREED, Event.RECORD): Step(State.RECORDING, (Effect.PROVE_TALLY, Effect.START_FILMING)),
    (State.RECORDING, Event.MOMENT): Step(State.RECORDING, (Effect.MARK_MOMENT,)),
    (State.RECORDING, Event.STOP): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_STOPPED)),
    (State.RECORDING, Event.TAKE_BACK): Step(
        State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_STOPPED, Effect.DESTROY_LAST_FILM)
    ),
    (State.RECORDING, Event.START_FAILED): Step(
        State.FAULT, (Effect.STOP_CAMERA, Effect.TALLY_OFF, Effect.CONSENT_LIGHT_OFF)
    ),
    (State.RECORDING, Event.CAMERA_STALLED): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_CAMERA_STALLED)),
    (State.RECORDING, Event.CARD_FULL): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_CARD_FULL)),
    (State.RECORDING, Event.CARD_FAILED): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_CARD_FAILED)),
    (State.RECORDING, Event.RECORDER_FAILED): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_RECORDER_FAILED)),
    (State.RECORDING, Event.LIGHT_FAILED): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_LIGHT_FAILED)),
    (State.RECORDING, Event.SHUT_DOWN): Step(State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_SHUT_DOWN)),
    (State.CLOSING, Event.FILM_CLOSED): Step(State.READY, (Effect.TALLY_OFF, Effect.CONSENT_LIGHT_OFF)),
    (State.CLOSING, Event.FILM_CLOSED_BY_FAULT): Step(State.FAULT, (Effect.TALLY_OFF, Effect.CONSENT_LIGHT_OFF)),
    # A person has seen the fault and tries again; if it stays, the next film says so again.
    (State.FAULT, Event.AGREE): Step(State.READY),
    (State.FAULT, Event.RECORD): Step(State.READY),
    (State.FAULT, Event.TAKE_BACK): Step(State.READY, (Effect.DESTROY_LAST_FILM,)),
}


def step(state: State, event: Event) -> Step:
    """Return what follows `event` in `state`; for an illegal pair, the same state and no effects."""
    return TABLE.get((state, event), Step(state))
