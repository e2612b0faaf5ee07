"""Entries of the audit trail as syslog messages (RFC 5424), and where they are sent.

A message holds all of an entry in one structured-data element, so that whoever received them can verify the chain
without this service. Facility 13 is "log audit" (section 6.2.1); severity is informational.
"""

import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from companion_api.audit.trail import Entry

Send = Callable[[bytes], None]

_PRIORITY = 13 * 8 + 6
_ELEMENT = "attune@32473"  # RFC 5424 section 7.2.2: 32473 is the number for those who have no enterprise number
_APP = "companion-api"
_ESCAPED = {ord(character): f"\\{character}" for character in '"\\]'}  # section 6.3.3
_NOT_PRINTED = dict.fromkeys(range(32), "\N{REPLACEMENT CHARACTER}")  # a line feed would end a message
_SECONDS = 10.0
_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}  # RFC 5426, RFC 3195, RFC 5425


class AddressRefused(ValueError):
    """Not an address that messages can be sent to."""


class Address(NamedTuple):
    """Where messages go: `scheme` is udp, tcp, tls or unix; `host` is the path for unix."""

    scheme: str
    host: str
    port: int


def message(entry: Entry, hostname: str) -> bytes:
    """Return an entry as one message, without framing."""
    values = {
        "number": str(entry.number),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": msgspec.json.encode(entry.detail).decode(),
        "previous": entry.previous,
        "hash": entry.hash,
    }
    data = "".join(f' {name}="{_value(value)}"' for name, value in values.items())
    text = f"{entry.actor} {entry.action} {entry.subject}".translate(_NOT_PRINTED)
    head = f"<{_PRIORITY}>1 {entry.at} {_name(hostname, 255)} {_APP} - {_name(entry.action, 32)} [{_ELEMENT}{data}]"
    mark = "" if text.isascii() else "\N{BYTE ORDER MARK}"  # section 6.4: it says that the text is UTF-8
    return f"{head} {mark}{text}".encode()


def parse_address(text: str) -> Address:
    """Parse `udp://HOST[:PORT]`, `tcp://…`, `tls://…` or `unix://PATH`. Raises `AddressRefused`."""
    parts = urlsplit(text)
    try:
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return Address("unix", parts.path, 0)
        if parts.scheme in _PORTS and parts.hostname and not (parts.path or parts.query or parts.username):
            return Address(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
    except ValueError:  # the port
        pass
    raise AddressRefused(f"{text!r} is not udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH")


@contextmanager
def connected(address: Address | None) -> Iterator[Send]:
    """Give what sends one message; None is stdout, a line each. Raises `OSError`.

    Streams are framed by octet counting (RFC 5425 section 4.3, RFC 6587 section 3.4.1). Syslog acknowledges nothing:
    what a stream had under way when it broke may be lost, and UDP may lose any message.
    """
    if address is None:
        yield _print
        return
    with _socket(address) as connection:
        if address.scheme in ("udp", "unix"):
            yield connection.sendall
        else:
            yield lambda data: connection.sendall(b"%d %b" % (len(data), data))


def _socket(address: Address) -> socket.socket:
    if address.scheme == "unix":
        local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        local.settimeout(_SECONDS)
        return _connect(local, address.host)
    if address.scheme == "udp":
        family, kind, _, _, target = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
        return _connect(socket.socket(family, kind), target)
    trusted = ssl.create_default_context()
    connection = socket.create_connection((address.host, address.port), _SECONDS)
    return trusted.wrap_socket(connection, server_hostname=address.host) if address.scheme == "tls" else connection


def _connect(unconnected: socket.socket, target: Any) -> socket.socket:
    try:
        unconnected.connect(target)
    except OSError:
        unconnected.close()
        raise
    return unconnected


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data + b"\n")


def _value(text: str) -> str:
    return text.translate(_NOT_PRINTED).translate(_ESCAPED)


def _name(text: str, longest: int) -> str:
    """Return a header field: printable US-ASCII without spaces, or "-" for none."""
    return "".join(c if "!" <= c <= "~" else "-" for c in text)[:longest] or "-"
