"""How a kit hands a body to the link, and what its client needs of the kernel."""

import errno
import hashlib
import socket

import httpx
import pytest

from device.patient_client import Body, patient_client
from device.tls import tls_context
from footage.http_signatures import content_digest
from tests.certificates import HERE
from tests.doors import door, portal

OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("size", "pieces"),
    [(0, []), (1, [1]), (16_384, [16_384]), (16_385, [16_384, 1]), (40_000, [16_384, 16_384, 7_232])],
)
def test_a_body_tells_of_each_piece_after_it_was_taken(size: int, pieces: list[int]) -> None:
    told: list[int] = []
    content = bytes(number % 251 for number in range(size))
    body = Body(content, OCTETS, told.append)
    for _ in ("once", "again, in a new session"):
        told.clear()
        taken: list[bytes] = []
        for piece in body:
            assert told == [len(before) for before in taken], "what the link has not taken is not sent"
            taken.append(piece)
        assert told == pieces
        assert b"".join(taken) == content


def test_what_is_known_of_a_body_is_not_hashed_again() -> None:
    content = b"sealed"
    known = hashlib.sha256(content).hexdigest()
    assert Body(content, OCTETS).headers == Body(content, OCTETS, sha256=known).headers
    told = Body(content, OCTETS, sha256=hashlib.sha256(b"of others").hexdigest()).headers["content-digest"]
    assert told == content_digest(b"of others"), "the service will refuse it"


def test_a_client_follows_nobody_elsewhere() -> None:
    with door(portal) as port, patient_client(f"http://{HERE}:{port}", tls_context(None)) as client:
        assert client.get("/").status_code == httpx.codes.FOUND


def test_an_older_kernel_is_none_the_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    real, refused = socket.socket.setsockopt, []

    def older(one: socket.socket, level: int, option: int, value: int) -> None:
        if (level, option) == (socket.IPPROTO_TCP, 44):  # TCP_RTO_MAX_MS
            refused.append(value)
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        real(one, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", older)
    with door(portal) as port, patient_client(f"http://{HERE}:{port}", tls_context(None)) as client:
        assert client.get("/").status_code == httpx.codes.FOUND
    assert refused == [4000], "it is tried once"
