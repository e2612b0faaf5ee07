"""A kit whose recorder is the installed one, on the virtual camera. Its films lie on this side, to be opened."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np

from device.status import RECORDER_FILE, RecorderStatus
from tests.device.hearing import Samples
from tests.device.pi.piped import PipedMicrophone
from tests.rigs.kit_package import COMMAND, PYTHON
from tests.rigs.machine import INSIDE_SUPPORT, Machine
from tests.rigs.rig_stack import RigStack

TONE_HZ, TONE_AMPLITUDE = 440, 0.3


class Recorder:
    """A running recorder and the hands on its buttons."""

    def __init__(self, stack: RigStack, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._stack = stack
        self._started = time.time()

    def do(self, line: str) -> None:
        """Do a line of a panel script."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def fault(self) -> str:
        """Return the code of what is wrong."""
        status = self.status()
        return status.fault_code if status else ""

    def status(self) -> RecorderStatus | None:
        """Return what it says; None while there is only what the recorder before it said."""
        file = self._stack.config.status / RECORDER_FILE
        if not file.exists() or file.stat().st_mtime < self._started:
            return None
        return self._stack.recorder_status()

    def wait_for(self, state: str, *, parts: int = 0, seconds: float = 30) -> float:
        """Wait until it is in a state, with that many durable parts; return how long it took."""
        began, before = time.monotonic(), self.status()
        allowed = (state, before.state if before else state)

        def reached() -> bool:
            assert self.process.poll() is None, f"the recorder ended:\n{self._stack.log('recorder')[-3_000:]}"
            status = self.status()
            assert status is None or status.state != "fault" or "fault" in allowed, status.fault
            return status is not None and status.state == state and status.parts >= parts

        while not reached():
            assert time.monotonic() < began + seconds, f"not {state} in time:\n{self._stack.log('recorder')[-3_000:]}"
            time.sleep(0.005)
        return time.monotonic() - began

    def begin_film(self) -> float:
        """Agree and record; return the seconds from the button to the first sealed picture on the card."""
        self.do("press agree")
        self.wait_for("agreed")
        self.do("press record")
        return self.wait_for("recording", parts=2)  # the init part, and the first of media


class PiKit:
    """`stack` has the agency and the kit's folders, seen under the same path inside the folder."""

    def __init__(self, stack: RigStack, pi: Machine) -> None:
        self.stack = stack
        self._pi = pi
        self.cable = stack.folder / "cable-pulled"

    @contextmanager
    def microphone(self) -> Iterator[PipedMicrophone]:
        """Plug in a microphone that hears a tone."""
        with closing(PipedMicrophone(self.stack.folder, _tone)) as microphone:
            yield microphone

    @contextmanager
    def recorder(self) -> Iterator[Recorder]:
        """Run the installed recorder; end it as systemd would on leaving."""
        with (self.stack.logs / "recorder.log").open("ab") as log:
            process = self._pi.popen(
                self._command("recorder"),
                environment=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
            try:
                yield Recorder(self.stack, process)
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(30)
                    except subprocess.TimeoutExpired:
                        process.kill()
                process.communicate()

    def selftest(self, *parts: str, seconds: float = 60) -> dict[str, Any]:
        """Run the installed self-test, and return what it says of each part."""
        process = self._pi.popen(
            self._command("selftest", "--json", *parts),
            environment=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            told, log = process.communicate(timeout=seconds)
        finally:
            process.kill()
        assert told, log.decode()[-3_000:]
        return {result["name"]: result for result in json.loads(told)["results"]}

    def _command(self, *words: str) -> list[str]:
        begin = [PYTHON, f"{INSIDE_SUPPORT}/launch.py", COMMAND, "--config", str(self.stack.kit_toml)]
        return [*begin, *words, "--rig", "pi"]

    def _environment(self) -> dict[str, str]:
        return {
            "VIRTUAL_CABLE_PULLED": str(self.cable),
            "ALSA_CONFIG_PATH": str(self.stack.folder / "alsa.conf"),  # of the microphone, if there is one
        }


def _tone(at: Samples) -> Samples:
    return np.asarray(TONE_AMPLITUDE * np.sin(2 * np.pi * TONE_HZ * at), dtype=np.float64)
