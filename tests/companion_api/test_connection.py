"""Connections as clients find them: a real server on loopback, and an application that tells what it got."""

import asyncio
import hashlib
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from companion_api.arriving_body import MAX_WHOLE
from companion_api.arriving_requests import Limits
from companion_api.connection import Connection
from companion_api.pace import Pace
from companion_api.problems import TYPE_PREFIX, Refusal

PUT = b"PUT / HTTP/1.1\r\nHost: c\r\n"
MIB = 1 << 20
HASTY = Limits(head_seconds=0.2, pace=Pace(patience=0.2), linger_seconds=0.2)


class Answer(NamedTuple):
    status: int
    got: Any  # what the body tells, as JSON


class Told:
    """An application that answers what it got. Its path tells how it behaves."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/early":
            await _answer(send, 401, "early")
            return
        sha256, sizes, more = hashlib.sha256(), [], True
        while more:
            try:
                message = await receive()
            except Refusal as refusal:
                await _answer(send, refusal.problem.status, refusal.problem.code)
                return
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
            if scope["path"] == "/one-look":
                await _answer(send, 413, "enough")
                return
            sha256.update(message["body"])
            sizes.append(len(message["body"]))
            more = message["more_body"]
        await _answer(send, 200, {"sha256": sha256.hexdigest(), "sizes": sizes})


async def _answer(send: Send, status: int, got: object) -> None:
    body = json.dumps(got).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


class Client(NamedTuple):
    connection: socket.socket
    told: Told

    def send(self, data: bytes) -> "Client":
        self.connection.sendall(data)
        return self

    def answer(self) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        assert len(body) == length
        return Answer(int(head.split()[1]), json.loads(body))

    def refusal(self) -> str:
        """Return the code of a problem, after which the connection is closed."""
        code: str = self.answer().got["type"].removeprefix(TYPE_PREFIX)
        assert self.connection.recv(1) == b""
        return code

    def _more(self) -> bytes:
        data = self.connection.recv(65536)
        assert data, "the server closed the connection"
        return data


@contextmanager
def _serving(told: Told, limits: Limits) -> Iterator[tuple[str, int]]:
    class Limited(Connection):
        pass

    Limited.limits = limits
    config = uvicorn.Config(
        told, http=cast(type[asyncio.Protocol], Limited), loop="uvloop", log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _client(limits: Limits = Limits()) -> Iterator[Client]:  # noqa: B008  # frozen
    told = Told()
    with _serving(told, limits) as address, socket.create_connection(address, 30) as connection:
        yield Client(connection, told)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Told, tuple[str, int]]]:
    told = Told()
    with _serving(told, Limits()) as address:
        yield told, address


@pytest.fixture
def client(served: tuple[Told, tuple[str, int]]) -> Iterator[Client]:
    told, address = served
    with socket.create_connection(address, 30) as connection:
        yield Client(connection, told)


def _put(body: bytes, path: str = "/", **more: str) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in more.items())
    return f"PUT {path} HTTP/1.1\r\nHost: c\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _chunked(*pieces: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    return PUT + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


def _bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _whole(body: bytes) -> Answer:
    return Answer(200, {"sha256": hashlib.sha256(body).hexdigest(), "sizes": [len(body)]})


@pytest.mark.parametrize("size", [0, 1, 8192, MIB, MAX_WHOLE])
def test_a_body_is_given_whole_and_the_connection_is_kept(client: Client, size: int) -> None:
    for body in (_bytes(size), _bytes(size + 1)[:size]):
        assert client.send(_put(body)).answer() == _whole(body)


def test_a_longer_body_is_given_in_pieces(client: Client) -> None:
    body = _bytes(MAX_WHOLE + 1)
    answer = client.send(_put(body)).answer()
    assert answer.got["sha256"] == hashlib.sha256(body).hexdigest()
    assert max(answer.got["sizes"]) < MIB
    assert client.send(_put(b"next")).answer() == _whole(b"next")


def test_a_body_without_a_length_is_given_in_pieces(client: Client) -> None:
    pieces = [_bytes(size) for size in (1, 100_000, 7)]
    answer = client.send(_chunked(*pieces)).answer()
    assert answer.got["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert client.send(_put(b"next")).answer() == _whole(b"next")


def test_requests_one_behind_the_other_get_their_own_bodies(client: Client) -> None:
    bodies = [_bytes(size) for size in (10, 0, 300_000, 20_000, 1)]
    sending = threading.Thread(target=client.send, args=[b"".join(map(_put, bodies))])
    sending.start()
    received = b""
    while received.count(b"sha256") < len(bodies):
        received += client.connection.recv(65536)
    sending.join()
    answers = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 200 OK")[1:]]
    assert [json.loads(answer) for answer in answers] == [_whole(body).got for body in bodies]


def test_who_asks_first_is_told_to_continue_when_the_body_is_wanted(client: Client) -> None:
    request = _put(b"abc", Expect="100-continue")
    client.send(request.removesuffix(b"abc"))
    assert client.connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.send(b"abc").answer() == _whole(b"abc")


def test_who_asks_first_may_be_refused_instead(client: Client) -> None:
    assert client.send(_put(b"abc", "/early", Expect="100-continue").removesuffix(b"abc")).answer().status == 401


@pytest.mark.parametrize("path", ["/early", "/one-look"])
def test_who_was_answered_early_may_end_the_body_and_ask_again(client: Client, path: str) -> None:
    body = _bytes(MAX_WHOLE + 1)  # given in pieces, so that there is a first look
    request = _put(body, path)
    status = client.send(request[:1000]).answer().status
    assert status in (401, 413)
    assert client.send(request[1000:] + _put(b"next")).answer() == _whole(b"next")


def test_who_was_answered_early_and_stays_is_left() -> None:
    with _client(HASTY) as client:
        assert client.send(_put(_bytes(MIB), "/early")[:1000]).answer().status == 401
        assert client.connection.recv(1) == b""


def test_who_goes_in_the_middle_of_a_body_is_known_to_be_gone(client: Client) -> None:
    client.told.gone.clear()
    client.send(_put(_bytes(MIB))[:500_000]).connection.close()
    assert client.told.gone.wait(30)


@pytest.mark.parametrize("sent", [0, 1, 8192, 100_000])
def test_a_body_that_stands_is_refused_by_name(sent: int) -> None:
    head, body = _put(_bytes(MIB))[:-MIB], _bytes(MIB)
    with _client(HASTY) as client:
        assert client.send(head + body[:sent]).answer() == Answer(408, "upload-stalled")
        assert client.connection.recv(1) == b""


def test_a_body_that_dribbles_is_refused_by_name() -> None:
    with _client(Limits(pace=Pace(grace=0.2, least=1e9))) as client:
        client.send(_put(_bytes(MIB))[:-MIB])
        stopped = threading.Event()

        def dribble() -> None:
            with suppress(OSError):
                while not stopped.wait(0.01):
                    client.send(b"a")

        dribbling = threading.Thread(target=dribble)
        dribbling.start()
        assert client.answer() == Answer(408, "upload-too-slow")
        stopped.set()
        dribbling.join()


def test_a_body_that_is_slow_but_moves_is_taken() -> None:
    with _client(Limits(pace=Pace(patience=5, grace=0.01, least=0.001))) as client:
        for byte in _put(b"abcdef"):
            client.send(bytes([byte]))
        assert client.answer() == _whole(b"abcdef")


@pytest.mark.parametrize(
    "length",
    ["-1", "1, 2", "0x10", "", "99999999999999999999999", "3\r\nContent-Length: 4", "3\r\nTransfer-Encoding: chunked"],
    ids=str.split,
)
def test_a_length_that_is_none_or_is_told_twice_is_refused(client: Client, length: str) -> None:
    client.send(PUT + f"Content-Length: {length}\r\n\r\nabc".encode())
    assert client.refusal() == "request-malformed"


def test_a_body_longer_than_its_length_is_no_request(client: Client) -> None:
    assert client.send(_put(b"abc") + b"def\r\n\r\n").refusal() == "request-malformed"


@pytest.mark.parametrize("request_line", [b"PUT", b"\x16\x03\x01 \r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"], ids=range(3))
def test_what_is_not_http_is_refused_by_name(request_line: bytes) -> None:
    with _client(HASTY) as client:
        assert client.send(request_line).refusal() in ("request-malformed", "head-stalled")


def test_a_head_that_is_too_large_is_refused_by_name(client: Client) -> None:
    with suppress(OSError):  # it does not listen to the end
        client.send(PUT + b"X: " + b"x" * 40_000)
    assert client.refusal() == "head-too-large"


def test_a_head_that_does_not_end_is_refused_by_name() -> None:
    with _client(HASTY) as client:
        assert client.send(PUT).refusal() == "head-stalled"


def test_who_says_nothing_is_left() -> None:
    with _client(HASTY) as client:
        assert client.connection.recv(1) == b""


class Wire(asyncio.Transport):
    """What a connection writes to, by hand."""

    def __init__(self) -> None:
        super().__init__({"socket": socket.socket()})
        self.written = b""
        self.paused = self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def _fed(stream: bytes, rng: random.Random) -> list[Any]:
    """Give a connection the bytes in pieces of any size; return what was answered."""
    config = uvicorn.Config(Told(), log_config=None, lifespan="off")
    config.load()
    connection = Connection(config=config, server_state=ServerState(), app_state={})
    wire = Wire()
    with closing(wire.get_extra_info("socket")):
        connection.connection_made(wire)
        while stream:
            while wire.paused or rng.random() < 0.3:  # noqa: ASYNC110  # the steps of the loop are what is tried
                await asyncio.sleep(0)
            room = connection.get_buffer(-1)
            size = min(len(room), rng.choice([1, 2, 100, 10_000, len(stream)]), len(stream))
            room[:size] = stream[:size]
            connection.buffer_updated(size)
            stream = stream[size:]
        for _ in range(50):
            await asyncio.sleep(0)
        connection.connection_lost(None)
    return [json.loads(part.partition(b"\r\n\r\n")[2]) for part in wire.written.split(b"HTTP/1.1 200 OK")[1:]]


@pytest.mark.parametrize("seed", range(40))
def test_however_the_bytes_are_cut_each_request_gets_its_own_body(seed: int) -> None:
    rng = random.Random(seed)
    bodies = [rng.randbytes(rng.choice([0, 1, 5, 20_000])) for _ in range(8)]
    requests = [_put(body) if rng.random() < 0.5 else _chunked(body) for body in bodies if body]
    got = asyncio.run(_fed(b"".join(requests), rng))
    assert [answer["sha256"] for answer in got] == [hashlib.sha256(body).hexdigest() for body in bodies if body]
