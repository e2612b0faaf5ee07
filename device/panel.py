"""The panel: two buttons, the tally, the consent light and the status ring, on gpiozero.

Which hardware is meant is gpiozero's own pin factory: real pins on a Raspberry Pi, `MockFactory` in the simulated rig.
"""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, NamedTuple

from gpiozero import LED, Button, DigitalInputDevice, LEDBoard

from device.board import Board
from device.errors import TallyDark
from device.recorder import Event, State

AGREE_HOLD_SECONDS = 5.0  # take back: long, so that nobody destroys a film by leaning on the kit
RECORD_HOLD_SECONDS = 2.0  # stop: longer than any press that marks a moment
SENSE_SECONDS = 0.5


class Gesture(Enum):
    """What a hand can do to a button."""

    AGREE_PRESSED = auto()
    AGREE_RELEASED = auto()
    AGREE_HELD = auto()
    RECORD_PRESSED = auto()
    RECORD_RELEASED = auto()
    RECORD_HELD = auto()


# Stopping needs no more than a touch of the family's button: the press counts, not the release.
MEANING: dict[tuple[Gesture, State], Event] = {
    (Gesture.AGREE_PRESSED, State.RECORDING): Event.STOP,
    (Gesture.AGREE_RELEASED, State.READY): Event.AGREE,
    (Gesture.AGREE_RELEASED, State.AGREED): Event.AGREE,
    (Gesture.AGREE_RELEASED, State.FAULT): Event.AGREE,
    (Gesture.AGREE_HELD, State.READY): Event.TAKE_BACK,
    (Gesture.AGREE_HELD, State.AGREED): Event.TAKE_BACK,
    (Gesture.AGREE_HELD, State.CLOSING): Event.TAKE_BACK,
    (Gesture.AGREE_HELD, State.RECORDING): Event.TAKE_BACK,
    (Gesture.AGREE_HELD, State.FAULT): Event.TAKE_BACK,
    (Gesture.RECORD_PRESSED, State.AGREED): Event.RECORD,
    (Gesture.RECORD_PRESSED, State.FAULT): Event.RECORD,
    (Gesture.RECORD_RELEASED, State.RECORDING): Event.MOMENT,
    (Gesture.RECORD_HELD, State.RECORDING): Event.STOP,
}


class RingPattern(NamedTuple):
    """How many lamps of the status ring are lit, and whether they blink (at 1 Hz, never faster)."""

    lamps: int
    blinks: bool


RING: dict[State, RingPattern] = {
    State.READY: RingPattern(1, blinks=False),
    State.AGREED: RingPattern(2, blinks=False),
    State.RECORDING: RingPattern(3, blinks=False),
    State.CLOSING: RingPattern(3, blinks=True),
    State.FAULT: RingPattern(1, blinks=True),
}


class Panel:
    """Buttons call `post` with events, from gpiozero's threads. All lights are dark until told otherwise."""

    def __init__(self, board: Board, post: Callable[[Event], None], pin_factory: Any = None) -> None:
        self._post = post
        self._state = State.READY
        self._guarding = False  # whether the tally must be sensed
        self._tally = LED(board.tally, pin_factory=pin_factory)
        self._sense = DigitalInputDevice(board.tally_sense, pull_up=False, pin_factory=pin_factory)
        self._consent = LEDBoard(*board.consent_light, pin_factory=pin_factory)
        self._ring = LEDBoard(*board.status_ring, pin_factory=pin_factory)
        self._sense.when_deactivated = self._sense_lost
        self._buttons = (
            _GestureButton(
                Button(board.agree_button, hold_time=AGREE_HOLD_SECONDS, pin_factory=pin_factory),
                self._mean,
                (Gesture.AGREE_PRESSED, Gesture.AGREE_RELEASED, Gesture.AGREE_HELD),
            ),
            _GestureButton(
                Button(board.record_button, hold_time=RECORD_HOLD_SECONDS, pin_factory=pin_factory),
                self._mean,
                (Gesture.RECORD_PRESSED, Gesture.RECORD_RELEASED, Gesture.RECORD_HELD),
            ),
        )

    def show(self, state: State) -> None:
        """Show the state on the ring; buttons mean what they mean in it from now on."""
        self._state = state
        pattern = RING[state]
        self._ring.off()
        lamps = list(self._ring)[: pattern.lamps]
        for lamp in lamps:
            if pattern.blinks:
                lamp.blink(on_time=0.5, off_time=0.5)
            else:
                lamp.on()

    def prove_tally(self) -> None:
        """Light the tally and wait until it is sensed. Raises `TallyDark`; the tally is off then."""
        self._tally.on()
        deadline = time.monotonic() + SENSE_SECONDS
        while not self._sense.is_active:
            if time.monotonic() > deadline:
                self._tally.off()
                raise TallyDark("The recording light does not shine, so the camera stays off. Have the kit repaired.")
            time.sleep(0.005)
        self._guarding = True

    def tally_off(self) -> None:
        """Switch the tally off, and with it the camera's power."""
        self._guarding = False
        self._tally.off()

    def consent(self, *, lit: bool) -> None:
        """Switch the consent light."""
        self._consent.value = (int(lit),) * len(self._consent)

    @property
    def lights(self) -> dict[str, bool]:
        """What shines: the tally as sensed, the consent light as commanded."""
        return {"tally": bool(self._sense.is_active), "consent": all(self._consent.value)}

    def close(self) -> None:
        """Go dark and give the pins back."""
        for light in (self._tally, self._consent, self._ring):
            light.off()
            light.close()
        self._sense.close()
        for button in self._buttons:
            button.close()

    def _mean(self, gesture: Gesture) -> bool:
        event = MEANING.get((gesture, self._state))
        if event is not None:
            self._post(event)
        return event is not None

    def _sense_lost(self) -> None:
        if self._guarding:
            self._post(Event.LIGHT_FAILED)


class _GestureButton:
    """Tells press, hold and release apart. A press or hold that meant something swallows its release."""

    def __init__(
        self, button: Button, mean: Callable[[Gesture], bool], gestures: tuple[Gesture, Gesture, Gesture]
    ) -> None:
        self._button = button
        self._mean = mean
        self._pressed, self._released, self._held = gestures
        self._spent = False
        button.when_pressed = self._on_press
        button.when_held = self._on_hold
        button.when_released = self._on_release

    def close(self) -> None:
        self._button.close()

    def _on_press(self) -> None:
        self._spent = self._mean(self._pressed)

    def _on_hold(self) -> None:
        self._spent = self._mean(self._held) or self._spent

    def _on_release(self) -> None:
        if not self._spent:
            self._mean(self._released)
