"""The programs that others would send a film with, each as one file to a plain server of its own, over any link.

* curl: `curl -T` to nginx's WebDAV. What cut it off is not taken up again: it begins anew.
* tus: tus-py-client to tuspyserver, the whole file in one PATCH (its default, and its fastest); what failed is repeated
  from the offset that the server has. It has no time-out, and one would not help: tuspyserver keeps an upload locked
  for a connection that it has not seen end, and refuses another after 30 s (503) in which it answers nobody. So an
  outage is left to the kernel's own tries.
* rsync: `--append-verify` to a daemon, with a time-out, and called again until it succeeds.

Whoever needs more than three minutes for a file ends the run with an error.

None of their servers makes a file durable before it says that it has it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks.errors import PeerFailed
from benchmarks.peers import program
from benchmarks.servers import HERE, Place, nginx, rsync_daemon, tuspyserver

Command = Callable[..., list[str]]
_MOST_SECONDS = 180
_RSYNC_IDLE_SECONDS = 10  # without a byte; as usual for unattended calls, and less than any outage measured
_AGAIN_SECONDS = 1.0


class Sender(NamedTuple):
    """`send(file)` returns the seconds until the other end has said that it has the file. Raises `PeerFailed`."""

    name: str
    send: Callable[[Path], float]


@contextmanager
def curl(folder: Path, at_kit: Command, place: Place = HERE) -> Iterator[Sender]:
    """curl, from where `at_kit` runs its command to an nginx at `place`."""
    path = program("curl")
    release = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    with nginx(folder, place) as server:
        host, port = server.address

        def send(file: Path) -> float:
            # without "Expect", which would cost it another round trip
            command = at_kit(path, "-sS", "-f", "-H", "Expect:", "-T", str(file), f"http://{host}:{port}/{file.name}")
            began = time.monotonic()
            _run(command)
            seconds = time.monotonic() - began
            _take_away(folder / "files" / file.name, file)
            return seconds

        yield Sender(f"curl {release} -T to {server.name}", send)


@contextmanager
def tus(folder: Path, at_kit: Command, place: Place = HERE) -> Iterator[Sender]:
    """tus-py-client. Its clock begins when it is loaded."""
    with tuspyserver(folder, place) as server:
        url = f"http://{server.address[0]}:{server.address[1]}/files"

        def send(file: Path) -> float:
            said = _run(at_kit(sys.executable, "-m", "benchmarks.tus_client", url, str(file))).split()
            _take_away(folder / said[1], file)
            return float(said[0])

        yield Sender(f"tus-py-client {version('tuspy')} to {server.name}", send)


@contextmanager
def rsync(folder: Path, at_kit: Command, place: Place = HERE) -> Iterator[Sender]:
    """rsync, called again and again."""
    path = program("rsync")
    with rsync_daemon(folder, place) as server:
        url = f"rsync://{server.address[0]}:{server.address[1]}/films/"

        def send(file: Path) -> float:
            patience = [f"--timeout={_RSYNC_IDLE_SECONDS}", f"--contimeout={_RSYNC_IDLE_SECONDS}"]
            command = at_kit(path, "--append-verify", *patience, str(file), url)
            began = time.monotonic()
            while not _succeeds(command):
                if time.monotonic() > began + _MOST_SECONDS:
                    raise PeerFailed(f"rsync did not bring its file over in {_MOST_SECONDS} s.")
                time.sleep(_AGAIN_SECONDS)
            seconds = time.monotonic() - began
            _take_away(folder / "films" / file.name, file)
            return seconds

        yield Sender(f"{server.name} --append-verify, again until it succeeds", send)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_MOST_SECONDS, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MOST_SECONDS, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as reason:
        said = reason.stderr or b""
        raise PeerFailed(f"{command} did not bring its file over: {said[-500:]!r}") from None
    return done.stdout


def _take_away(arrived: Path, sent: Path) -> None:
    """Remove what has arrived. Raises `PeerFailed` if it is not the whole file."""
    if not arrived.exists() or arrived.read_bytes() != sent.read_bytes():
        raise PeerFailed(f"{arrived} is not what was sent. Its own message stands above.")
    arrived.unlink()
