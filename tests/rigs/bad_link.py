"""A link as homes have it: two network namespaces joined by TUN devices, and a process that treats packets badly.

This kernel has no netem. The process holds both devices and carries packets from one to the other as `wire` says; it
takes orders as lines of JSON, and ends with its standard input. Needs root, and touches no network of the machine.
"""

import ctypes
import fcntl
import json
import os
import secrets
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from tests.rigs.wire import MTU, Shape, Wire

KIT_ADDRESS, AGENCY_ADDRESS = "10.211.0.1", "10.211.0.2"
_DEVICE = "link0"
_CLONE_NEWNET = 0x40000000  # sched.h
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_AT_ONCE = 64  # packets that are read from one side before the other has its turn


@dataclass(frozen=True, slots=True)
class Carried:
    """What came over the link: bytes from the kit and to it, and packets that were lost on both ways."""

    from_kit: int
    to_kit: int
    lost: int


class BadLink:
    """A link between the namespaces `kit` and `agency`."""

    def __init__(self, kit: str, agency: str, process: "subprocess.Popen[str]") -> None:
        self.kit = kit
        self.agency = agency
        self._process = process

    def shape(self, from_kit: Shape, to_kit: Shape | None = None) -> None:
        """Treat packets so from now on, in both directions if the second is not given."""
        self._order({"shape": [asdict(from_kit), asdict(to_kit or from_kit)]})

    def carried(self) -> Carried:
        """Return what was carried since the beginning."""
        return Carried(*self._order({}))

    def at_kit(self, *command: str) -> list[str]:
        """Return a command that runs where the kit is."""
        return _within(self.kit, *command)

    def at_agency(self, *command: str) -> list[str]:
        """Return a command that runs where the agency is."""
        return _within(self.agency, *command)

    def _order(self, order: dict[str, Any]) -> list[int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: list[int] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def bad_link(shape: Shape, *, seed: int = 0) -> Iterator[BadLink]:
    """Make the namespaces and join them. The kit is `KIT_ADDRESS`, the agency `AGENCY_ADDRESS`; loopback is up."""
    name = f"attune-{secrets.token_hex(4)}"
    kit, agency = f"{name}-kit", f"{name}-agency"
    with ExitStack() as made:
        for namespace in (kit, agency):
            _ip("netns", "add", namespace)
            made.callback(_ip, "netns", "delete", namespace)
        process = made.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "tests.rigs.bad_link", kit, agency, str(seed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        link = BadLink(kit, agency, process)
        link.shape(shape)  # answered: the devices are there
        for namespace, address, peer in ((kit, KIT_ADDRESS, AGENCY_ADDRESS), (agency, AGENCY_ADDRESS, KIT_ADDRESS)):
            inside = ["-n", namespace]
            _ip(*inside, "address", "add", address, "peer", peer, "dev", _DEVICE)
            _ip(*inside, "link", "set", _DEVICE, "up", "mtu", str(MTU))
            _ip(*inside, "link", "set", "lo", "up")
        yield link
        assert process.stdin is not None
        process.stdin.close()


def _carry(kit: str, agency: str, seed: int) -> None:
    """Carry packets until standard input ends."""
    sides = [_tun(kit), _tun(agency)]
    wires = [Wire(Shape(1e6), seed), Wire(Shape(1e6), seed + 1)]  # from each side to the other
    with selectors.DefaultSelector() as ready:
        ready.register(sys.stdin, selectors.EVENT_READ)
        for side in sides:
            ready.register(side, selectors.EVENT_READ)
        while True:
            due = [at for wire in wires if (at := wire.next_at()) is not None]
            wait = max(0.0, min(due) - time.monotonic()) if due else None
            for key, _ in ready.select(wait):
                if key.fd in sides:
                    _take(key.fd, wires[sides.index(key.fd)])
                elif line := sys.stdin.readline():
                    _obey(json.loads(line), wires)
                else:
                    return
            for wire, other in zip(wires, reversed(sides), strict=True):
                for packet in wire.arrived(time.monotonic()):
                    with suppress(OSError):  # the other side is not up yet
                        os.write(other, packet)


def _take(side: int, wire: Wire) -> None:
    now = time.monotonic()
    for _ in range(_AT_ONCE):
        try:
            wire.send(os.read(side, MTU), now)
        except BlockingIOError:
            return


def _obey(order: dict[str, Any], wires: Sequence[Wire]) -> None:
    for wire, shape in zip(wires, order.get("shape", []), strict=False):
        wire.reshape(Shape(**shape))
    print(json.dumps([wires[0].carried, wires[1].carried, wires[0].lost + wires[1].lost]), flush=True)


def _tun(namespace: str) -> int:
    """Make a TUN device in a namespace and return what its packets are read from and written to."""
    descriptor = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):  # `os.setns` came with Python 3.12
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    finally:
        os.close(descriptor)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def _within(namespace: str, *command: str) -> list[str]:
    # not `ip netns exec`: it copies all mounts, and would keep a file system alive that another rig unmounts
    return ["nsenter", f"--net=/var/run/netns/{namespace}", *command]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


if __name__ == "__main__":
    _carry(sys.argv[1], sys.argv[2], int(sys.argv[3]))
