"""What a service can do beside its work, tried from within its own sandbox. Prints one JSON object: name → outcome."""

import ctypes
import json
import mmap
import os
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SPOOL, SETTINGS = Path("/var/lib/attune-kit/spool"), Path("/etc/attune-kit")


def main() -> None:
    """Try everything."""
    tried: dict[str, Callable[[], object]] = {
        "internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
        "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "write settings": lambda: (SETTINGS / "kit.toml").open("a").close(),
        "replace settings": lambda: (SETTINGS / "new").touch(),
        "read key": (SETTINGS / "kit.key.pem").read_bytes,
        "write directory": lambda: Path("/var/lib/attune-kit/directory/probe").touch(),
        "write spool": lambda: (SPOOL / "probe").touch(),
        "write status": lambda: Path("/run/attune-kit/probe").touch(),
        "write elsewhere": lambda: Path("/var/lib/probe").touch(),
        "set-user-id": _set_user_id,
        "writable code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
        "new namespace": lambda: _libc(lambda libc: libc.unshare(0x10000000)),  # CLONE_NEWUSER
        "mount": lambda: _libc(lambda libc: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
        "set clock": lambda: _libc(lambda libc: libc.settimeofday(ctypes.create_string_buffer(16), None)),
        "ask clock": lambda: _libc(lambda libc: libc.adjtimex(ctypes.create_string_buffer(256)) < 0),
        "have clock": lambda: _libc(_leave_clock_as_it_is),
        "make node": lambda: os.mknod("/tmp/node", 0o600 | 0o020000, os.makedev(1, 3)),
        "become root": lambda: os.setuid(0),
    }
    # Device nodes that lie on the card, so that no missing name but the device policy must refuse them.
    tried |= {f"open {node.name}": _open(node) for node in SPOOL.glob("device-*")}
    left_out = set(sys.argv[1:])  # what would be no mere attempt
    outcomes = {name: _outcome(attempt) for name, attempt in tried.items() if name not in left_out}
    outcomes["core limit"] = str(resource.getrlimit(resource.RLIMIT_CORE))
    outcomes["core filter"] = Path("/proc/self/coredump_filter").read_text().strip()
    outcomes["devices"] = " ".join(sorted(file.name for file in Path("/dev").iterdir() if file.is_char_device()))
    json.dump(outcomes, sys.stdout)


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as reason:
        return reason.strerror or str(reason)
    return "done"


def _open(node: Path) -> Callable[[], object]:
    return lambda: os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK))


def _set_user_id() -> None:
    file = SPOOL / "probe-set-user-id"
    file.touch()
    try:
        file.chmod(0o4755)
    finally:
        with suppress(OSError):
            file.unlink()


def _leave_clock_as_it_is(libc: ctypes.CDLL) -> bool:
    """Set the kernel's status of the clock to what it is: nothing changes, but it takes the right to."""
    timex = (ctypes.c_int * 64)()
    libc.adjtimex(timex)
    timex[0] = 0x0010  # ADJ_STATUS
    return bool(libc.adjtimex(timex) < 0)


def _libc(call: Callable[[ctypes.CDLL], int]) -> None:
    if call(ctypes.CDLL(None, use_errno=True)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
