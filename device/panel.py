"""The panel: two buttons, the tally, the consent light, the status ring and the buzzer, on gpiozero.

Which hardware is meant is gpiozero's own pin factory: real pins on a Raspberry Pi, `MockFactory` in the simulated rig.
"""

import time
from collections.abc import Callable, Iterable
from enum import Enum, auto
from itertools import chain, cycle
from typing import Any

from gpiozero import Button, DigitalInputDevice

from device.board import Board
from device.errors import TallyDark
from device.lights import Lights
from device.recorder import Announcement, Event, State
from device.signals import ANNOUNCEMENTS, DARK, FRAME_SECONDS, Lamps, ring
from device.trouble import ADVICE, Trouble

AGREE_HOLD_SECONDS = 5.0  # take back: long, so that nobody destroys a film by leaning on the kit
RECORD_HOLD_SECONDS = 2.0  # stop: longer than any press that marks a moment
BOUNCE_SECONDS = 0.02
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
    (Gesture.AGREE_PRESSED, State.RECORDING): Event.FAMILY_STOP,
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


class Panel:
    """Buttons call `post` with events, from gpiozero's threads. All lights are dark until told otherwise.

    Lights are only ever on or off: there is no brightness, and no setting reaches this class.
    """

    def __init__(
        self, board: Board, post: Callable[[Event], None], pin_factory: Any = None, *, microphone: bool = True
    ) -> None:
        self._post = post
        self._state = State.READY
        self._frames: tuple[Lamps, ...] = (DARK,)
        self._guarding = False  # whether the tally must be sensed
        self._lights = Lights(board, pin_factory)
        self._microphone = microphone
        self._sense = DigitalInputDevice(board.tally_sense, pull_up=False, pin_factory=pin_factory)
        self._sense.when_deactivated = self._sense_lost
        self._buttons = (
            _GestureButton(
                Button(
                    board.agree_button,
                    bounce_time=BOUNCE_SECONDS,
                    hold_time=AGREE_HOLD_SECONDS,
                    pin_factory=pin_factory,
                ),
                self._mean,
                (Gesture.AGREE_PRESSED, Gesture.AGREE_RELEASED, Gesture.AGREE_HELD),
            ),
            _GestureButton(
                Button(
                    board.record_button,
                    bounce_time=BOUNCE_SECONDS,
                    hold_time=RECORD_HOLD_SECONDS,
                    pin_factory=pin_factory,
                ),
                self._mean,
                (Gesture.RECORD_PRESSED, Gesture.RECORD_RELEASED, Gesture.RECORD_HELD),
            ),
        )

    def show(
        self, state: State, fault: Trouble | None = None, warnings: Iterable[Trouble] = (), *, sending: bool = False
    ) -> None:
        """Show where the kit stands, on and on; buttons mean what they mean in this state from now on."""
        self._state = state
        frames = ring(state, fault, warnings, sending=sending)
        if frames != self._frames:
            self._frames = frames
            self._play(())

    def announce(self, announcement: Announcement) -> None:
        """Tell once what has just happened, then go on showing the state."""
        told = ANNOUNCEMENTS[announcement]
        if told.tone is not None:
            self._lights.buzzer.beep(told.tone.on, told.tone.off, told.tone.beeps)
        if told.frames:
            self._play(told.frames)

    def prove_tally(self) -> None:
        """Light the tally and wait until it is sensed. Raises `TallyDark`; the tally is off then."""
        self._lights.tally.on()
        deadline = time.monotonic() + SENSE_SECONDS
        while not self._sense.is_active:
            if time.monotonic() > deadline:
                self._lights.tally.off()
                raise TallyDark(ADVICE[Trouble.LIGHT_FAILED])
            time.sleep(0.005)
        self._guarding = True
        if self._microphone:
            self._lights.microphone_power.on()

    def tally_off(self) -> None:
        """Switch the tally off, and with it the power of camera and microphone."""
        self._guarding = False
        self._lights.microphone_power.off()
        self._lights.tally.off()

    def consent(self, *, lit: bool) -> None:
        """Switch the consent light."""
        self._lights.consent.value = (int(lit),) * len(self._lights.consent)

    @property
    def lights(self) -> dict[str, bool]:
        """What shines: the tally as sensed, the consent light as commanded."""
        return {"tally": bool(self._sense.is_active), "consent": all(self._lights.consent.value)}

    def close(self) -> None:
        """Go dark and give the pins back."""
        self._lights.close()
        self._sense.close()
        for button in self._buttons:
            button.close()

    def _play(self, once: tuple[Lamps, ...]) -> None:
        lamps = self._lights.ring
        lamps.source = None
        lamps.value = (*once, *self._frames)[0]
        if once or len(self._frames) > 1:
            frames = chain(once, cycle(self._frames) if len(self._frames) > 1 else self._frames)
            lamps.source_delay = FRAME_SECONDS
            lamps.source = frames

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
