"""The HTTP client of a kit, made for links that carry a byte now and then.

Time-outs are by lack of progress only. A body goes to the kernel in small pieces with a small buffer before the link,
so that what was handed over is about what has gone out; and the kernel ends a connection whose bytes nobody
acknowledges.
"""

import socket
import ssl
from collections.abc import Callable, Iterator

import httpx

from footage.http_signatures import content_digest, digest_header

_CONNECT_SECONDS = 20.0
_WRITE_SECONDS = 60.0  # in which the kernel must take a piece
_ANSWER_SECONDS = 120.0  # from the last piece: what the kernel still holds takes 64 s at 2 kB/s
_UNACKNOWLEDGED_SECONDS = 20.0  # the service's patience with a body: its refusal would only wait for the link as well
_RETRANSMISSION_SECONDS = 4.0  # the most between two tries of the kernel's: so soon it notes that a link is back
_PIECE = 16 * 1024
_BUFFER = 128 * 1024  # above what a link of 20 Mbit/s and 50 ms holds, and for each connection
_IDLE_SECONDS = 60.0  # a connection is kept; less than the service and proxies do
_SOCKET_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_UNACKNOWLEDGED_SECONDS * 1000)),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
)
_TCP_RTO_MAX_MS = 44  # linux/tcp.h, since 6.15; without it the kernel's tries come at 0.2, 0.6, … 25, 51 s

Sent = Callable[[int], None]
"""Told how many bytes of a body went out, piece by piece; what it raises ends the request."""


def unheard(_: int) -> None:
    """Nobody asks."""


class Body(httpx.SyncByteStream):
    """A request's body. It goes out in pieces, and from its beginning each time that it is sent."""

    def __init__(self, content: bytes, media_type: str, sent: Sent = unheard, sha256: str = "") -> None:
        """`sha256`: of the content, in hex, from whoever knows it already; else it is hashed here."""
        self._content = content
        self._sent = sent
        self.headers = {
            "content-type": media_type,
            "content-digest": digest_header(bytes.fromhex(sha256)) if sha256 else content_digest(content),
            "content-length": str(len(content)),
        }

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(0, len(self._content), _PIECE):
            piece = self._content[begin : begin + _PIECE]
            yield piece
            self._sent(len(piece))


def patient_client(service: str, tls: ssl.SSLContext) -> httpx.Client:
    """Return a client for one service, for several threads. It follows nobody elsewhere, and heeds no environment."""
    return httpx.Client(
        base_url=service,
        timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS, write=_WRITE_SECONDS, pool=None),
        transport=httpx.HTTPTransport(
            verify=tls,
            limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
            trust_env=False,
            socket_options=_socket_options(),
        ),
        trust_env=False,
        follow_redirects=False,  # nothing that is signed for the agency goes elsewhere
    )


def _socket_options() -> list[tuple[int, int, int]]:
    """Return the options, of which older kernels do not know the one that ends a wait of up to two minutes."""
    retransmission = (socket.IPPROTO_TCP, _TCP_RTO_MAX_MS, int(_RETRANSMISSION_SECONDS * 1000))
    with socket.socket() as probe:
        try:
            probe.setsockopt(*retransmission)
        except OSError:  # an older kernel
            return [*_SOCKET_OPTIONS]
    return [*_SOCKET_OPTIONS, retransmission]
