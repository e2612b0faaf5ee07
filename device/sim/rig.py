"""The simulated rig: a kit without a Raspberry Pi, put together from the simulated camera, circuit and visit."""

from functools import partial
from pathlib import Path

from device.board import Board
from device.errors import ScriptInvalid
from device.ports import PictureFormat
from device.rig import Rig
from device.sim.camera import SimulatedCamera
from device.sim.circuit import SimulatedCircuit
from device.sim.hands import SimulatedHands
from device.sim.script import Action, parse_script, play, play_keyboard


def simulated_rig(
    board: Board, *, picture: PictureFormat, sound: bool, script: Path | None, source: Path | None
) -> Rig:
    """Return a rig that plays `script`, or the keyboard where there is none. Raises `ScriptInvalid`."""
    circuit = SimulatedCircuit(board)
    visit = partial(play, _read_script(script), circuit) if script else partial(play_keyboard, circuit)
    camera = SimulatedCamera(source, picture=picture, sound=sound)
    return Rig(camera, circuit.sensors, circuit.pin_factory, visit, SimulatedHands(circuit))


def _read_script(path: Path) -> list[Action]:
    try:
        return parse_script(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as reason:
        raise ScriptInvalid(f"The script {path} can't be read: {reason}. Name a text file.") from None
