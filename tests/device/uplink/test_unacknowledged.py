"""What the kernel holds for this process's connections, as the kernel itself says."""

import socket
import time
from collections.abc import Callable

import pytest

from device.uplink.unacknowledged import unacknowledged


@pytest.fixture
def before() -> int:
    return unacknowledged()


def soon(held: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not held():
        assert time.monotonic() < deadline, unacknowledged()
        time.sleep(0.01)


def test_what_a_peer_has_not_taken_is_held_until_it_is_or_the_connection_is_lost(before: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()) as sending:
            taking, _ = listening.accept()
            with taking:
                assert unacknowledged() == before
                sending.setblocking(False)
                gone = sending.send(bytes(10_000_000))
                soon(lambda: 0 < unacknowledged() - before < gone)
                while gone:
                    gone -= len(taking.recv(1_000_000))
                soon(lambda: unacknowledged() == before)
                sending.send(bytes(10_000_000))
                soon(lambda: unacknowledged() > before)
        soon(lambda: unacknowledged() == before)
