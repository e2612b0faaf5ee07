"""Buttons, lights and buzzer: the recording light proves itself by its sense line, the others need a person."""

import time

from device.panel import AGREE_HOLD_SECONDS, RECORD_HOLD_SECONDS, SENSE_SECONDS
from device.recorder import Announcement, Event, State
from device.selftest.hands import Look, Press
from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.stand import ANSWER_SECONDS, Stand
from device.trouble import Trouble

YES_OR_NO = "Yes: record button. No: family's button."

# In these states of the panel a gesture means one thing only.
PRESSES = (
    (State.READY, Press("Press the family's button shortly.", "agree", False), Event.AGREE),
    (
        State.READY,
        Press(f"Hold the family's button, for {AGREE_HOLD_SECONDS:.0f} s.", "agree", True),
        Event.TAKE_BACK,
    ),
    (State.RECORDING, Press("Press the record button shortly.", "record", False), Event.MOMENT),
    (State.RECORDING, Press(f"Hold the record button, for {RECORD_HOLD_SECONDS:.0f} s.", "record", True), Event.STOP),
)

# Faults whose blinking is one lamp of the ring, from left to right.
LAMPS = (Trouble.CAMERA_STALLED, Trouble.LIGHT_FAILED, Trouble.CARD_FAILED)
ORDINALS = ("first", "second", "third")


def buttons(stand: Stand) -> Passed:
    """Have each button pressed and held."""
    for state, request, wanted in PRESSES:
        stand.panel.show(state)
        event, others = stand.ask(request, wanted)
        if event is None:
            came = f"only “{'”, “'.join(dict.fromkeys(other.value for other in others))}”" if others else "nothing"
            raise PartFailed(
                Flaw.BUTTON_FAILED,
                f"Asked to “{request.text}”, {came} came within {ANSWER_SECONDS:.0f} s. Check the button's wires.",
            )
    return Passed("press and hold of both", {})


def tally(stand: Stand) -> Passed:
    """Light the recording light and sense it; dark, it must not be sensed, or the proof would be none."""
    _expect_dark(stand, "before it is lit")
    stand.panel.prove_tally()
    stand.panel.tally_off()
    _expect_dark(stand, "after it was switched off")
    return Passed("sensed lit, and sensed dark", {})


def lights(stand: Stand) -> Passed:
    """Show every light on its own, and have a person see it."""
    board, panel = stand.board, stand.panel
    panel.show(State.AGREED)
    panel.prove_tally()
    try:
        _look(stand, "recording light", "shine", (board.tally,))
    finally:
        panel.tally_off()
    panel.consent(lit=True)
    try:
        _look(stand, "consent light", "shine", board.consent_light)
    finally:
        panel.consent(lit=False)
    for ordinal, trouble, pin in zip(ORDINALS, LAMPS, board.status_ring, strict=True):
        panel.show(State.FAULT, trouble)
        _look(stand, f"{ordinal} lamp of the ring", "blink, and no other", (pin,))
    panel.show(State.READY)
    return Passed("recording, consent and three lamps seen", {})


def buzzer(stand: Stand) -> Passed:
    """Sound the buzzer, and have a person hear it."""
    stand.panel.show(State.AGREED)
    stand.panel.announce(Announcement.TAKEN_BACK)
    if not _answer(stand, Look(f"Does the buzzer sound three times? {YES_OR_NO}", (stand.board.buzzer,))):
        raise PartFailed(Flaw.BUZZER_SILENT, "The buzzer was not heard. Check its wires, or replace it.")
    return Passed("heard", {})


def _look(stand: Stand, light: str, verb: str, pins: tuple[int, ...]) -> None:
    names = ", ".join(map(str, pins))
    if not _answer(stand, Look(f"Does the {light} {verb}? {YES_OR_NO}", pins)):
        raise PartFailed(Flaw.LAMP_DARK, f"The {light} (BCM {names}) was not seen. Check its wires, or replace it.")


def _answer(stand: Stand, look: Look) -> bool:
    event, _ = stand.ask(look, Event.RECORD, Event.AGREE)
    if event is None:
        raise PartFailed(
            Flaw.NO_ANSWER,
            f"Nobody answered within {ANSWER_SECONDS:.0f} s. Test the buttons, or leave questions out by --no-hands.",
        )
    return event is Event.RECORD


def _expect_dark(stand: Stand, when: str) -> None:
    deadline = time.monotonic() + SENSE_SECONDS
    while stand.panel.lights["tally"]:
        if time.monotonic() > deadline:
            raise PartFailed(
                Trouble.LIGHT_FAILED,
                f"The recording light is sensed {when}, so the sense line proves nothing. Have the kit repaired.",
            )
        time.sleep(0.005)
