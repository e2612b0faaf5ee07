"""The servers that are measured: our service as it is run, and its peers, each as its documents show it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import psutil

from benchmarks.errors import ServerFailed
from benchmarks.fleet import Fleet
from benchmarks.load import Address
from benchmarks.peers import cpu_seconds_of, program
from tests.rigs.engine import free_port

TUSPYSERVER = f"tuspyserver {version('tuspyserver')}"
_START_SECONDS = 30
_END_SECONDS = 30
_LISTEN = "0A"  # TCP_LISTEN in include/net/tcp_states.h
_NGINX = """
daemon off; worker_processes auto; user root; pid nginx.pid; error_log stderr;
events {{ worker_connections 768; }}
http {{
    sendfile on; tcp_nopush on; access_log off; client_body_temp_path arriving;
    client_max_body_size 0;{buffer}
    server {{ listen {host}:{port}; root {root}; location / {{ dav_methods PUT; create_full_put_path on; }} }}
}}
"""


class Place(NamedTuple):
    """Where a server runs: the address that it listens on, and the words before its command that bring it there."""

    host: str
    command: Callable[..., list[str]] = lambda *words: list(words)


HERE = Place("127.0.0.1")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    name: str
    address: Address
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the user and system time of all its processes, from their start."""
        return cpu_seconds_of(self.process)

    def workers(self) -> list[psutil.Process]:
        """Return the processes of our service that take requests; itself, if it has no workers."""
        return [child for child in self.process.children() if _is_worker(child)] or [self.process]

    def resident(self) -> int:
        """Return the resident memory of all its processes in bytes."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)


def settings_of(folder: Path, fleet: Fleet) -> list[str]:
    """Return, as flags, what every command of our service must be given."""
    return [
        *("--config", os.devnull, "--data", str(folder), "--receipt-key", str(fleet.receipt_key)),
        *("--directory", str(fleet.directory_file), f"--root={fleet.root}"),
    ]


@contextmanager
def companion_api(
    folder: Path, fleet: Fleet, *settings: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """Run `companion-api serve` with its data in `folder`, and further settings as flags. Raises `ServerFailed`.

    `environment`: what it has besides that of this process, as a bucket's credentials. Its log is beside `folder`.
    """
    given = [*settings_of(folder, fleet), "--port", "0", *settings]
    command = [sys.executable, "-m", "companion_api", "serve", *given]
    with _announcing("companion-api", command, folder, environment) as server:
        yield server


@contextmanager
def tuspyserver(folder: Path, place: Place = HERE) -> Iterator[Server]:
    """Run tuspyserver with its files in `folder`, under uvicorn with our service's options. Raises `ServerFailed`."""
    command = place.command(sys.executable, "-m", "benchmarks.tus", str(folder), place.host)
    with _announcing(TUSPYSERVER, command, folder) as server:
        yield server


@contextmanager
def nginx(folder: Path, place: Place = HERE, *, buffers_parts: bool = False) -> Iterator[Server]:
    """Run nginx with WebDAV, its files in `folder`. Raises `PeerMissing` and `ServerFailed`.

    It has what Debian's nginx.conf sets. `buffers_parts`: and a buffer for a whole part, for which it takes less than
    half of the CPU time; by itself it has 16 KiB.
    """
    path = program("nginx")
    (folder / "files").mkdir(parents=True)
    address = (place.host, free_port())
    config = folder / "nginx.conf"
    buffer = " client_body_buffer_size 2m;" if buffers_parts else ""
    config.write_text(_NGINX.format(host=place.host, port=address[1], root=folder / "files", buffer=buffer))
    name = f"{_nginx_name(path)}, parts buffered" if buffers_parts else _nginx_name(path)
    command = place.command(path, "-p", str(folder), "-c", str(config), "-e", "stderr")
    with _running(command, folder, {}) as process:
        _wait_until_listening(name, address, process)
        yield Server(name, address, psutil.Process(process.pid))


@contextmanager
def _announcing(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    with _running(command, folder, environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        if "listening on http://" not in line:
            raise ServerFailed(f"{name} did not start: {log_of(folder).read_text('utf-8', 'replace')[-500:]}")
        host, _, port = line.split("//")[1].strip().rpartition(":")
        yield Server(name, (host, int(port)), psutil.Process(process.pid))


@contextmanager
def _running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log_of(folder).open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, env={**os.environ, **environment}
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def log_of(folder: Path) -> Path:
    """Return the log of the server whose files are in `folder`."""
    return folder.with_name(f"{folder.name}.log")


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in process.cmdline())
    except psutil.NoSuchProcess:  # it has just ended
        return False


def _nginx_name(path: str) -> str:
    answer = subprocess.run([path, "-v"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"nginx/([\d.]+)", answer)
    return f"nginx {found[1] if found else '?'} WebDAV"


@contextmanager
def rsync_daemon(folder: Path, place: Place = HERE) -> Iterator[Server]:
    """Run an rsync daemon whose one module, `films`, is in `folder`. Raises `PeerMissing` and `ServerFailed`."""
    path = program("rsync")
    (folder / "films").mkdir(parents=True)
    config = folder / "rsyncd.conf"
    config.write_text(f"use chroot = no\nuid = root\ngid = root\n[films]\npath = {folder / 'films'}\nread only = no\n")
    address = (place.host, free_port())
    command = place.command(path, "--daemon", "--no-detach", f"--config={config}", f"--port={address[1]}")
    with _running([*command, f"--address={place.host}"], folder, {}) as process:
        _wait_until_listening("rsync", address, process)
        yield Server(_rsync_name(path), address, psutil.Process(process.pid))


def _rsync_name(path: str) -> str:
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version ([\d.]+)", answer)
    return f"rsync {found[1] if found else '?'}"


def _wait_until_listening(name: str, address: Address, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if _listens(process.pid, address[1]):
            return
        time.sleep(0.01)
    raise ServerFailed(f"{name} did not start. Is another server on port {address[1]}?")


def _listens(pid: int, port: int) -> bool:
    """Return whether somebody listens on the port where a process is (proc_pid_net(5)): its network may be another."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]
    return any(words[1].endswith(f":{port:04X}") and words[3] == _LISTEN for words in map(str.split, lines))
