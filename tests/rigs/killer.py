"""Kills the programs of a whole agency's server, alone and in pairs, at random moments."""

import random
import time
from collections.abc import Callable, Iterator

from benchmarks.servers import Server
from tests.rigs.ceph import Ceph
from tests.rigs.postgres import Postgres

VICTIMS = (
    *(("worker",), ("postgres",), ("osd",), ("gateway",)),
    *(("worker", "postgres"), ("worker", "gateway"), ("osd", "postgres")),
)


class Killer:
    """Kills programs by `kill -9` and starts them again; a worker is replaced by the service itself."""

    def __init__(self, postgres: Postgres, ceph: Ceph, service: Server, seed: int) -> None:
        self._ceph, self._service = ceph, service
        self._chance = random.Random(seed)
        self._kill: dict[str, Callable[[], None]] = {
            "postgres": postgres.kill,
            "osd": ceph.osd.kill,
            "gateway": ceph.gateway.kill,
            "worker": self._kill_worker,
        }
        self._start: dict[str, Callable[[], None]] = {
            "postgres": postgres.start,
            "osd": ceph.osd.start,
            "gateway": ceph.gateway.start,
        }

    def kill_all(self, rounds: int) -> Iterator[str]:
        """Kill each of `VICTIMS` in every round; yield which, and after how long they were back."""
        for _ in range(rounds):
            for names in self._chance.sample(VICTIMS, len(VICTIMS)):
                time.sleep(self._chance.uniform(1, 4))
                for name in names:
                    self._kill[name]()
                time.sleep(self._chance.uniform(0, 3))
                began = time.monotonic()
                for name in names:
                    self._start.get(name, lambda: None)()
                self._ceph.wait_until_ready()
                yield f"{' and '.join(names)} {time.monotonic() - began:.1f} s"

    def _kill_worker(self) -> None:
        self._chance.choice(self._service.workers()).kill()
