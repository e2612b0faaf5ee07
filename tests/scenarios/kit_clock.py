"""`kit-device clock` as kit-clock.socket runs it, but that this machine's clock is not touched.

strace answers in the kernel's place: the clock is not synchronised, and every setting succeeds. What would have been
set is in its log, as strace reads the system calls.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.rigs.rig_stack import wait_until

UNSYNCHRONISED, SYNCHRONISED = 5, 0  # TIME_ERROR and TIME_OK of adjtimex(2)

needs_strace = pytest.mark.skipif(
    not (shutil.which("strace") and shutil.which("systemd-socket-activate")),
    reason="strace, systemd-socket-activate: apt-get install strace systemd",
)


@dataclass
class KitClock:
    """What the command would have done to the clock: times in seconds since 1970, errors in seconds."""

    config: Path
    log: Path
    kernel_says: int = UNSYNCHRONISED
    set_to: list[float] = field(default_factory=list)
    vouched: list[float] = field(default_factory=list)

    @property
    def command(self) -> list[str]:
        """How the command is called under strace."""
        return [
            *("strace", "--follow-forks", "--quiet=all", "--output", str(self.log)),
            "--trace=clock_settime,clock_adjtime,adjtimex,settimeofday",
            *(
                "--inject=clock_settime,settimeofday:retval=0",
                f"--inject=clock_adjtime,adjtimex:retval={self.kernel_says}",
            ),
            *(sys.executable, "-m", "device", "--config", str(self.config), "clock"),
        ]

    def read_log(self) -> None:
        """Fill in what was done."""
        said = self.log.read_text()
        self.set_to = [
            float(f"{s}.{n:0>9}") for s, n in re.findall(r"clock_settime\(.*tv_sec=(\d+), tv_nsec=(\d+)", said)
        ]
        self.vouched = [int(us) / 1e6 for us in re.findall(r"modes=ADJ_MAXERROR\|ADJ_STATUS.* maxerror=(\d+)", said)]

    def ask(self, answer: Callable[[str], str]) -> str:
        """Play the uplink, whose answer to a nonce is given; return what the command says became of it."""
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin
            assert process.stdout
            nonce = process.stdout.readline().decode().strip()
            process.stdin.write(answer(nonce).encode() + b"\n")
            process.stdin.close()
            verdict = process.stdout.readline().decode().strip()
        assert process.returncode == 0
        self.read_log()
        return verdict

    @contextmanager
    def listening(self, socket: Path) -> Iterator[None]:
        """Let systemd's own tool start the command for whoever connects, as a socket unit with Accept=yes does."""
        command = ["systemd-socket-activate", "--accept", "--inetd", f"--listen={socket}", *self.command]
        with subprocess.Popen(command) as process:
            try:
                wait_until(socket.is_socket, 10)
                yield
            finally:
                process.send_signal(signal.SIGTERM)
