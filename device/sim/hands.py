"""Simulated hands and eyes for a self-test: they press what is asked, and say truly what the circuit lets them see."""

import time
from concurrent.futures import ThreadPoolExecutor

from device.selftest.hands import Look, Press
from device.sim.circuit import SimulatedCircuit

SIGHT_SECONDS = 3.0  # longer than the slowest blinking of a lamp


class SimulatedHands:
    """As `Hands`: one pair, so one request after another."""

    def __init__(self, circuit: SimulatedCircuit) -> None:
        self._circuit = circuit
        self._body = ThreadPoolExecutor(1, thread_name_prefix="simulated-hands")

    def do(self, request: Press | Look) -> None:
        """As `Hands.do`."""
        self._body.submit(self._do, request)

    def _do(self, request: Press | Look) -> None:
        match request:
            case Press(button=button, held=True):
                self._circuit.hold(button)
            case Press(button=button):
                self._circuit.press(button)
            case Look(pins=pins):
                self._circuit.press("record" if self.see(pins) else "agree")

    def see(self, pins: tuple[int, ...]) -> bool:
        """Look for a while, and return whether all of these pins could be seen or heard at the same time."""
        deadline = time.monotonic() + SIGHT_SECONDS
        while time.monotonic() < deadline:
            if all(map(self._circuit.perceptible, pins)):
                return True
            time.sleep(0.01)
        return False
