"""What the uplink costs the kit: CPU per GB of film, and memory that does not grow, over loopback and no bad link.

* `uplink-cpu-tus`       CPU seconds per GB (10^9 bytes), against tus-py-client; `uplink-cpu-curl`: against curl
* `uplink-memory-films`  MiB by which the uplink grows from the tenth to the thirtieth film of a week in the field
* `uplink-memory-hour`   MiB by which it grows while it then sends a film of an hour

Ours, for each second of film: read, hash twice, sign, send; and list, erase and report. Its start is left out, as a
kit's uplink runs for days. The peers read one file as large as the ten films of a turn; theirs are whole processes.
"""

import os
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from benchmarks import senders
from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.errors import UplinkFailed
from benchmarks.kit_on_link import KitOnLink, bytes_of
from benchmarks.peers import cpu_seconds_of
from benchmarks.source_film import source_film
from device.spooled_film import SpooledFilm

RUNS = 3
FILMS, FILM_SECONDS, HOUR_SECONDS = 10, 20, 3600
_LIMIT_MIB = 5.0
_MIB = 1 << 20
_LOOK_SECONDS, _MOST_SECONDS = 0.1, 900.0


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Send films, ours and the peers' in turn, and then the hour. Raises `BenchmarkError`."""
    kit = KitOnLink(folder / "ours", source_film(folder.parent / "cache"), None)
    ours: list[float] = []
    theirs: list[list[float]] = [[], []]
    sizes: list[int] = []
    with (
        kit.service() as address,
        senders.tus(folder / "tus", _here) as tus,
        senders.curl(folder / "curl", _here) as curl,
    ):
        kit.add_kit(address)
        with kit.uplink() as uplink:
            process = psutil.Process(uplink.pid)
            for run in range(RUNS):
                films = [kit.film(FILM_SECONDS) for _ in range(FILMS)]
                file = folder / f"films-{run}"
                file.write_bytes(os.urandom(sum(map(bytes_of, films))))
                gb = file.stat().st_size / 1e9
                before = cpu_seconds_of(process)
                sizes.append(_largest_while_sending(kit, process, films))
                ours.append((cpu_seconds_of(process) - before) / gb)
                for peer, its in zip((tus, curl), theirs, strict=True):
                    before = _cpu_of_children()
                    peer.send(file)
                    its.append((_cpu_of_children() - before) / gb)
                file.unlink()
                tick()
            at_rest = process.memory_info().rss
            hour = _largest_while_sending(kit, process, [kit.film(HOUR_SECONDS)])
            tick()
    return [
        Samples(ours, theirs[0], tus.name),
        Samples(ours, theirs[1], curl.name),
        Samples([max(0, max(sizes[1:]) - sizes[0]) / _MIB], [_LIMIT_MIB], "limit"),
        Samples([max(0, hour - at_rest) / _MIB], [_LIMIT_MIB], "limit"),
    ]


def _largest_while_sending(kit: KitOnLink, process: psutil.Process, films: Sequence[SpooledFilm]) -> int:
    """Put films into the spool, wait until the last is erased, and return the most resident bytes meanwhile."""
    left = [kit.hand_over(film) for film in films]
    largest, until = 0, time.monotonic() + _MOST_SECONDS
    while left := [film for film in left if film.folder.exists()]:
        if not process.is_running() or time.monotonic() > until:
            raise UplinkFailed(f"The uplink did not bring its films to the agency: {kit.log('uplink')[-500:]}")
        largest = max(largest, process.memory_info().rss)
        time.sleep(_LOOK_SECONDS)
    return largest


def _cpu_of_children() -> float:
    """Return the CPU seconds of all children that have ended: of senders, as the servers still run."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _here(*command: str) -> list[str]:
    return [*command]


BENCHMARK = Benchmark(
    (
        Claim("uplink-cpu-tus", "CPU s per GB", None),
        Claim("uplink-cpu-curl", "CPU s per GB", None),
        Claim("uplink-memory-films", "MiB growth in twenty films", Goal(Bound.AT_MOST, 1.0)),
        Claim("uplink-memory-hour", "MiB growth in one film", Goal(Bound.AT_MOST, 1.0)),
    ),
    RUNS + 1,
    measure,
)
