"""Programs of real engines (Ceph, PostgreSQL): started in a folder, killed with SIGKILL, and started again."""

import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.peers import cpu_seconds_of
from tests.rigs.rig_stack import wait_until


class Program:
    """One program that runs until it is killed. What it writes goes to `log`. `user`: by default this process's."""

    def __init__(self, command: Sequence[str], log: Path, user: str | None = None) -> None:
        self._command = list(command)
        self._log = log
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it may not be ready yet."""
        assert self._process is None, f"{self._command[0]} runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )

    def kill(self) -> None:
        """End it at once with all that it started; one that does not run is fine."""
        if self._process is None:
            return
        children = psutil.Process(self._process.pid).children(recursive=True) if self._process.poll() is None else []
        self._process.kill()  # first, so that it starts nobody anew
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait()
        self._process = None
        wait_until(lambda: all(map(_is_dead, children)))

    def cpu_seconds(self) -> float:
        """Return the user and system time of it and all that it started, from its start."""
        assert self._process is not None
        return cpu_seconds_of(psutil.Process(self._process.pid))

    def assert_running(self) -> None:
        """Raise `AssertionError`, with the end of the log, if it has ended by itself."""
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"{self._command[0]} has ended:\n{self._log.read_text(errors='replace')[-3_000:]}")


def _is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE  # nobody has asked for its exit code yet, but it holds nothing
    except psutil.NoSuchProcess:
        return True


def run_to_end(command: Sequence[str], *, user: str | None = None, seconds: float = 120) -> str:
    """Run a program to its end; return what it printed. Raises `AssertionError` with that if it failed."""
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        timeout=seconds,
        check=False,
    )
    output = process.stdout.decode(errors="replace")
    assert process.returncode == 0, f"{' '.join(command)} ended with {process.returncode}:\n{output[-3_000:]}"
    return output


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Return whether a program listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
