"""Kits that send films as long as they are to, and an operator who withdraws some: all repeat what is not answered."""

import random
import socket
import threading
import time
from queue import Empty, SimpleQueue

from benchmarks.fleet import Bodies, Fleet, FleetKit
from benchmarks.load import Address, Request, exchange
from companion_api.films.erasure import Eraser
from companion_api.films.withdrawal import withdraw
from companion_api.stores.store import StoreFailed, StoreFull
from footage.erasure import Reason
from footage.receipt import read_receipt
from tests.rigs.ledger import ERASED, KEY, MANIFEST, TAKE_BACK, WITHDRAW, Ledger, SentFilm

_SIZES = (600, 4_000, *[500_000] * 3)  # bytes of film.key, and of each part
_ANSWER_SECONDS = 30.0  # a kit waits longer, device/patient_client.py
_ASK_SECONDS = 120.0  # longer than any program that was killed needs to be back
_DONE = {200, 201, 204}
_REPEATED = {502, 503, 504, 507}
NO_ANSWER = "no answer"


class PatientKit:
    """A kit that sends film after film, each from its key to the word that its own copy is erased.

    One of four is taken back by its family then; the others go to `kept`.
    """

    def __init__(
        self, fleet: Fleet, kit: FleetKit, address: Address, ledger: Ledger, kept: SimpleQueue[SentFilm], seed: int
    ) -> None:
        self._fleet, self._kit, self._address, self._ledger, self._kept = fleet, kit, address, ledger, kept
        self._chance = random.Random(seed)

    def send_until(self, ended: threading.Event) -> None:
        """Send films until then, and the one under way to its end."""
        while not ended.is_set():
            self._send_film()
            ended.wait(self._chance.uniform(0, 1))

    def _send_film(self) -> None:
        bodies = Bodies(map(self._chance.randbytes, _SIZES))
        key, *parts = range(len(_SIZES))
        requests, manifest = self._kit.whole_film(bodies, key, parts)
        names = [KEY, *(f"parts/{number}" for number in range(len(parts)))]
        hashes = {name: bodies.sha256(body) for body, name in enumerate(names)}
        sizes = dict(zip(names, _SIZES, strict=True))
        film = SentFilm(self._kit.film, self._kit.name, hashes, sizes, manifest)
        self._ledger.films.append(film)
        for name, request in zip([*names, MANIFEST], requests, strict=True):
            answer = self._ask(film, name, request, bodies)
        film.receipt = answer.decode("ascii")
        read_receipt(film.receipt, self._fleet.directory, film=film.film, manifest=manifest)
        self._ask(film, ERASED, self._kit.erased(), bodies)
        if self._chance.random() < 0.25:
            self._ask(film, TAKE_BACK, self._kit.take_back(), bodies)
        else:
            self._kept.put(film)

    def _ask(self, film: SentFilm, name: str, request: Request, bodies: Bodies) -> bytes:
        film.asked.add(name)
        body = b"" if request.body is None else bodies.contents[request.body]
        until = time.monotonic() + _ASK_SECONDS
        while True:
            status, answer = self._try(request.head.encode("ascii"), body)
            self._ledger.count(str(status or NO_ANSWER))
            if status in _DONE:
                film.acknowledged.add(name)
                return answer
            assert status is None or status in _REPEATED, f"{status} to {name} of film {film.film}: {answer!r}"
            assert time.monotonic() < until, f"{name} of film {film.film} is not acknowledged in {_ASK_SECONDS:.0f} s"
            time.sleep(self._chance.uniform(0.1, 0.5))

    def _try(self, head: bytes, body: bytes) -> tuple[int | None, bytes]:
        """Return status and body of the answer. Each try has a connection of its own: it may meet any worker."""
        try:
            with socket.create_connection(self._address, _ANSWER_SECONDS) as connection:
                status, _, answer = exchange(connection, head, body)
                return status, answer
        except OSError:
            return None, b""


def withdraw_some(eraser: Eraser, ledger: Ledger, kept: SimpleQueue[SentFilm], ended: threading.Event) -> None:
    """Withdraw every third film of `kept`, by what the operator's command calls, until then."""
    number = 0
    while not ended.is_set():
        try:
            film = kept.get(timeout=0.2)
        except Empty:
            continue
        number += 1
        if number % 3 == 0:
            film.asked.add(WITHDRAW)
            _withdraw(eraser, ledger, film)


def _withdraw(eraser: Eraser, ledger: Ledger, film: SentFilm) -> None:
    until = time.monotonic() + _ASK_SECONDS
    while True:
        try:
            assert withdraw(eraser, [film.film], Reason.FAMILY_ASKED, "operator").gone == [film.film]
        except (StoreFailed, StoreFull):
            ledger.count("withdrawal failed")
            assert time.monotonic() < until, f"film {film.film} is not withdrawn in {_ASK_SECONDS:.0f} s"
            time.sleep(0.3)
        else:
            film.acknowledged.add(WITHDRAW)
            return
