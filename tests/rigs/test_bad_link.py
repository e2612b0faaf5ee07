"""The bad link itself: it delays, loses, limits and swallows what goes through, and is gone afterwards."""

import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.rigs.bad_link import AGENCY_ADDRESS, BadLink, bad_link
from tests.rigs.wire import Shape

pytestmark = pytest.mark.rig
PORT = 9000
# answers the first byte of a connection with another one, and tells how long what it was sent took
_SINK = f"""
import socket, time
with socket.create_server(("{AGENCY_ADDRESS}", {PORT})) as listening:
    print("listening", flush=True)
    while True:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(connection.recv(1))
            began, size = time.monotonic(), 0
            while piece := connection.recv(65536):
                size += len(piece)
            print(size, time.monotonic() - began, flush=True)
"""
_SEND = f"""
import socket, sys, time
began = time.monotonic()
with socket.create_connection(("{AGENCY_ADDRESS}", {PORT}), 10) as connection:
    connection.sendall(b"?")
    connection.recv(1)
    print(time.monotonic() - began, flush=True)
    connection.sendall(bytes(int(sys.argv[1])))
"""


@pytest.fixture
def link() -> Iterator[BadLink]:
    with bad_link(Shape(20e6, delay=0.05)) as made:
        yield made


@pytest.fixture
def sink(link: BadLink) -> Iterator["subprocess.Popen[str]"]:
    command = link.at_agency("python3", "-c", _SINK)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield process
        process.kill()


def _sent(link: BadLink, sink: "subprocess.Popen[str]", size: int) -> tuple[float, float]:
    """Send so many bytes; return the seconds until the first answer, and bits a second from there."""
    said = subprocess.run(link.at_kit("python3", "-c", _SEND, str(size)), capture_output=True, text=True, check=True)
    assert sink.stdout is not None
    received, seconds = sink.stdout.readline().split()
    assert int(received) == size
    return float(said.stdout), size * 8 / float(seconds)


def test_delay_and_rate_are_what_was_asked_for(link: BadLink, sink: "subprocess.Popen[str]") -> None:
    first_answer, rate = _sent(link, sink, 5_000_000)
    assert 0.2 <= first_answer < 0.3, "two round trips: the handshake, and a byte there and back"
    assert 14e6 < rate <= 20e6
    link.shape(Shape(1e6, delay=0.01))
    first_answer, rate = _sent(link, sink, 500_000)
    assert 0.04 <= first_answer < 0.1
    assert 0.8e6 < rate <= 1e6


def test_what_is_lost_comes_again_by_itself(link: BadLink, sink: "subprocess.Popen[str]") -> None:
    link.shape(Shape(20e6, delay=0.01, loss=0.1))
    _sent(link, sink, 300_000)
    assert link.carried().lost > 10
    assert link.carried().from_kit > 300_000


def test_nothing_passes_while_it_is_down(link: BadLink, sink: "subprocess.Popen[str]") -> None:
    link.shape(Shape(20e6, down=True))
    before = link.carried()
    with subprocess.Popen(link.at_kit("python3", "-c", _SEND, "1000"), stdout=subprocess.PIPE, text=True) as sender:
        time.sleep(1.5)
        assert sender.poll() is None
        assert link.carried().from_kit == before.from_kit
        link.shape(Shape(20e6))
        assert sender.wait(20) == 0


def test_it_touches_no_network_of_the_machine() -> None:
    before = {name for _, name in socket.if_nameindex()}
    with bad_link(Shape(1e6)) as link:
        assert {name for _, name in socket.if_nameindex()} == before
        named = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        assert link.kit in named
    named = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert link.kit not in named
    assert link.agency not in named
