"""Resident memory of the service, in MiB: it does not grow with the films that it holds.

* `server-memory`            10,000 films in the store against 1, after the same load
* `server-memory-taking-in`  one process that has taken in 1,000 films more, against itself before; to inform

The load: 8 clients ask for the have-lists of 2,000 of the 10,000 films (on the small store they are unknown) and send
64 parts of 1 MiB. A service is started anew for each load. One film was sent by a kit, with the service's own means;
the other 9,999 are that film again, its files and its rows of the database under other ids.
"""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.fleet import Bodies, Fleet
from benchmarks.load import Request, Send, sender
from benchmarks.servers import Server, companion_api

FILMS = 10_000
RUNS = 3
_ASKED = 2_000
_TAKEN_IN = 1_000
_CLIENTS = 8
_PARTS = 64
_PART_SIZE = 1 << 20
_SMALL_FILM = (600, 4096, 8192, 8192)  # bytes of film.key and of each part
_MIB = 1 << 20


def measure(folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Load services on either store in turn. Raises `BenchmarkError`."""
    fleet = Fleet(folder, _CLIENTS)
    one, many, growing = folder / "one", folder / "many", folder / "growing"
    with sender() as send:
        with companion_api(one, fleet) as server:
            fleet.begin_sessions(server.address)
            (film,) = _take_in(1, fleet, server, send)
        for store in (many, growing):
            shutil.copytree(one, store)
        films = [film, *(str(uuid.uuid4()) for _ in range(FILMS - 1))]
        _copy_film(many, film, films[1:])

        def load(server: Server) -> float:
            return _load(films[:: FILMS // _ASKED], fleet, server, send)

        with_one, with_many, before, after = [], [], [], []
        for _ in range(RUNS):
            with companion_api(many, fleet) as server:
                with_many.append(load(server))
            with companion_api(one, fleet) as server:
                with_one.append(load(server))
            tick()
        with companion_api(growing, fleet) as server:
            before.append(load(server))
            _take_in(_TAKEN_IN, fleet, server, send)
            after.append(load(server))
            tick()
    return [Samples(with_many, with_one, "1 film"), Samples(after, before, "itself before")]


def _take_in(count: int, fleet: Fleet, server: Server, send: Send) -> list[str]:
    """Send so many whole small films; return their ids."""
    bodies, films = Bodies(map(os.urandom, _SMALL_FILM)), []
    clients: list[list[Request]] = [[] for _ in fleet.kits]
    for number in range(count):
        kit = fleet.kits[number % _CLIENTS]
        clients[number % _CLIENTS] += kit.whole_film(bodies, 0, range(1, len(_SMALL_FILM)))[0]
        films.append(kit.film)
    send(server.address, clients, bodies.contents)
    return films


def _copy_film(data: Path, film: str, copies: list[str]) -> None:
    folder = data / "store" / "films"
    for copy in copies:
        shutil.copytree(folder / film, folder / copy, copy_function=os.link)
    with closing(sqlite3.connect(data / "companion.sqlite3")) as database, database:
        for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = [f'"{name}"' for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
            if '"film"' in columns:
                values = ", ".join("?" if name == '"film"' else name for name in columns)
                database.executemany(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE film = '{film}'",
                    [(copy,) for copy in copies],
                )


def _load(films: list[str], fleet: Fleet, server: Server, send: Send) -> float:
    """Put the load on a service and return its resident MiB."""
    fleet.begin_sessions(server.address)
    owner, part = fleet.kits[0], Bodies([os.urandom(_PART_SIZE)])
    clients = []
    for number, kit in enumerate(fleet.kits):
        asking = [owner.have_list(film) for film in films[number::_CLIENTS]]
        kit.begin_film()
        clients.append([*asking, *(kit.put(f"parts/{number}", part, 0) for number in range(_PARTS // _CLIENTS))])
    send(server.address, clients, part.contents)
    return server.resident() / _MIB


BENCHMARK = Benchmark(
    (
        Claim("server-memory", "MiB resident", Goal(Bound.AT_MOST, 1.1)),
        Claim("server-memory-taking-in", "MiB resident", None),
    ),
    RUNS + 1,
    measure,
)
