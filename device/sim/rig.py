"""The simulated rig: a kit without a Raspberry Pi, put together from the simulated camera, circuit and visit."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gpiozero.pins.mock import MockFactory

from device.board import Board
from device.errors import ScriptInvalid
from device.ports import Camera
from device.sim.camera import SimulatedCamera
from device.sim.circuit import SimulatedCircuit
from device.sim.script import Action, parse_script, play, play_keyboard


class Rig(NamedTuple):
    """What a recorder films with, and the `visit` that is played on its panel; it returns when the visit is over."""

    camera: Camera
    pin_factory: MockFactory
    visit: Callable[[], None]


def simulated_rig(board: Board, *, script: Path | None, source: Path | None) -> Rig:
    """Return a rig that plays `script`, or the keyboard where there is none. Raises `ScriptInvalid`."""
    circuit = SimulatedCircuit(board)
    visit = partial(play, _read_script(script), circuit) if script else partial(play_keyboard, circuit)
    return Rig(SimulatedCamera(source), circuit.pin_factory, visit)


def _read_script(path: Path) -> list[Action]:
    try:
        return parse_script(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as reason:
        raise ScriptInvalid(f"The script {path} can't be read: {reason}. Name a text file.") from None
