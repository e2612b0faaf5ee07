"""What each failure is called, with exceptions as the libraries make them. `test_links.py` meets real ones."""

import errno
import socket
import ssl

import httpx
import pytest

from device.link_diagnosis import Surroundings, trouble_of, trouble_of_answer
from device.link_trouble import DESCRIBED, LinkTrouble
from footage.manifest import ClockStatus


def around(*, routed: bool = True, clock: ClockStatus = ClockStatus.SYNCHRONISED, named: bool = True) -> Surroundings:
    return Surroundings(lambda: routed, lambda: clock, lambda: named)


def after(reason: Exception, failure: type[httpx.TransportError] = httpx.ConnectError) -> Exception:
    """What httpx makes of it: the reason is two steps down."""
    try:
        try:
            raise reason
        except type(reason) as known:
            raise OSError("as httpcore has it") from known
    except OSError as mapped:
        outer = failure("words")
        outer.__cause__ = mapped
        return outer


def refused_certificate(code: int) -> ssl.SSLCertVerificationError:
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_code = code
    return reason


@pytest.mark.parametrize(
    ("reason", "routed", "trouble"),
    [
        (OSError(errno.ENETUNREACH, "Network is unreachable"), False, LinkTrouble.NO_NETWORK),
        (OSError(errno.EHOSTUNREACH, "No route to host"), False, LinkTrouble.NO_NETWORK),
        (OSError(errno.EHOSTUNREACH, "No route to host"), True, LinkTrouble.STALLED),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), False, LinkTrouble.NO_NETWORK),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True, LinkTrouble.NAME_UNKNOWN),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True, LinkTrouble.NAME_UNKNOWN),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), True, LinkTrouble.SERVICE_DOWN),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), True, LinkTrouble.SERVICE_DOWN),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), True, LinkTrouble.SERVICE_DOWN),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), True, LinkTrouble.SERVICE_DOWN),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), True, LinkTrouble.PORTAL),
        (TimeoutError("timed out"), True, LinkTrouble.STALLED),
        (OSError(errno.EPERM, "Operation not permitted"), True, LinkTrouble.STALLED),
    ],
)
def test_while_connecting(reason: Exception, routed: bool, trouble: LinkTrouble) -> None:
    assert trouble_of(after(reason), around(routed=routed)) is trouble


@pytest.mark.parametrize(
    "reason",
    [
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC]"),
        TimeoutError("timed out"),
    ],
)
def test_what_breaks_off_later_is_the_link(reason: Exception) -> None:
    assert trouble_of(after(reason, httpx.WriteError), around()) is LinkTrouble.STALLED


@pytest.mark.parametrize(
    ("code", "surroundings", "trouble"),
    [
        (9, around(), LinkTrouble.CERTIFICATE_EXPIRED),
        (10, around(), LinkTrouble.CERTIFICATE_EXPIRED),
        (9, around(clock=ClockStatus.UNSYNCHRONISED), LinkTrouble.CLOCK_WRONG),
        (10, around(clock=ClockStatus.UNSYNCHRONISED), LinkTrouble.CLOCK_WRONG),
        (18, around(), LinkTrouble.CERTIFICATE_FOREIGN),
        (20, around(), LinkTrouble.CERTIFICATE_FOREIGN),
        (18, around(named=False), LinkTrouble.PORTAL),
        (20, around(named=False), LinkTrouble.PORTAL),
        (62, around(), LinkTrouble.PORTAL),
        (64, around(), LinkTrouble.PORTAL),
    ],
)
def test_of_certificates(code: int, surroundings: Surroundings, trouble: LinkTrouble) -> None:
    assert trouble_of(after(refused_certificate(code)), surroundings) is trouble


def test_a_circle_of_exceptions_ends() -> None:
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    assert trouble_of(one, around()) is LinkTrouble.STALLED


@pytest.mark.parametrize(
    ("status", "plain", "tls"),
    [
        (200, LinkTrouble.PORTAL, LinkTrouble.SERVICE_DOWN),
        (302, LinkTrouble.PORTAL, LinkTrouble.SERVICE_DOWN),
        (404, LinkTrouble.PORTAL, LinkTrouble.SERVICE_DOWN),
        (511, LinkTrouble.PORTAL, LinkTrouble.SERVICE_DOWN),
        (502, LinkTrouble.SERVICE_DOWN, LinkTrouble.SERVICE_DOWN),
        (504, LinkTrouble.SERVICE_DOWN, LinkTrouble.SERVICE_DOWN),
    ],
)
def test_answers_that_are_none_of_the_services(status: int, plain: LinkTrouble, tls: LinkTrouble) -> None:
    assert trouble_of_answer(status, tls=False) is plain
    assert trouble_of_answer(status, tls=True) is tls


@pytest.mark.parametrize("trouble", LinkTrouble)
def test_every_trouble_says_what_to_do(trouble: LinkTrouble) -> None:
    assert len(DESCRIBED[trouble].advice.rstrip(".").split(". ")) >= 2, "what is wrong, then what to do"
