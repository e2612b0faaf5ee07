"""A load of HTTP/1.1 requests from a process of its own, so cheap that it is the server that is measured.

Every request is made, and signed, before the clock starts. A client is a thread with one connection that it keeps: it
sends all bytes of a request in one system call and waits for the answer. An answer that is not the expected one ends
the load with an error.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Barrier, BrokenBarrierError
from typing import NamedTuple

from benchmarks.errors import LoadFailed

LOCATION = "{location}"
Address = tuple[str, int]
_PATIENCE = struct.pack("ll", 120, 0)  # seconds without a byte; a time-out of Python's would cost a poll each time
_END_OF_HEAD = b"\r\n\r\n"


class Request(NamedTuple):
    """A request: its head, ending with an empty line; the number of its body among the load's; the status expected.

    `LOCATION` in the head stands for the path in the last `Location` that the client was answered.
    """

    head: str
    body: int | None
    status: int


class Answer(NamedTuple):
    """An answer: seconds from the first byte sent to the last one received, and its body."""

    seconds: float
    body: bytes


class Load(NamedTuple):
    """What came of a load: seconds by the clock, CPU seconds of all clients, and each client's answers in order."""

    seconds: float
    cpu_seconds: float
    answers: list[list[Answer]]


Clients = Sequence[Sequence[Request]]
Send = Callable[[Address, Clients, Sequence[bytes]], Load]


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what does as `send` in a process of its own, and waits for its end."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield lambda address, clients, bodies: process.submit(send, address, clients, bodies).result()


def send(address: Address, clients: Clients, bodies: Sequence[bytes]) -> Load:
    """Send the requests of all clients at once, each client's in order. Raises `LoadFailed`."""
    began: list[tuple[float, float]] = []  # by the clock, and CPU: when the last client was connected
    connected = Barrier(len(clients), lambda: began.append((time.perf_counter(), time.process_time())))
    with ThreadPoolExecutor(len(clients)) as threads:
        running = [threads.submit(_client, address, connected, requests, bodies) for requests in clients]
        answers = [client.result() for client in running]
        ((clock, cpu),) = began
        return Load(time.perf_counter() - clock, time.process_time() - cpu, answers)


def exchange(connection: socket.socket, head: bytes, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send one request; return its answer's status, header fields (names in lower case) and body. Raises `OSError`."""
    sent = connection.sendmsg([head, body])
    if sent < len(head) + len(body):
        connection.sendall((head + body)[sent:])
    return _answer(connection)


def _client(address: Address, connected: Barrier, requests: Sequence[Request], bodies: Sequence[bytes]) -> list[Answer]:
    try:
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _PATIENCE)
            connected.wait()
            return list(_answers(connection, requests, bodies))
    except BrokenBarrierError:  # another client tells why
        return []
    except OSError as reason:
        connected.abort()
        raise LoadFailed(f"The server on port {address[1]} dropped a client: {reason}") from None


def _answers(connection: socket.socket, requests: Sequence[Request], bodies: Sequence[bytes]) -> Iterator[Answer]:
    location = ""
    for request in requests:
        head = request.head.replace(LOCATION, location).encode("ascii")
        began = time.perf_counter()
        status, fields, body = exchange(connection, head, b"" if request.body is None else bodies[request.body])
        seconds = time.perf_counter() - began
        if status != request.status:
            raise LoadFailed(f"The server answered {status} to {head.splitlines()[0]!r}: {body[:500]!r}")
        location = _path(fields["location"]) if "location" in fields else location
        yield Answer(seconds, body)


def _answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    received = b""
    while _END_OF_HEAD not in received:
        received += _more(connection)
    head, _, body = received.partition(_END_OF_HEAD)
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(fields.get("content-length", "0"))
    while len(body) < length:
        body += _more(connection)
    return int(first.split()[1]), fields, body


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionResetError("it closed the connection")
    return received


def _path(location: str) -> str:
    return "/" + location.partition("//")[2].partition("/")[2]
