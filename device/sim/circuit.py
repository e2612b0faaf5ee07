"""The kit's circuit on gpiozero's MockFactory: fingers on the buttons, and light current that can be sensed or cut."""

import time
from typing import Any

from gpiozero.pins.mock import MockConnectedPin, MockFactory

from device.board import Board
from device.panel import AGREE_HOLD_SECONDS, RECORD_HOLD_SECONDS
from device.sim.sensors import SimulatedSensors

PRESS_SECONDS = 0.1
_HOLD_MARGIN_SECONDS = 0.3


class SimulatedCircuit:
    """Hands out the pin factory and does what a person or a fault would do to the pins."""

    def __init__(self, board: Board) -> None:
        self.pin_factory = MockFactory()
        self.sensors = SimulatedSensors()
        self._buttons = {"agree": board.agree_button, "record": board.record_button}
        self._hold_seconds = {"agree": AGREE_HOLD_SECONDS, "record": RECORD_HOLD_SECONDS}
        self._broken: set[int] = set()
        self._sense = self.pin_factory.pin(board.tally_sense)
        # As the AND gate of the real circuit: the sense follows the current through the recording light.
        self._tally = self.pin_factory.pin(board.tally, pin_class=MockConnectedPin, input_pin=self._sense)

    def press(self, button: str) -> None:
        """Press `agree` or `record` shortly."""
        self._push(button, PRESS_SECONDS)

    def hold(self, button: str) -> None:
        """Hold `agree` or `record` until its long press counts."""
        self._push(button, self._hold_seconds[button] + _HOLD_MARGIN_SECONDS)

    def cut_light(self) -> None:
        """Break the recording light's current, now and for good."""
        self._tally.input_pin = None
        self._sense.drive_low()

    def break_lamp(self, pin: int) -> None:
        """Break a lamp, or the buzzer: its pin is on, and nobody sees or hears it."""
        self._broken.add(pin)

    def perceptible(self, pin: int) -> bool:
        """Return whether eyes and ears can tell that this pin is on."""
        return bool(self.pin_factory.pin(pin).state) and pin not in self._broken

    def drain_battery(self) -> None:
        """Leave the battery a few minutes."""
        self._feel(battery_low=True)

    def heat_up(self) -> None:
        """Put the kit into the sun."""
        self._feel(temperature=90.0)

    def weaken_supply(self) -> None:
        """Put a supply in that is too weak."""
        self._feel(undervoltage=True)

    def _feel(self, **readings: Any) -> None:
        self.sensors.readings = self.sensors.readings._replace(**readings)

    def _push(self, button: str, seconds: float) -> None:
        pin = self.pin_factory.pin(self._buttons[button])
        pin.drive_low()
        time.sleep(seconds)
        pin.drive_high()
