import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from benchmarks.errors import LoadFailed
from benchmarks.load import LOCATION, Address, Request, send

GET = Request("GET /a HTTP/1.1\r\n\r\n", None, 200)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[Address, list[bytes]]]:
    """A server for one connection; yields its address and what it receives, one `recv` for each answer."""
    received: list[bytes] = []

    def serve() -> None:
        with listening.accept()[0] as connection:
            for answer in answers:
                received.append(connection.recv(65536))
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = Thread(target=serve)
        serving.start()
        yield listening.getsockname(), received
        serving.join()


def test_a_client_sends_in_order_on_one_connection_and_its_answers_are_kept() -> None:
    with answering(OK, b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n") as (address, received):
        put = Request("PUT /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n", 1, 201)
        load = send(address, [[GET, put]], [b"none", b"body"])
    assert received == [b"GET /a HTTP/1.1\r\n\r\n", b"PUT /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"]
    assert [answer.body for answer in load.answers[0]] == [b"ok", b""]
    assert 0 < sum(answer.seconds for answer in load.answers[0]) <= load.seconds


def test_a_location_is_followed() -> None:
    created = b"HTTP/1.1 201 Created\r\nLocation: http://host/files/7\r\nContent-Length: 0\r\n\r\n"
    with answering(created, OK) as (address, received):
        send(address, [[GET._replace(status=201), Request(f"GET {LOCATION} HTTP/1.1\r\n\r\n", None, 200)]], [])
    assert received[1] == b"GET /files/7 HTTP/1.1\r\n\r\n"


def test_an_answer_that_is_not_the_expected_one_ends_the_load() -> None:
    with (
        answering(b"HTTP/1.1 507 Full\r\nContent-Length: 4\r\n\r\nfull") as (address, _),
        pytest.raises(LoadFailed, match=r"answered 507 to b'GET /a HTTP/1.1': b'full'"),
    ):
        send(address, [[GET]], [])


def test_a_connection_that_is_closed_ends_the_load() -> None:
    with answering(b"") as (address, _), pytest.raises(LoadFailed, match="it closed the connection"):
        send(address, [[GET]], [])


def test_a_server_that_does_not_listen_ends_the_load() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    with pytest.raises(LoadFailed, match="refused"):
        send(address, [[GET], [GET]], [])
