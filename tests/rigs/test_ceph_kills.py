"""The programs of a real Ceph are killed (kill -9) while eight threads put: nothing acknowledged is lost."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from companion_api.stores.store import Put, Store, StoreFailed
from companion_api.stores.store_address import open_store
from tests.rigs.ceph import Ceph

pytestmark = pytest.mark.rig
SEED = 4
THREADS = 8
KILLS = 6
BYTES = 200_000
MOST_OBJECTS = 20_000


class Putting:
    """Threads that put objects, and repeat each until it is acknowledged, as kits do."""

    def __init__(self, store: Store) -> None:
        self.outcomes: dict[str, list[str]] = {}
        self.ended = threading.Event()
        self._store = store
        self._numbers = itertools.count()

    def run(self) -> None:
        while not self.ended.is_set() and (number := next(self._numbers)) < MOST_OBJECTS:
            name = f"films/{number % 50}/parts/{number:05d}"
            outcomes = self.outcomes.setdefault(name, [])
            while not outcomes or outcomes[-1] == "failed":
                try:
                    outcomes.append(self._store.put(name, content(name)).name)
                except StoreFailed:
                    outcomes.append("failed")
                    time.sleep(0.2)


def content(name: str) -> bytes:
    return random.Random(name).randbytes(BYTES)


def kills(ceph: Ceph) -> Iterator[str]:
    """Kill one program or both at random moments, and start them again."""
    chance = random.Random(SEED)
    for number in range(KILLS):
        programs = [[ceph.osd], [ceph.gateway], [ceph.osd, ceph.gateway]][number % 3]
        time.sleep(chance.uniform(0.5, 2.5))
        for program in programs:
            program.kill()
        time.sleep(chance.uniform(0, 1))
        for program in programs:
            program.start()
        begin = time.monotonic()
        ceph.wait_until_ready()
        yield f"{time.monotonic() - begin:.1f} s"


def test_nothing_acknowledged_is_lost_and_nothing_is_invented(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ceph.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(ceph.address())
    putting = Putting(store)
    with ThreadPoolExecutor(THREADS) as threads:
        running = [threads.submit(putting.run) for _ in range(THREADS)]
        try:
            back = list(kills(ceph))
        finally:
            putting.ended.set()
        for one in running:
            one.result()
    last = Counter(outcomes[-1] for outcomes in putting.outcomes.values())
    failed = sum(outcomes.count("failed") for outcomes in putting.outcomes.values())
    print(f"{KILLS} kills, back after {', '.join(back)}; {dict(last)}, {failed} failed tries")
    assert last.keys() <= {Put.STORED.name, Put.SAME.name}
    assert last[Put.STORED.name] > 200
    assert list(store.list("")) == sorted(putting.outcomes)
    with ThreadPoolExecutor(THREADS) as threads:
        damaged = [
            name
            for name, same in threads.map(lambda name: (name, store.get(name) == content(name)), putting.outcomes)
            if not same
        ]
    assert damaged == []
