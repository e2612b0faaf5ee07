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
    """What can happen."""

    # by people
    AGREE = "agree"
    RECORD = "record"
    MOMENT = "moment"
    STOP = "stop"
    FAMILY_STOP = "family stop"
    TAKE_BACK = "take back"
    # by time
    AGREEMENT_LAPSED = "agreement lapsed"
    FIVE_MINUTES = "five minutes"
    TEN_MINUTES = "ten minutes"
    TIME_UP = "time is up"
    # by faults
    START_FAILED = "start failed"
    CAMERA_STALLED = "camera stalled"
    CARD_FULL = "card full"
    CARD_FAILED = "card failed"
    RECORDER_FAILED = "recorder failed"
    LIGHT_FAILED = "light failed"
    BATTERY_LOW = "battery low"
    TOO_HOT = "too hot"
    # by IT
    SHUT_DOWN = "shut down"
    POLICY_CHANGED = "policy changed"
    # by the uplink
    ALL_ARRIVED = "all films arrived"
    # by effects
    FILM_CLOSED = "film closed"
    FILM_CLOSED_BY_FAULT = "film closed by fault"
    FILM_CLOSED_CAMERA_HANGS = "film closed, camera hangs"
    DESTROY_FAILED = "destroy failed"


class Effect(Enum):
    """What the supervisor does."""

    CONSENT_LIGHT_ON = "consent light on"
    CONSENT_LIGHT_OFF = "consent light off"
    PREPARE_FILM = "prepare film"
    CHECK_KIT = "check kit"
    PROVE_TALLY = "prove tally"
    START_FILMING = "start filming"
    MARK_MOMENT = "mark moment"
    STOP_CAMERA = "stop camera"
    ABANDON_CAMERA = "abandon camera"
    NOTE_FAMILY_STOP = "note family stop"
    CLOSE_STOPPED = "close film as stopped"
    CLOSE_TIME_UP = "close film as time is up"
    CLOSE_CAMERA_STALLED = "close film as camera stalled"
    CLOSE_CARD_FULL = "close film as card full"
    CLOSE_CARD_FAILED = "close film as card failed"
    CLOSE_RECORDER_FAILED = "close film as recorder failed"
    CLOSE_LIGHT_FAILED = "close film as light failed"
    CLOSE_BATTERY_LOW = "close film as battery low"
    CLOSE_TOO_HOT = "close film as too hot"
    CLOSE_SHUT_DOWN = "close film as shut down"
    DESTROY_LAST_FILM = "destroy last film"
    TALLY_OFF = "tally off"
    CLEAR_FAULT = "clear fault"
    RESTART = "restart"


class Announcement(Enum):
    """What people are told once, when it happens; `device.signals` says by which lamps and tones."""

    AGREED = "everyone agreed"
    WITHDRAWN = "the agreement is withdrawn, or has lapsed"
    FILM_BEGUN = "filming begins"
    MOMENT = "a moment is marked"
    FIVE_MINUTES = "five minutes are filmed"
    TEN_MINUTES = "ten minutes are filmed"
    FILM_CLOSED = "the film is closed and safe"
    TAKEN_BACK = "the last film is destroyed"
    REFUSED = "there is no film to take back"
    ALL_ARRIVED = "all films are with the agency, and none is left on the kit"
    WARNING = "a warning begins"
    FAULT = "filming ended, or did not begin, for a fault"


class Step(NamedTuple):
    """The next state, and what to do and to tell, in order."""

    state: State
    effects: tuple[Effect | Announcement, ...] = ()


_DARK = (Effect.TALLY_OFF, Effect.CONSENT_LIGHT_OFF)
_FAULT = (*_DARK, Announcement.FAULT)


def _stop(closing: Effect) -> Step:
    return Step(State.CLOSING, (Effect.STOP_CAMERA, closing))


