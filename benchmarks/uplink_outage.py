"""A film on its way when the link stops in the middle: seconds until it is at the other end, against tus and rsync.

The link has 20 Mbit/s and 30 ms each way. When half of the time that the film needs is over, it swallows everything for
half a minute, as where a practitioner walks through a cellar; addresses and connections stay what they were. Each peer
sends one file of the film's size, and takes it up again in the best of its usual ways (`benchmarks.senders`). Two turns
take five minutes, and hardly differ: what counts is when each tries again.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import senders
from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.kit_on_link import bytes_of, kit_on_link
from benchmarks.source_film import source_film
from tests.rigs.bad_link import BadLink
from tests.rigs.wire import Shape

RUNS = 2
_SHAPE, _DOWN = Shape(20e6, delay=0.03), Shape(20e6, delay=0.03, down=True)
_FILM_SECONDS = 40
_AFTER_SECONDS, _DOWN_SECONDS = 4.5, 30.0  # the film needs nine


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Send films, ours and the peers' in turn. Raises `BenchmarkError`."""
    source = source_film(folder.parent / "cache")
    with kit_on_link(folder / "ours", source) as (kit, link), ExitStack() as ready:
        peers = [
            ready.enter_context(sender(folder / name, link.at_kit, kit.agency_end))
            for name, sender in (("tus", senders.tus), ("rsync", senders.rsync))
        ]
        link.shape(_SHAPE)
        ours: list[float] = []
        theirs: list[list[float]] = [[] for _ in peers]
        for run in range(RUNS):
            film = kit.film(_FILM_SECONDS)
            file = folder / f"film-{run}"
            file.write_bytes(os.urandom(bytes_of(film)))
            with kit.uplink() as uplink, _outage(link):
                ours.append(kit.send(uplink, film).seconds)
            for peer, its in zip(peers, theirs, strict=True):
                with _outage(link):
                    its.append(peer.send(file))
            tick()
    return [Samples(ours, its, peer.name) for peer, its in zip(peers, theirs, strict=True)]


@contextmanager
def _outage(link: BadLink) -> Iterator[None]:
    """Let the link stop after a while, and come back."""

    def stop_and_go() -> None:
        time.sleep(_AFTER_SECONDS)
        link.shape(_DOWN)
        time.sleep(_DOWN_SECONDS)
        link.shape(_SHAPE)

    outage = threading.Thread(target=stop_and_go)
    outage.start()
    try:
        yield
    finally:
        outage.join()


BENCHMARK = Benchmark(
    tuple(Claim(f"uplink-outage-{peer}", "s", Goal(Bound.AT_MOST, 1.0)) for peer in ("tus", "rsync")), RUNS, measure
)
