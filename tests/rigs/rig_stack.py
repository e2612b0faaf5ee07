"""The whole stack of `tests.scenarios`, whose programs can be traced, and killed with all that they started."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.scenarios.stack import KIT, Stack

ROOT = Path(__file__).parents[2]
NO_SERVICE = "http://127.0.0.1:9"
_SECONDS = 60


class RigStack(Stack):
    """`prefixes` gives the words to put before a program's command (strace and the like), by the program's name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.prefixes: dict[str, Sequence[str]] = {}

    @property
    def kit_toml(self) -> Path:
        """The kit's settings file."""
        return self.agency.folder / "kits" / KIT / "kit.toml"

    def add_kit(self, service: str) -> None:
        """As `Stack.add_kit`; rigs film onto cards that have no room for fifteen minutes."""
        super().add_kit(service)
        with self.kit_toml.open("a") as toml:
            toml.write("room_minutes = 0\n")

    @property
    def store(self) -> Path:
        """Where the service keeps its objects."""
        return self.data / "store"

    @contextmanager
    def program(self, name: str, command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """As `Stack.program`."""
        words = [*self.prefixes.get(name, ()), sys.executable, "-m", *command]
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, cwd=ROOT, env=environment()
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    the_program(process).terminate()
                    try:
                        process.wait(_SECONDS)
                    except subprocess.TimeoutExpired:
                        kill(process)
                if process.stdout:
                    process.stdout.close()

    def run(self, name: str, command: list[str], seconds: float = _SECONDS) -> tuple[int, str]:
        """Run a program to its end; return its exit code and its stdout."""
        with self.program(name, command, stdout=subprocess.PIPE) as process:
            try:
                out, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                kill(process)
                raise AssertionError(f"{name} did not end in {seconds:.0f} s; see {self.logs / name}.log") from None
        return process.returncode, out.decode()

    def wait_until_filmed(self, milliseconds: int) -> None:
        """Wait until the running film is that long."""
        wait_until(lambda: (status := self.recorder_status()) is not None and status.at_ms >= milliseconds)

    def log(self, name: str) -> str:
        """Return what a program wrote to its log."""
        return (self.logs / f"{name}.log").read_text()


def wait_until(held: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Wait until `held`, which is asked again and again."""
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def the_program(process: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the program itself, which is strace's only child where it is traced."""
    itself = psutil.Process(process.pid)
    children = itself.children() if itself.name() == "strace" else []
    return children[0] if children else itself


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a program at once (SIGKILL), with what it started."""
    if process.poll() is None:
        itself = psutil.Process(process.pid)
        children = itself.children(recursive=True)
        for one in (*children, itself):
            one.kill()
        psutil.wait_procs(children, _SECONDS)  # what they had open is closed then
    process.wait()


def environment() -> dict[str, str]:
    """Return the environment of our programs: what they write is theirs, and not Python's cache."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
