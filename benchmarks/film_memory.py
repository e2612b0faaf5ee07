"""`film-memory`: growth of resident memory over one hour of film, fed as fast as it is taken. The peer is a limit.

The hour is the source six times over, through `SealedFilm` into a spool on disk; sealed parts are removed every minute,
so that the disk does not fill. Growth is from the end of the second minute to the highest later one: what the first
minutes allocate once is not growth. The list of parts, which the manifest needs, does grow and counts.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.errors import FilmingFailed
from benchmarks.filming import begin_film, end_film
from benchmarks.source_film import SECONDS, packets, source_film
from device.sealed_film import SealedFilm

MINUTES = 60
LIMIT_MIB = 5.0
_FIRST_MINUTES = 2
_MINUTE_US = 60_000_000
_MIB = 1 << 20


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Film an hour in a child process, which tells its memory after each minute. Raises `FilmingFailed`."""
    source = source_film(folder.parent / "cache")
    command = [sys.executable, "-m", __name__, str(source), str(folder)]
    sizes = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for line in child.stdout:
            sizes.append(int(line))
            tick()
    if child.returncode != 0 or len(sizes) != MINUTES:
        raise FilmingFailed("Our own process failed. Its message stands above.")
    growth = max(sizes[_FIRST_MINUTES:]) - sizes[_FIRST_MINUTES - 1]
    return [Samples([growth / _MIB], [LIMIT_MIB], "limit")]


def _child(source: Path, folder: Path) -> None:
    film, process = begin_film(folder), psutil.Process()
    minute = 1
    for packet in packets(source, showings=MINUTES * 60 // SECONDS):
        if packet.at_us >= minute * _MINUTE_US:
            print(process.memory_info().rss, flush=True)
            minute += 1
            _remove_parts(film)
        film.add(packet)
    end_film(film)
    print(process.memory_info().rss, flush=True)


def _remove_parts(film: SealedFilm) -> None:
    for part in film.spooled.folder.glob("*.age"):
        part.unlink()


BENCHMARK = Benchmark((Claim("film-memory", "MiB growth in one hour", Goal(Bound.AT_MOST, 1.0)),), MINUTES, measure)

if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
