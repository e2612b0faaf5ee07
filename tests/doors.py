"""What may listen where a kit expects its agency: a TLS terminator before the real service, a portal, silence.

Each is a `Talk` that is given one connection; `door` listens with it and yields the port.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.certificates import HERE

Talk = Callable[[socket.socket], None]
_PIECE = 64 * 1024
_PORTAL = (
    b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nContent-Type: text/html\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


@contextmanager
def door(talk: Talk, port: int = 0) -> Iterator[int]:
    """Listen, and talk to each that comes in a thread of its own; end all on leaving."""
    with socket.create_server((HERE, port)) as listening:
        opened: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):  # it is closed
                while True:
                    connection, _ = listening.accept()
                    opened.append(connection)
                    threading.Thread(target=_talk, args=(talk, connection), daemon=True).start()

        threading.Thread(target=take, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for connection in opened:
                _end(connection)


def terminator(context: ssl.SSLContext, service: str) -> Talk:
    """Speak TLS, and hand on to a service at `http://HOST:PORT` what comes."""
    host, _, port = service.removeprefix("http://").partition(":")

    def talk(connection: socket.socket) -> None:
        with (
            context.wrap_socket(connection, server_side=True) as outer,
            socket.create_connection((host, int(port))) as inner,
        ):
            inwards = threading.Thread(target=_pass_on, args=(outer, inner), daemon=True)
            inwards.start()
            _pass_on(inner, outer)
            inwards.join()

    return talk


def tls_portal(context: ssl.SSLContext) -> Talk:
    """Speak TLS with a certificate of its own, and ask to log in."""

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as outer:
            portal(outer)

    return talk


def portal(connection: socket.socket) -> None:
    """Answer plain HTTP, whatever was asked: log in."""
    connection.recv(_PIECE)
    connection.sendall(_PORTAL)


def silent(connection: socket.socket) -> None:
    """Say nothing, and read it all."""
    while connection.recv(_PIECE):
        pass


def closing(connection: socket.socket) -> None:
    """Hang up when something was said."""
    connection.recv(_PIECE)


def resetting(connection: socket.socket) -> None:
    """Reset the connection when something was said."""
    connection.recv(_PIECE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _talk(talk: Talk, connection: socket.socket) -> None:
    with contextlib.suppress(OSError), connection:  # ssl.SSLError is one
        talk(connection)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
