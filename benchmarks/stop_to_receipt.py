"""How long a practitioner waits after the stop button: `stop-to-receipt`, seconds, for a film of ten minutes.

The film is written into the spool part by part, by what the recorder writes it with, while the uplink sends it over a
link of 20 Mbit/s and 30 ms each way. It is written at four times its pace, so that ten minutes take two and a half: the
link has to carry 16 Mbit/s and not 4. The clock runs from the last packet until the receipt is verified and kept. There
is no peer but a limit.
"""

import time
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.kit_on_link import kit_on_link
from benchmarks.source_film import packets, source_film
from footage.manifest import Ended
from tests.rigs.wire import Shape

FILM_SECONDS, PACE = 600, 4.0
_SHAPE = Shape(20e6, delay=0.03)
_LIMIT_SECONDS = 5.0


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Film and send at once. Raises `BenchmarkError`."""
    source = source_film(folder.parent / "cache")
    with kit_on_link(folder / "ours", source) as (kit, link):
        link.shape(_SHAPE)
        with kit.uplink() as uplink:
            film = kit.begin_film(kit.spool)
            began = time.monotonic()
            for packet in takewhile(lambda packet: packet.at_us < FILM_SECONDS * 1_000_000, packets(source)):
                time.sleep(max(0.0, began + packet.at_us / 1e6 / PACE - time.monotonic()))
                film.add(packet)
            stopped = time.monotonic()
            film.finish()
            film.close(Ended.STOPPED, kit.config.kit_key())
            kit.wait_for_receipt(uplink, film.spooled)
            seconds = time.monotonic() - stopped
            tick()
    return [Samples([seconds], [_LIMIT_SECONDS], "limit")]


BENCHMARK = Benchmark((Claim("stop-to-receipt", "s", Goal(Bound.AT_MOST, 1.0)),), 1, measure)
