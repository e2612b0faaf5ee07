"""The virtual kit: QEMU's arm64 `virt` machine in software emulation, with a GPIO chip, a card and a serial line."""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Any

from device.status import RECORDER_FILE, RecorderStatus
from footage.messages import decode
from tests.rigs.guest.chip import Chip
from tests.rigs.guest.circuit import Circuit
from tests.rigs.guest.image import KIT_FOLDER, guest_image, pack_kit
from tests.rigs.guest.marks import CARD_MIB
from tests.rigs.guest.write_log import WriteLog
from tests.rigs.rig_stack import wait_until

_BLOCK = 4096
_SPARE_MIB = 1  # behind the file system, for the marks
_SECONDS = 120
_POLL_SECONDS = 0.5
_LISTENS = "GUEST: "


class Guest:
    """A running kit."""

    def __init__(self, folder: Path, serial: IO[bytes], circuit: Circuit, log: WriteLog) -> None:
        self.circuit = circuit
        self.log = log
        self.switched_on_at = time.monotonic()
        self._questions = 0
        self._serial = serial
        self._output = folder / "serial.log"

    @property
    def output(self) -> str:
        """What kernel and recorder wrote to the serial line."""
        return self._output.read_text("utf-8", "replace")

    def run(self, command: str) -> None:
        """Let the guest run a line of shell. Its output comes on the serial line, some time."""
        self._serial.write(f"{command}\n".encode())
        self._serial.flush()

    def status(self) -> RecorderStatus | None:
        """Return the recorder's status; None if it has not told any since it was started."""
        self._questions += 1
        answer = f"STATUS {self._questions} "
        self.run(f'echo "{answer}$($bb cat /{KIT_FOLDER}/run/{RECORDER_FILE} 2>/dev/null)"')
        told: list[str] = []

        def is_told() -> bool:
            told[:] = [line for line in self.output.splitlines(keepends=True) if line.startswith(answer)]
            return bool(told) and told[0].endswith("\n")

        wait_until(is_told, _SECONDS)
        text = told[0].removeprefix(answer).strip()
        return decode(RecorderStatus, text.encode()) if text else None

    def wait_for(self, state: str) -> RecorderStatus:
        """Wait until the recorder is in this state, and return its status."""
        found: list[RecorderStatus] = []

        def is_there() -> bool:
            time.sleep(_POLL_SECONDS)  # each question costs an emulated processor a process
            status = self.status()
            if status is not None and status.state == state:
                found.append(status)
            return bool(found)

        wait_until(is_there, _SECONDS)
        return found[0]

    def wait_for_parts(self, count: int, begin: int = 0) -> None:
        """Wait until the recorder has acknowledged so many parts since request `begin` of the card's log."""
        wait_until(lambda: len(self.acknowledged(begin)) >= count, _SECONDS)

    def acknowledged(self, begin: int = 0, end: int | None = None) -> list[tuple[str, str, str]]:
        """Return film, name and SHA-256 of what was acknowledged between two requests of the card's log."""
        self.log.read_on()
        end = len(self.log.requests) if end is None else end
        marks = [text.split() for index, text in self.log.marks.items() if begin <= index < end]
        return [(film, name, digest) for film, name, digest in marks]

    def kill_recorder(self, forgotten: str = "") -> None:
        """Kill the recorder; the guest starts it again, as one that forgets a kind of fsync if need be."""
        self.run(
            f"echo {forgotten} >/run/forgotten; kill -KILL $($bb cat /run/recorder.pid); "
            f"$bb rm /{KIT_FOLDER}/run/{RECORDER_FILE}"
        )


@contextmanager
def running_guest(folder: Path, kit: Path) -> Iterator[Guest]:
    """Boot a guest with the settings of a kit and an empty card, `card.img`; leaving the block cuts its power."""
    image = guest_image()
    own, initramfs = folder / "kit.cpio", folder / "initramfs"
    pack_kit(kit, own)
    with initramfs.open("wb") as out:
        for archive in (image.initramfs, own):
            out.write(archive.read_bytes())
    _make_card(folder / "card.img")
    subprocess.run(["cp", "--sparse=always", str(folder / "card.img"), str(folder / "blank.img")], check=True)
    (folder / "writes.log").touch()
    with ExitStack() as opened:
        output, complaints = (opened.enter_context((folder / f"{name}.log").open("wb")) for name in ("serial", "qemu"))
        sockets = Path(opened.enter_context(tempfile.TemporaryDirectory()))  # a socket's path must be short
        command = _command(folder, sockets, image.kernel, initramfs)
        process = opened.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=complaints)
        )
        opened.callback(process.kill)
        wait_until(lambda: all((sockets / name).exists() for name in ("qmp", "qtest")))
        monitor = opened.enter_context(closing(_Monitor(sockets / "qmp")))
        circuit = Circuit()
        chip = opened.enter_context(closing(Chip(sockets / "qtest", monitor.device_of("pl061"), circuit.changed)))
        circuit.connect(chip)
        log = opened.enter_context(closing(WriteLog(folder / "writes.log")))
        assert process.stdin is not None
        guest = Guest(folder, process.stdin, circuit, log)
        monitor.ask("cont")
        wait_until(lambda: _LISTENS in guest.output, _SECONDS)  # what is sent before hangs the serial line for good
        yield guest


def _command(folder: Path, sockets: Path, kernel: Path, initramfs: Path) -> list[str]:
    card = {
        "driver": "blklogwrites",
        "node-name": "card",
        "file": {"driver": "file", "filename": str(folder / "card.img")},
        "log": {"driver": "file", "filename": str(folder / "writes.log")},
    }
    return [
        *("qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024"),
        *("-accel", "tcg,thread=multi", "-nodefaults", "-display", "none", "-no-reboot", "-S"),
        *("-kernel", str(kernel), "-initrd", str(initramfs), "-append", "console=ttyAMA0 quiet panic=-1"),
        *("-blockdev", json.dumps(card)),
        *("-device", "virtio-blk-pci,drive=card,discard=off,write-zeroes=off,write-cache=on"),
        *("-qmp", f"unix:{sockets / 'qmp'},server=on,wait=off"),
        *("-qtest", f"unix:{sockets / 'qtest'},server=on,wait=off", "-qtest-log", "none"),
        *("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"),
    ]


def _make_card(image: Path) -> None:
    """Make an ext4 that writes nothing by itself later on, so that the log holds the kit's writes."""
    with image.open("wb") as card:
        card.truncate((CARD_MIB + _SPARE_MIB) << 20)
    options = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    command = ["mkfs.ext4", "-q", "-F", "-m", "0", "-b", str(_BLOCK), "-N", "4096", "-J", "size=8", "-E", options]
    subprocess.run([*command, str(image), str((CARD_MIB << 20) // _BLOCK)], check=True)


class _Monitor:
    """QEMU's control line (QMP)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile()
        self._lines.readline()  # the greeting
        self.ask("qmp_capabilities")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **arguments: str) -> Any:
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while "return" not in (answer := json.loads(self._lines.readline())):
            assert "error" not in answer, answer
        return answer["return"]

    def device_of(self, kind: str) -> str:
        """Return the path of the machine's only device of a kind."""
        children = self.ask("qom-list", path="/machine/unattached")
        (name,) = (child["name"] for child in children if child["type"] == f"child<{kind}>")
        return f"/machine/unattached/{name}"
