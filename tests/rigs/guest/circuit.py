"""What is wired to the guest's chip: fingers on the buttons, and the recording light with its sense line."""

import threading
import time
from typing import NamedTuple

from tests.rigs.guest.board import GUEST_BOARD
from tests.rigs.guest.chip import Chip

_PRESS_SECONDS = 0.6  # the emulated kit may be slow to look; a hold is 2 s
_BUTTONS = {"agree": GUEST_BOARD.agree_button, "record": GUEST_BOARD.record_button}
_LIGHTS = {  # and one that is none, but must not be on without one
    GUEST_BOARD.tally: "tally",
    GUEST_BOARD.consent_light[0]: "consent",
    GUEST_BOARD.status_ring[0]: "ring",
    GUEST_BOARD.microphone_power: "microphone",
}


BLIP_SECONDS = 0.2
"""Shorter is no light: a PL061 takes no level for a line that is an input, so that on becoming an output again it
repeats its last one until the driver writes the new one, microseconds later."""


class Change(NamedTuple):
    """A light went on or off, at this time of the host's monotonic clock."""

    at: float
    light: str
    lit: bool


def without_blips(changes: list[Change]) -> list[tuple[str, bool]]:
    """Return which lights went on and off, in order, without blips."""
    seen: list[Change] = []
    for change in changes:
        before = next((other for other in reversed(seen) if other.light == change.light), None)
        if before is not None and before.lit and not change.lit and change.at - before.at < BLIP_SECONDS:
            seen.remove(before)
        else:
            seen.append(change)
    return [(change.light, change.lit) for change in seen]


class Circuit:
    """The counterpart of `device.sim.circuit`, on a real chip. `changes` is the history of all lights."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._lit = dict.fromkeys(_LIGHTS.values(), False)
        self._told = threading.Condition()
        self._light_is_whole = True
        self._chip: Chip | None = None

    def connect(self, chip: Chip) -> None:
        """Connect the chip: buttons are pulled up, nothing is pressed."""
        self._chip = chip
        for line in _BUTTONS.values():
            chip.drive(line, high=True)

    def changed(self, line: int, high: bool) -> None:
        """Take note of an output. As the AND gate of the real circuit, the sense follows the tally's current."""
        if line == GUEST_BOARD.tally and self._chip is not None:
            self._chip.drive(GUEST_BOARD.tally_sense, high=high and self._light_is_whole)
        if line in _LIGHTS:
            with self._told:
                self._lit[_LIGHTS[line]] = high
                self.changes.append(Change(time.monotonic(), _LIGHTS[line], high))
                self._told.notify_all()

    @property
    def lit(self) -> set[str]:
        """Which lights shine, as the outputs reported."""
        with self._told:
            return {light for light, lit in self._lit.items() if lit}

    @property
    def registered(self) -> set[str]:
        """Which lights shine, by the chip's data register."""
        levels = self.chip.read()
        return {light for line, light in _LIGHTS.items() if levels[line]}

    @property
    def chip(self) -> Chip:
        """The connected chip."""
        assert self._chip is not None
        return self._chip

    def wait_for(self, light: str, *, lit: bool, seconds: float = 60) -> None:
        """Wait until a light is on, or off."""
        with self._told:
            assert self._told.wait_for(lambda: self._lit[light] is lit, seconds), (
                f"{light} {'dark' if lit else 'lit'} for {seconds:.0f} s"
            )

    def wait_for_change(self, light: str, *, lit: bool, since: int, seconds: float = 60) -> None:
        """Wait until a light went on, or off, after the first `since` changes, however shortly."""
        with self._told:
            assert self._told.wait_for(
                lambda: any((change.light, change.lit) == (light, lit) for change in self.changes[since:]), seconds
            ), f"{light} never {'lit' if lit else 'dark'} for {seconds:.0f} s"

    def press(self, button: str) -> None:
        """Press `agree` or `record` shortly."""
        self.chip.drive(_BUTTONS[button], high=False)
        time.sleep(_PRESS_SECONDS)
        self.chip.drive(_BUTTONS[button], high=True)

    def cut_light(self) -> None:
        """Break the recording light's current."""
        self._light_is_whole = False
        self.chip.drive(GUEST_BOARD.tally_sense, high=False)

    def mend_light(self) -> None:
        """Repair the recording light."""
        self._light_is_whole = True
        self.chip.drive(GUEST_BOARD.tally_sense, high="tally" in self.lit)
