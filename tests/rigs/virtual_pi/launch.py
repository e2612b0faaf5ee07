"""Runs the installed `kit-device` on the virtual camera, and on pins that standard input presses.

Lines are those of a panel script (`device.sim.script`), played at once, and `break recorder`: from then on whoever
takes the camera's packets raises. The microphone is the PCM called `kit`, if there is sound at all. What systemd
would forbid the service is forbidden here too, as far as a process can.
"""

import ctypes
import runpy
import sys
import threading
from collections.abc import Callable

import virtual_camera  # type: ignore[import-not-found]  # noqa: F401  # before picamera2 is used
from gpiozero import Device

from device.board import BOARD
from device.film_writer import FilmWriter
from device.pi.microphone import AlsaMicrophone
from device.ports import EncodedPacket
from device.sim.circuit import SimulatedCircuit
from device.sim.script import parse_script

broken = threading.Event()

_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE, _REFUSE_EXEC_GAIN = 38, 65, 1  # prctl(2)


def forbid() -> None:
    """Forbid memory that is written and then run (MemoryDenyWriteExecute=), and new privileges (NoNewPrivileges=)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option in (_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE):
        if libc.prctl(option, _REFUSE_EXEC_GAIN, 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {option}")


def play_hands(circuit: SimulatedCircuit) -> None:
    for line in sys.stdin:
        if line.strip() == "break recorder":
            broken.set()
            continue
        for action in parse_script(line):
            action(circuit)


def deliver(writer: FilmWriter, packet: EncodedPacket, original: Callable[..., None] = FilmWriter.deliver) -> None:
    if broken.is_set():
        raise RuntimeError("broken, as it was told to be")
    original(writer, packet)


if __name__ == "__main__":
    forbid()
    FilmWriter.deliver = deliver  # type: ignore[assignment, method-assign]
    circuit = SimulatedCircuit(BOARD)
    Device.pin_factory = circuit.pin_factory
    AlsaMicrophone.__init__.__defaults__ = ("kit",)  # a kit takes the first that the kernel has
    threading.Thread(target=play_hands, args=(circuit,), name="hands", daemon=True).start()
    sys.argv[0] = sys.argv.pop(1)  # the command to run, as it was installed
    runpy.run_path(sys.argv[0], run_name="__main__")
