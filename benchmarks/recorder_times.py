"""What people wait for: the installed recorder on the real picamera2 and libcamera, with a virtual camera.

* `button-to-film`  seconds from the record button to the first sealed second on the card, one second of which is
                    the film's own
* `stop-to-closed`  seconds from the stop button to the signed manifest and a dark tally
* `crash-to-ready`  seconds from a `kill -9` while filming to a recorder that is ready, its film closed; systemd's
                    RestartSec is added, systemd's own work is not

There is no peer but a limit. It needs root and Debian: it films in a trixie folder (`tests/rigs/trixie.py`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.errors import FilmingFailed
from tests.rigs import kit_package, trixie
from tests.rigs.machine import machine
from tests.rigs.pi_kit import PiKit
from tests.rigs.rig_stack import RigStack, wait_until

RUNS = 5
_LIMITS = (3.0, 1.0, 5.0)
_RESTART_SECONDS = 0.5  # RestartSec of the unit
_FILM_SECONDS = 3.0
_NO_SERVICE = "http://127.0.0.1:9"


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Film, stop, film, kill, in turn. Raises `FilmingFailed`."""
    begun, closed, back = [], [], []
    try:
        with _kit(folder) as kit:
            for _ in range(RUNS):
                with kit.recorder() as recorder:
                    recorder.wait_for("ready")
                    begun.append(recorder.begin_film())
                    time.sleep(_FILM_SECONDS)
                    stopped = time.monotonic()
                    recorder.do("press agree")
                    recorder.wait_for("ready")
                    wait_until(lambda: (status := recorder.status()) is not None and not status.tally)
                    closed.append(time.monotonic() - stopped)
                    recorder.begin_film()
                    recorder.process.kill()
                    recorder.process.wait()
                    killed = time.monotonic()
                with kit.recorder() as recorder:
                    recorder.wait_for("ready")
                    back.append(time.monotonic() - killed + _RESTART_SECONDS)
                tick()
    except AssertionError as reason:
        raise FilmingFailed(f"The recorder did not do as it was told: {reason}") from None
    return [Samples(ours, [limit] * RUNS, "limit") for ours, limit in zip((begun, closed, back), _LIMITS, strict=True)]


@contextmanager
def _kit(folder: Path) -> Iterator[PiKit]:
    for name in ("films", "over", "package"):
        (folder / name).mkdir()
    with machine(over=trixie.folder(), writable=folder / "over", shared=[folder / "films"]) as pi:
        kit_package.install(pi, folder / "package")
        stack = RigStack(folder / "films" / "kit")
        stack.add_kit(_NO_SERVICE)
        yield PiKit(stack, pi)


BENCHMARK = Benchmark(
    tuple(
        Claim(name, "s", Goal(Bound.AT_MOST, 1.0)) for name in ("button-to-film", "stop-to-closed", "crash-to-ready")
    ),
    RUNS,
    measure,
)
