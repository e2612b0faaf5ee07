"""Connections that are given up: whoever waits for an answer that can not come does not wait for its time-out."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from device.agency import Agency
from device.errors import AgencyUnreachable
from footage.keys import new_key
from footage.parts import PartKind, PartName

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"


class Swallower:
    """A server that takes connections and bytes, and never answers."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.taken: list[socket.socket] = []
        self.came = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self._listening.accept()
            except OSError:
                return
            self.taken.append(taken)
            taken.recv(1)
            self.came.release()

    def close(self) -> None:
        self._listening.close()
        for taken in self.taken:
            taken.close()


@pytest.fixture
def swallower() -> Iterator[Swallower]:
    swallower = Swallower()
    yield swallower
    swallower.close()


def test_requests_that_are_under_way_fail_at_once_and_later_ones_open_new_connections(swallower: Swallower) -> None:
    agency = Agency(f"http://127.0.0.1:{swallower.port}", "kit-0001", new_key())
    agency._session._nonce = "a session"  # so that parts go at once
    sealed = bytes(8_000_000)  # more than the buffers hold
    failed: list[BaseException] = []

    def send(number: int) -> None:
        try:
            agency.put_part(FILM, PartName.of(number, PartKind.MEDIA, 1000, sealed), sealed)  # it waits to write
        except AgencyUnreachable as reason:
            failed.append(reason)

    def ask() -> None:
        try:
            agency.held(FILM)  # it waits to read
        except AgencyUnreachable as reason:
            failed.append(reason)

    waiting = [threading.Thread(target=send, args=(number,)) for number in range(3)] + [threading.Thread(target=ask)]
    for thread in waiting:
        thread.start()
    for _ in waiting:
        assert swallower.came.acquire(timeout=10)
    began = time.monotonic()
    agency.hang_up()
    for thread in waiting:
        thread.join(10)
    assert time.monotonic() - began < 5, "their time-outs are a minute and more"
    assert len(failed) == len(waiting)
    again = threading.Thread(target=ask)
    again.start()
    assert swallower.came.acquire(timeout=10), "a connection that is new"
    agency.hang_up()
    again.join(10)
    assert len(failed) == len(waiting) + 1
    agency.close()
