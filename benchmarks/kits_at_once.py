"""500 kits that sync at once through one process of the service; tuspyserver with as many clients is the peer.

Every kit has a key and a connection of its own. All begin a session at once, and then all send a whole film at once:
`film.key`, an init part, three seconds at 4 Mbit/s, the manifest; in the end each asks for the have-list. No request
may fail, every receipt is verified as a kit does it, and every part is read from the store and hashed: a film that is
lost, or an answer that is not the expected one, ends the run with an error.

* `kits-at-once-p50`, `kits-at-once-p99`  seconds in which a second of film is sent and answered, with 499 others
* `kits-at-once`                          seconds until the last kit has its receipt and have-list, sessions included

The peer's clients upload the same seconds of film, and nothing else. These entries only inform.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from benchmarks import tus
from benchmarks.claim import Benchmark, Claim, Samples
from benchmarks.errors import ServerFailed
from benchmarks.fleet import Bodies, Fleet, FleetKit
from benchmarks.load import Answer, sender
from benchmarks.servers import TUSPYSERVER, companion_api, tuspyserver
from companion_api.stores.store import part_object
from footage.directory import Directory
from footage.errors import FootageError
from footage.receipt import read_receipt

KITS = 500
RUNS = 2
_SIZES = (600, 1024, *[512 * 1024] * 3)  # bytes of film.key, the init part, and each second
_KEY, *_PARTS = range(len(_SIZES))
_SECONDS = slice(2, 5)  # where the answers to the seconds stand among a kit's


class _Turn(NamedTuple):
    p50: float
    p99: float
    whole: float


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Let the kits sync, and the peer's clients upload, in turn. Raises `BenchmarkError`."""
    ours, peer = [], []
    for run in range(RUNS):
        ours.append(_sync(folder / f"ours-{run}"))
        tick()
        peer.append(_upload(folder / f"peer-{run}"))
        tick()
    return [
        Samples(list(mine), list(its), TUSPYSERVER)
        for mine, its in zip(zip(*ours, strict=True), zip(*peer, strict=True), strict=True)
    ]


def _sync(folder: Path) -> _Turn:
    folder.mkdir()
    fleet, bodies = Fleet(folder, KITS), Bodies(map(os.urandom, _SIZES))
    with companion_api(folder / "data", fleet) as server, sender() as send:
        opened = fleet.begin_sessions(server.address)
        films = [kit.whole_film(bodies, _KEY, _PARTS) for kit in fleet.kits]
        requests = [[*film, kit.have_list(kit.film)] for kit, (film, _) in zip(fleet.kits, films, strict=True)]
        load = send(server.address, requests, bodies.contents)
    directory, hashes = fleet.directory, [bodies.sha256(part) for part in _PARTS]
    for kit, (_, manifest), answers in zip(fleet.kits, films, load.answers, strict=True):
        _refuse_lost(kit, manifest, answers, directory, hashes, folder / "data" / "store")
    seconds = [answer.seconds for answers in load.answers for answer in answers[_SECONDS]]
    return _turn(seconds, opened.seconds + load.seconds)


def _refuse_lost(
    kit: FleetKit, manifest: str, answers: list[Answer], directory: Directory, hashes: list[str], store: Path
) -> None:
    """Raise `ServerFailed` unless the kit could erase its film now, and the store has it."""
    receipt, have_list = (answer.body for answer in answers[-2:])
    try:
        read_receipt(receipt.decode(), directory, film=kit.film, manifest=manifest)
    except FootageError as reason:
        raise ServerFailed(f"The receipt for film {kit.film} is not valid: {reason}") from None
    listed = [part["sha256"] for part in json.loads(have_list)["parts"]]
    files = [store / part_object(kit.film, number) for number in range(len(hashes))]
    stored = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()]
    if not listed == stored == hashes:
        raise ServerFailed(f"The service has lost of film {kit.film}: compare {store} with its have-list.")


def _upload(folder: Path) -> _Turn:
    bodies = Bodies(os.urandom(_SIZES[-1]) for _ in range(_SECONDS.stop - _SECONDS.start))
    uploads = [request for body in range(len(bodies.contents)) for request in tus.upload(body, _SIZES[-1])]
    with tuspyserver(folder) as server, sender() as send:
        load = send(server.address, [uploads] * KITS, bodies.contents)
    pairs = [zip(answers[::2], answers[1::2], strict=True) for answers in load.answers]
    return _turn([creation.seconds + patch.seconds for its in pairs for creation, patch in its], load.seconds)


def _turn(seconds: list[float], whole: float) -> _Turn:
    hundredths = quantiles(seconds, n=100)
    return _Turn(hundredths[49], hundredths[98], whole)


BENCHMARK = Benchmark(
    (
        Claim("kits-at-once-p50", "s a part", None),
        Claim("kits-at-once-p99", "s a part", None),
        Claim("kits-at-once", "s in all", None),
    ),
    2 * RUNS,
    measure,
)
