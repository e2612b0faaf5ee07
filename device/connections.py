"""The connections of an HTTP client, so that another thread can end them while somebody waits for them.

When a kit changes its link, what went over the old one keeps its address, and would be noticed by a time-out only.
"""

import socket
import threading
import weakref
from contextlib import suppress
from typing import Any

# https://www.python-httpx.org/advanced/extensions/#trace
_OPENED = {"connection.connect_tcp.complete", "connection.start_tls.complete"}


class Connections:
    """Knows what a client has opened, if each request has `trace` as its extension of that name."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note a connection."""
        if event in _OPENED:
            with self._lock:
                self._sockets.add(info["return_value"].get_extra_info("socket"))

    def hang_up(self) -> None:
        """End all of them at once: who waits for one gets an error, who wants one opens a new one."""
        with self._lock:
            for opened in list(self._sockets):
                with suppress(OSError):  # closed by now
                    # Not the SSL socket's own method: it would let a thread that is sending go on without TLS.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)