# The tally is proven lit before the camera starts and goes dark only after the film is closed.
TABLE: dict[tuple[State, Event], Step] = {
    (State.READY, Event.AGREE): Step(State.AGREED, (Effect.CONSENT_LIGHT_ON, Announcement.AGREED, Effect.PREPARE_FILM)),
    (State.READY, Event.TAKE_BACK): Step(State.READY, (Effect.DESTROY_LAST_FILM,)),
    (State.READY, Event.DESTROY_FAILED): Step(State.FAULT, (Announcement.FAULT,)),
    (State.READY, Event.POLICY_CHANGED): Step(State.READY, (Effect.RESTART,)),
    # In no other state: a family that agrees or is filmed hears nothing of an earlier film.
    (State.READY, Event.ALL_ARRIVED): Step(State.READY, (Announcement.ALL_ARRIVED,)),
    (State.AGREED, Event.AGREE): Step(State.READY, (Effect.CONSENT_LIGHT_OFF, Announcement.WITHDRAWN)),
    (State.AGREED, Event.AGREEMENT_LAPSED): Step(State.READY, (Effect.CONSENT_LIGHT_OFF, Announcement.WITHDRAWN)),
    (State.AGREED, Event.TAKE_BACK): Step(State.READY, (Effect.CONSENT_LIGHT_OFF, Effect.DESTROY_LAST_FILM)),
    (State.AGREED, Event.RECORD): Step(
        State.RECORDING, (Effect.CHECK_KIT, Effect.PROVE_TALLY, Effect.START_FILMING, Announcement.FILM_BEGUN)
    ),
    (State.RECORDING, Event.MOMENT): Step(State.RECORDING, (Effect.MARK_MOMENT, Announcement.MOMENT)),
    (State.RECORDING, Event.FIVE_MINUTES): Step(State.RECORDING, (Announcement.FIVE_MINUTES,)),
    (State.RECORDING, Event.TEN_MINUTES): Step(State.RECORDING, (Announcement.TEN_MINUTES,)),
    (State.RECORDING, Event.STOP): _stop(Effect.CLOSE_STOPPED),
    (State.RECORDING, Event.FAMILY_STOP): Step(
        State.CLOSING, (Effect.STOP_CAMERA, Effect.NOTE_FAMILY_STOP, Effect.CLOSE_STOPPED)
    ),
    (State.RECORDING, Event.TAKE_BACK): Step(
        State.CLOSING, (Effect.STOP_CAMERA, Effect.CLOSE_STOPPED, Effect.DESTROY_LAST_FILM)
    ),
    (State.RECORDING, Event.TIME_UP): _stop(Effect.CLOSE_TIME_UP),
    (State.RECORDING, Event.START_FAILED): Step(State.FAULT, (Effect.STOP_CAMERA, *_FAULT)),
    (State.RECORDING, Event.CARD_FULL): _stop(Effect.CLOSE_CARD_FULL),
    (State.RECORDING, Event.CARD_FAILED): _stop(Effect.CLOSE_CARD_FAILED),
    (State.RECORDING, Event.RECORDER_FAILED): _stop(Effect.CLOSE_RECORDER_FAILED),
    (State.RECORDING, Event.LIGHT_FAILED): _stop(Effect.CLOSE_LIGHT_FAILED),
    (State.RECORDING, Event.BATTERY_LOW): _stop(Effect.CLOSE_BATTERY_LOW),
    (State.RECORDING, Event.TOO_HOT): _stop(Effect.CLOSE_TOO_HOT),
    (State.RECORDING, Event.SHUT_DOWN): _stop(Effect.CLOSE_SHUT_DOWN),
    # Stopping a camera that hangs may hang too. So the film is closed without it, the tally cuts its power, and a
    # new process begins afresh.
    (State.RECORDING, Event.CAMERA_STALLED): Step(State.CLOSING, (Effect.ABANDON_CAMERA, Effect.CLOSE_CAMERA_STALLED)),
    (State.CLOSING, Event.FILM_CLOSED): Step(State.READY, (*_DARK, Announcement.FILM_CLOSED)),
    (State.CLOSING, Event.FILM_CLOSED_BY_FAULT): Step(State.FAULT, _FAULT),
    (State.CLOSING, Event.FILM_CLOSED_CAMERA_HANGS): Step(State.FAULT, (*_FAULT, Effect.RESTART)),
    (State.CLOSING, Event.DESTROY_FAILED): Step(State.FAULT, _FAULT),
    # A person has seen the fault and tries again; if it stays, the next film says so again.
    (State.FAULT, Event.AGREE): Step(State.READY, (Effect.CLEAR_FAULT,)),
    (State.FAULT, Event.RECORD): Step(State.READY, (Effect.CLEAR_FAULT,)),
    (State.FAULT, Event.TAKE_BACK): Step(State.READY, (Effect.CLEAR_FAULT, Effect.DESTROY_LAST_FILM)),
}


def step(state: State, event: Event) -> Step:
    """Return what follows `event` in `state`; for an illegal pair, the same state and no effects."""
    return TABLE.get((state, event), Step(state))
