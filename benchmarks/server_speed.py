"""What taking in parts costs, and how fast it goes: our service, tuspyserver and nginx, in turn.

Clients put parts of 1 MiB over loopback, each on one connection that it keeps, with requests that were made before
(`benchmarks.load`). CPU is user and system time of all of a server's processes while it takes them in.

* `server-cpu`         CPU seconds per GB (10^9 bytes) at 8 clients, against tuspyserver
* `server-cpu-nginx`   the same figures of ours, against nginx WebDAV; `-buffered`: with a buffer for a part, to inform
* `server-throughput`  MB/s by the clock at 8 clients, against tuspyserver; `-1` and `-32`: at 1 and 32, to inform

Ours is `companion-api serve`: for each part a signature of the kit, its SHA-256, fsync of file and folder, and a
committed row in the database. tuspyserver and nginx have none of these.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import tus
from benchmarks.card import give_back, warm_memory
from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.fleet import Bodies, Fleet
from benchmarks.load import Request, sender
from benchmarks.servers import Server, companion_api, nginx, tuspyserver

RUNS = 5
_OTHER_RUNS = 3  # of what only informs
_CLIENTS = 8
_OTHER_CLIENTS = (1, 32)
_PARTS = {1: 96, 8: 48, 32: 8}  # of each client, by the number of clients
_WARM_UP_PARTS = 4
_PART_SIZE = 1 << 20

Requests = list[list[Request]]


class Rival(NamedTuple):
    """A server, where it puts parts, and what makes the requests by which each client sends its body so many times."""

    server: Server
    files: str
    requests: Callable[[Bodies, int], Requests]


class Turn(NamedTuple):
    """How a server took in parts."""

    cpu_per_gb: float
    mb_per_s: float


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Let all of them take in parts from 8 clients. Raises `BenchmarkError`."""
    with _rivals(folder) as rivals:
        ours, tuspy, *webdav = _turns(folder, rivals, _CLIENTS, RUNS, tick)
    names = [rival.server.name for rival in rivals]
    return [
        Samples(_cpu(ours), _cpu(tuspy), names[1]),
        *(Samples(_cpu(ours), _cpu(turns), name) for turns, name in zip(webdav, names[2:], strict=True)),
        Samples(_speed(ours), _speed(tuspy), names[1]),
    ]


def measure_one_and_many(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Let ours and tuspyserver take in parts from one client, and from many. Raises `BenchmarkError`."""
    samples = []
    with _rivals(folder) as (ours, tuspy, *_):
        for clients in _OTHER_CLIENTS:
            our_turns, tus_turns = _turns(folder, [ours, tuspy], clients, _OTHER_RUNS, tick)
            samples.append(Samples(_speed(our_turns), _speed(tus_turns), tuspy.server.name))
    return samples


@contextmanager
def _rivals(folder: Path) -> Iterator[list[Rival]]:
    fleet = Fleet(folder, max(_PARTS))
    with ExitStack() as running:
        ours = running.enter_context(companion_api(folder / "ours", fleet))
        fleet.begin_sessions(ours.address)
        yield [
            Rival(ours, "ours/store/films/*/parts/*", partial(_our_requests, fleet)),
            Rival(running.enter_context(tuspyserver(folder / "tus")), f"tus/{'?' * 32}", _tus_requests),
            *(
                Rival(
                    running.enter_context(nginx(folder / name, buffers_parts=buffers)), f"{name}/files/*/*", _to_webdav
                )
                for name, buffers in (("nginx", False), ("nginx-buffered", True))
            ),
        ]


def _turns(folder: Path, rivals: list[Rival], clients: int, runs: int, tick: Callable[[], None]) -> list[list[Turn]]:
    """Return the turns of each rival."""
    with sender() as send:

        def take_in(rival: Rival, parts: int) -> Turn:
            bodies = Bodies(os.urandom(_PART_SIZE) for _ in range(clients))
            requests = rival.requests(bodies, parts)
            os.sync()  # what the one before wrote is not on this one's account
            warm_memory()
            before = rival.server.cpu_seconds()
            load = send(rival.server.address, requests, bodies.contents)
            seconds = rival.server.cpu_seconds() - before
            give_back(folder.glob(rival.files))
            size = clients * parts * _PART_SIZE
            return Turn(seconds / size * 1e9, size / load.seconds / 1e6)

        for rival in rivals:
            take_in(rival, _WARM_UP_PARTS)
        turns = []
        for _ in range(runs):
            turns.append([take_in(rival, _PARTS[clients]) for rival in rivals])
            tick()
    return [list(its) for its in zip(*turns, strict=True)]


def _our_requests(fleet: Fleet, bodies: Bodies, parts: int) -> Requests:
    """Return the parts of a new film for each client, which is a kit."""
    kits = fleet.kits[: len(bodies.contents)]
    for kit in kits:
        kit.begin_film()
    return [[kit.put(f"parts/{part}", bodies, client) for part in range(parts)] for client, kit in enumerate(kits)]


def _tus_requests(bodies: Bodies, parts: int) -> Requests:
    """Return an upload for each part."""
    return [
        [request for _ in range(parts) for request in tus.upload(client, _PART_SIZE)]
        for client in range(len(bodies.contents))
    ]


def _to_webdav(bodies: Bodies, parts: int) -> Requests:
    """Return a new folder's files for each client."""
    head = f"HTTP/1.1\r\nHost: companion\r\nContent-Length: {_PART_SIZE}\r\n\r\n"
    return [
        [Request(f"PUT /{folder}/{part:05d} {head}", client, 201) for part in range(parts)]
        for client, folder in ((client, uuid.uuid4()) for client in range(len(bodies.contents)))
    ]


def _cpu(turns: list[Turn]) -> list[float]:
    return [turn.cpu_per_gb for turn in turns]


def _speed(turns: list[Turn]) -> list[float]:
    return [turn.mb_per_s for turn in turns]


BENCHMARK = Benchmark(
    (
        Claim("server-cpu", "CPU s per GB", Goal(Bound.AT_MOST, 0.5)),
        Claim("server-cpu-nginx", "CPU s per GB", Goal(Bound.AT_MOST, 3.0)),
        Claim("server-cpu-nginx-buffered", "CPU s per GB", None),
        Claim("server-throughput", "MB/s", Goal(Bound.AT_LEAST, 3.0)),
    ),
    RUNS,
    measure,
)
ONE_AND_MANY = Benchmark(
    tuple(Claim(f"server-throughput-{clients}", "MB/s", None) for clients in _OTHER_CLIENTS),
    _OTHER_RUNS * len(_OTHER_CLIENTS),
    measure_one_and_many,
)
