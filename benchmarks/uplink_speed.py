"""How fast the uplink brings a film to the agency over two links, against `curl -T` of one file as large.

A running uplink finds a closed film in its spool; the clock stops when the receipt is verified and kept. In that time
are a session, a signed request for each second of film, its SHA-256 and fsync, and the manifest. curl sends one file to
nginx, and its clock stops when nginx has it; nobody makes it durable. Each turn has an uplink that was just started.

* `uplink-slow`  Mbit/s of film on a link of 2 Mbit/s, 100 ms each way, 1 % of packets lost
* `uplink-fast`  Mbit/s of film on a link of 20 Mbit/s, 30 ms each way
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import senders
from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.kit_on_link import bytes_of, kit_on_link
from benchmarks.source_film import source_film
from tests.rigs.wire import Shape

RUNS = 3


class _Course(NamedTuple):
    shape: Shape
    film_seconds: int


_COURSES = (_Course(Shape(2e6, delay=0.1, loss=0.01), 14), _Course(Shape(20e6, delay=0.03), 60))


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Send films, ours and the peer's in turn. Raises `BenchmarkError`."""
    source = source_film(folder.parent / "cache")
    with (
        kit_on_link(folder / "ours", source) as (kit, link),
        senders.curl(folder / "curl", link.at_kit, kit.agency_end) as curl,
    ):
        samples = []
        for shape, seconds in _COURSES:
            ours, peer = [], []
            for run in range(RUNS):
                film = kit.film(seconds)
                file = folder / f"film-{seconds}-{run}"
                file.write_bytes(os.urandom(bytes_of(film)))
                link.shape(shape)
                with kit.uplink() as uplink:
                    sent = kit.send(uplink, film)
                ours.append(_mbit_per_s(sent.size, sent.seconds))
                peer.append(_mbit_per_s(sent.size, curl.send(file)))
                tick()
            samples.append(Samples(ours, peer, curl.name))
    return samples


def _mbit_per_s(size: int, seconds: float) -> float:
    return size * 8 / seconds / 1e6


BENCHMARK = Benchmark(
    tuple(Claim(name, "Mbit/s", Goal(Bound.AT_LEAST, 0.95)) for name in ("uplink-slow", "uplink-fast")),
    RUNS * len(_COURSES),
    measure,
)
