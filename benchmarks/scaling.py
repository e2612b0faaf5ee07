"""How many parts one, two and four workers of the service take in, on PostgreSQL and Ceph, on one machine.

Clients put parts of 1 MiB as in `server_speed`; each part costs a signature, its SHA-256, a durable object in Ceph and
a committed row in PostgreSQL. The three services share both engines and take turns.

* `scaling-2`, `scaling-4`  MB/s by the clock of two and four workers, against one
* `scaling-cpu`             CPU seconds per GB of the service itself with four workers, against one

The engines and the load run on the same cores, so the machine is full long before the service is: the picture shows
where it is full, and whose the CPU time was. Where root allows it, it also shows workers that are held to a share of a
core each, so that the machine is not full. These entries only inform.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from statistics import median

import psutil

from benchmarks.card import warm_memory
from benchmarks.claim import Benchmark, Claim, Samples
from benchmarks.errors import ServerFailed
from benchmarks.fleet import Bodies, Fleet
from benchmarks.held import held
from benchmarks.load import Load, Send, sender
from benchmarks.scaling_picture import Point, picture
from benchmarks.servers import Server, companion_api
from tests.rigs.ceph import Ceph, running_ceph
from tests.rigs.postgres import Postgres, running_postgres

WORKERS = (1, 2, 4)
RUNS = 7
PICTURE = "scaling.svg"
_CLIENTS = 16
_PARTS = 24  # of each client in a turn
_HELD_PARTS = 4  # the same, for each worker that is held
_WARM_UP_PARTS = 6
_SHARE = 0.1  # of a core, for each worker that is held
_PART_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Turns:
    """What was measured with so many workers, for each turn.

    MB/s, and the same when workers are held; CPU seconds per GB by whose they were, and the share of the cores' time
    that others took meanwhile.
    """

    mb_per_s: list[float] = field(default_factory=list)
    held_mb_per_s: list[float] = field(default_factory=list)
    cpu_per_gb: list[dict[str, float]] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    @property
    def service_cpu(self) -> list[float]:
        return [cpu["service"] for cpu in self.cpu_per_gb]


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Let the services take in parts in turn, and leave the picture in `folder`. Raises `BenchmarkError`."""
    fleet, turns = Fleet(folder, _CLIENTS), {workers: _Turns() for workers in WORKERS}
    with _agency(folder, fleet) as (services, engines), sender() as send:
        for service in services.values():
            _take_in(fleet, service, engines, send, _WARM_UP_PARTS)
        for _ in range(RUNS):
            for workers, service in services.items():
                speed, cpu, others = _take_in(fleet, service, engines, send, _PARTS)
                turns[workers].mb_per_s.append(speed)
                turns[workers].cpu_per_gb.append(cpu)
                turns[workers].others.append(others)
                with suppress(OSError), held(service.workers(), _SHARE):  # else there is no such curve
                    speed, _, _ = _take_in(fleet, service, engines, send, _HELD_PARTS * workers)
                    turns[workers].held_mb_per_s.append(speed)
            tick()
    cores = len(os.sched_getaffinity(0))
    points = [Point.of(n, its.mb_per_s, its.held_mb_per_s, its.cpu_per_gb) for n, its in turns.items()]
    others = median(share for its in turns.values() for share in its.others)
    (folder / PICTURE).write_text(picture(points, cores, _CLIENTS, others, _SHARE), "utf-8")
    one, two, four = (turns[workers] for workers in WORKERS)
    return [
        Samples(two.mb_per_s, one.mb_per_s, "1 worker"),
        Samples(four.mb_per_s, one.mb_per_s, "1 worker"),
        Samples(four.service_cpu, one.service_cpu, "1 worker"),
    ]


@contextmanager
def _agency(folder: Path, fleet: Fleet) -> Iterator[tuple[dict[int, Server], dict[str, Ceph | Postgres]]]:
    """Run the engines, and a service for each number of workers, with a database and a store of its own."""
    with ExitStack() as running:
        try:
            ceph = running.enter_context(running_ceph(folder / "ceph"))
            postgres = running.enter_context(running_postgres())
        except (AssertionError, FileNotFoundError) as reason:
            raise ServerFailed(
                f"Ceph or PostgreSQL did not start ({reason}). Next step: as root, make bench ONLY=scaling-2"
            ) from None
        services = {}
        for workers in WORKERS:
            database = running.enter_context(postgres.database())
            flags = ("--store", ceph.address(), "--database", database, "--workers", str(workers))
            data = folder / f"service-{workers}"
            services[workers] = running.enter_context(companion_api(data, fleet, *flags, environment=ceph.environment))
        fleet.begin_sessions(services[1].address)  # all have the same receipt key, and so know each other's sessions
        yield services, {"Ceph": ceph, "PostgreSQL": postgres}


def _take_in(
    fleet: Fleet, service: Server, engines: Mapping[str, Ceph | Postgres], send: Send, parts: int
) -> tuple[float, dict[str, float], float]:
    """Return MB/s, CPU seconds per GB of service, engines and load, and the share of the cores that others took."""
    bodies = Bodies(os.urandom(_PART_SIZE) for _ in fleet.kits)
    for kit in fleet.kits:
        kit.begin_film()
    requests = [
        [kit.put(f"parts/{part}", bodies, client) for part in range(parts)] for client, kit in enumerate(fleet.kits)
    ]
    measured: dict[str, Server | Ceph | Postgres] = {"service": service, **engines}
    os.sync()
    warm_memory()
    before, busy = {name: its.cpu_seconds() for name, its in measured.items()}, _busy()
    load = send(service.address, requests, bodies.contents)
    seconds = {name: its.cpu_seconds() - before[name] for name, its in measured.items()} | {"load": load.cpu_seconds}
    busy_by_others, idle = (now - then for now, then in zip(_busy(), busy, strict=True))
    busy_by_others -= sum(seconds.values())
    size = _CLIENTS * parts * _PART_SIZE
    others = busy_by_others / (busy_by_others + idle + sum(seconds.values()))
    return _parts_per_s(load) * _PART_SIZE / 1e6, {name: its / size * 1e9 for name, its in seconds.items()}, others


def _parts_per_s(load: Load) -> float:
    """Return how many parts were taken in a second, until the first client had no more to send.

    The kernel deals clients out to workers by chance; later, a worker with few of them has nothing left to do.
    """
    ends = [list(accumulate(answer.seconds for answer in answers)) for answers in load.answers]
    until = min(its[-1] for its in ends)
    return sum(end <= until for its in ends for end in its) / until


def _busy() -> tuple[float, float]:
    """Return the seconds that all cores were busy, and that they were not, since the machine's start."""
    times = psutil.cpu_times()
    idle = times.idle + times.iowait
    return sum(times) - times.guest - times.guest_nice - idle, idle


BENCHMARK = Benchmark(
    (
        Claim("scaling-2", "MB/s", None),
        Claim("scaling-4", "MB/s", None),
        Claim("scaling-cpu", "CPU s per GB", None),
    ),
    RUNS,
    measure,
    (PICTURE,),
)
