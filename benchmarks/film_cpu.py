"""`film-cpu`: CPU of filming, per recorded second, against `ffmpeg -c copy` piped into `age`. Encoding is left out.

Ours, a child process: mux, pad, seal, hash and durable write of a whole film of ten minutes with its manifest, through
`SealedFilm` into a spool on disk: about 600 parts, each with a post-quantum header of its own, a SHA-256, an fsync of
its file and one of its folder. Peer: two processes that make one age file, with neither hash nor fsync.

Three figures come from the same runs:

* `film-cpu`              our CPU from a packet in memory, as an encoder gives it, to the durable part. Left out:
                          reading packets from the source (a kit does not), the start of Python, a short first film.
                          Of the peer nothing is left out: it reads the source, starts twice, can't be fed otherwise.
* `film-cpu-process`      the whole child process with all of that: start, imports, first film, reading.
* `film-cpu-same-duties`  as `film-cpu`, but the peer's file is hashed and made durable too, once, at its end.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.card import card, give_back
from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.errors import FilmingFailed, PeerFailed
from benchmarks.filming import begin_film, end_film, warm_up
from benchmarks.peers import age_peer, copy_and_seal, cpu_seconds, ffmpeg_name, hash_and_sync
from benchmarks.source_film import SECONDS, packets, source_film

RUNS = 9
_GROUP = 72  # packets: about one second
_MS = 1000 / SECONDS  # from CPU seconds of a film to ms per recorded second
_UNIT = "CPU ms per recorded s"


class _Turn(NamedTuple):
    filming: float
    process: float
    copying: float
    duties: float


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Let ours and the peer film in turn."""
    source = source_film(folder.parent / "cache")
    age = age_peer()
    peer_name = f"{ffmpeg_name()} -c copy | {age.name}"
    turns = []
    with card(folder) as disk:
        for run in range(RUNS):
            filming, process = _film(source, disk / f"spool-{run}")
            sealed = disk / f"peer-{run}.age"
            copying = copy_and_seal(source, age, sealed)
            turns.append(_Turn(filming, process, copying, hash_and_sync(sealed)))
            give_back(disk.rglob("*.age"))
            tick()
    alone = [turn.copying * _MS for turn in turns]
    return [
        Samples([turn.filming * _MS for turn in turns], alone, peer_name),
        Samples([turn.process * _MS for turn in turns], alone, peer_name),
        Samples(
            [turn.filming * _MS for turn in turns],
            [(turn.copying + turn.duties) * _MS for turn in turns],
            f"{peer_name}, then SHA-256, fsync",
        ),
    ]


def _film(source: Path, spool: Path) -> tuple[float, float]:
    """Film in a child process; return the CPU seconds of filming, and those of the whole process."""
    child = subprocess.Popen([sys.executable, "-m", __name__, source, spool], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout as answer:
        text = answer.read()
    try:
        process = cpu_seconds(child)
    except PeerFailed:
        raise FilmingFailed("Our own process failed. Its message stands above.") from None
    return float(json.loads(text)), process


def _child(source: Path, folder: Path) -> None:
    warm_up(source, folder)
    gc.collect()
    gc.freeze()  # as the recorder does when it has started
    film = begin_film(folder)
    filming = 0.0
    arriving = packets(source)
    while group := list(islice(arriving, _GROUP)):
        before = time.process_time()
        for packet in group:
            film.add(packet)
        filming += time.process_time() - before
    before = time.process_time()
    end_film(film)
    filming += time.process_time() - before
    print(json.dumps(filming))


BENCHMARK = Benchmark(
    (
        Claim("film-cpu", _UNIT, Goal(Bound.AT_MOST, 1.0)),
        Claim("film-cpu-process", _UNIT, None),
        Claim("film-cpu-same-duties", _UNIT, None),
    ),
    RUNS,
    measure,
)

if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
