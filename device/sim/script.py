"""Plays a visit on the simulated panel: from a script, or from the keyboard.

A script has one action a line; `#` begins a comment:

    press agree       # the family agrees; while filming: stops at once
    press record      # the practitioner starts; while filming: marks a moment
    hold record       # 2 s: the practitioner stops
    hold agree        # 5 s: the family takes the last film back
    wait 20           # seconds
    cut light         # the recording light fails
    drain battery     # it lasts for minutes only
    heat up           # the kit lies in the sun
    weaken supply     # the voltage falls
"""

import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from device.errors import ScriptInvalid
from device.sim.circuit import SimulatedCircuit

Action = Callable[[SimulatedCircuit], None]

_ACTIONS: dict[str, Action] = {
    "press agree": lambda circuit: circuit.press("agree"),
    "press record": lambda circuit: circuit.press("record"),
    "hold agree": lambda circuit: circuit.hold("agree"),
    "hold record": lambda circuit: circuit.hold("record"),
    "cut light": SimulatedCircuit.cut_light,
    "drain battery": SimulatedCircuit.drain_battery,
    "heat up": SimulatedCircuit.heat_up,
    "weaken supply": SimulatedCircuit.weaken_supply,
}
_KEYS = {"a": "press agree", "r": "press record", "s": "hold record", "t": "hold agree", "l": "cut light"}
KEYBOARD_HELP = (
    "keys: a agree / stop   r record / moment   s stop (hold)   t take back (hold)   l cut light   q switch off"
)


def parse_script(text: str) -> list[Action]:
    """Parse a whole script before any of it is played. Raises `ScriptInvalid` with the line."""
    actions = []
    for number, line in enumerate(text.splitlines(), start=1):
        if words := line.partition("#")[0].split():
            actions.append(_parse(" ".join(words), number))
    return actions


def play(actions: list[Action], circuit: SimulatedCircuit) -> None:
    """Do the actions one after another, in real time."""
    for action in actions:
        action(circuit)


def play_keyboard(circuit: SimulatedCircuit) -> None:
    """Do what the keys say until `q`."""
    print(KEYBOARD_HELP)
    with _single_keys():
        while (key := sys.stdin.read(1)) not in ("q", ""):
            if key in _KEYS:
                _ACTIONS[_KEYS[key]](circuit)


def _parse(words: str, number: int) -> Action:
    if words in _ACTIONS:
        return _ACTIONS[words]
    verb, _, amount = words.partition(" ")
    try:
        seconds = float(amount) if verb == "wait" else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86_400:
        known = ", ".join([*_ACTIONS, "wait SECONDS"])
        raise ScriptInvalid(f"Line {number}, “{words}”, is not an action. Actions are: {known}.")
    return lambda _circuit: time.sleep(seconds)


@contextmanager
def _single_keys() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    saved = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
