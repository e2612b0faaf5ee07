"""Several workers on one address: processes that uvicorn watches over, and that the kernel deals connections out to.

If all accepted from one socket, whoever is first would take all connections that wait: measured, 16 of 16.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

BACKLOG = 2048  # connections that wait; 500 kits may come at once
_START_SECONDS = 60.0
_TCP_RTO_MAX_MS, _RETRANSMISSION_MS = 44, 4_000  # linux/tcp.h, since 6.15; the most between two tries of the kernel's


class SharedAddress(socket.socket):
    """An address that is bound here; every process that it is handed to has a listening socket of its own there.

    The kernel chooses among these by a hash of the client's address and port (SO_REUSEPORT, socket(7)).
    """

    @classmethod
    def instead_of(cls, listening: socket.socket) -> "SharedAddress":
        """Close a socket, which had its address for itself, and take its place."""
        family, address = listening.family, listening.getsockname()
        listening.close()
        shared = cls(family, socket.SOCK_STREAM)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            shared.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        shared.bind(address)
        return shared

    def __reduce_ex__(self, _protocol: object) -> tuple[Callable[..., socket.socket], tuple[Any, ...]]:
        return _listening, (self.family, self.getsockname())


class Workers(Multiprocess):
    """Runs as many workers as the configuration says, and new ones for those that die; says when all are `ready`."""

    def __init__(self, config: Config, address: SharedAddress, ready: Callable[[], None]) -> None:
        super().__init__(config, [address])
        self._ready = ready

    def init_processes(self) -> None:
        """Start the workers: nobody accepts connections before."""
        super().init_processes()
        for process in self.processes:
            process.wait_until_ready(_START_SECONDS)
        self._ready()


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    return retransmit_soon(socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=True))


def retransmit_soon(listening: socket.socket) -> socket.socket:
    """Let no connection that is accepted here wait long for a client that was away; return the socket.

    An answer that was lost in an outage is repeated by the kernel after 0.2, 0.4, … 64, 120 s: a kit whose link is back
    would wait for it as long as it was away. Kernels before 6.15 do not know this; there it stays so.
    """
    with suppress(OSError):
        listening.setsockopt(socket.IPPROTO_TCP, _TCP_RTO_MAX_MS, _RETRANSMISSION_MS)
    return listening
