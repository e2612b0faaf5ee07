"""What a service tells systemd: that it is ready, that it works, that it ends (sd_notify(3)).

Without `NOTIFY_SOCKET`, as on a developer's machine, nothing happens. Whatever goes wrong here never ends a film: the
watchdog brings back a service that could not say that it works.
"""

import logging
import os
import socket

VARIABLE = "NOTIFY_SOCKET"

_log = logging.getLogger(__name__)


def ready(status: str = "") -> None:
    """Say that the start is complete; what waits for this service may go on."""
    _send("READY=1", *_status(status))


def alive(status: str = "") -> None:
    """Feed the watchdog: whoever calls this has just done what the service is for."""
    _send("WATCHDOG=1", *_status(status))


def stopping(status: str = "") -> None:
    """Say that the end has begun and is wanted."""
    _send("STOPPING=1", *_status(status))


def _status(text: str) -> tuple[str, ...]:
    # A line break would begin another assignment.
    return ("STATUS=" + " ".join(text.split()),) if text else ()


def _send(*assignments: str) -> None:
    """Send one datagram, without waiting: a camera's or card's thread must not hang on a busy service manager."""
    address = os.environ.get(VARIABLE, "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
            sender.connect(address)
            sender.send("\n".join(assignments).encode())
    except OSError as reason:
        _log.warning("systemd was not told %s: %s", assignments[0], reason)
