"""From a failed request to the name of what is between the kit and the agency."""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx

from device.link_trouble import LinkTrouble
from footage.manifest import ClockStatus

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
# X509_V_ERR_… of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _HAS_EXPIRED, _HOSTNAME_MISMATCH, _IP_MISMATCH = 9, 10, 62, 64


class Surroundings(NamedTuple):
    """What a failure alone does not tell, asked only when it matters.

    Whether a route leads anywhere, whether the clock is set, and whether who answers has a certificate of the name.
    """

    routed: Callable[[], bool]
    clock: Callable[[], ClockStatus]
    named: Callable[[], bool]


def trouble_of(failure: BaseException, around: Surroundings) -> LinkTrouble:
    """Return what a failed request tells of the link, by what is at the bottom of its exceptions."""
    connecting = isinstance(failure, httpx.ConnectError)
    for reason in _down_from(failure):
        match reason:
            case ssl.SSLCertVerificationError():
                return _of_certificate(reason.verify_code, around)
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ConnectionResetError() | BrokenPipeError():
                return LinkTrouble.SERVICE_DOWN if connecting else LinkTrouble.STALLED
            case ssl.SSLError() if connecting:
                return LinkTrouble.PORTAL  # it speaks, but no TLS
            case ConnectionRefusedError():
                return LinkTrouble.SERVICE_DOWN
            case socket.gaierror():
                return LinkTrouble.NAME_UNKNOWN if around.routed() else LinkTrouble.NO_NETWORK
            case OSError() if reason.errno in _NO_WAY and not around.routed():
                return LinkTrouble.NO_NETWORK
            case _:
                pass
    return LinkTrouble.STALLED


def trouble_of_answer(status: int, *, tls: bool) -> LinkTrouble:
    """Return what an answer tells that is none of the service's. Over TLS no portal can have given it."""
    proxy = status >= httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.NETWORK_AUTHENTICATION_REQUIRED
    return LinkTrouble.SERVICE_DOWN if tls or proxy else LinkTrouble.PORTAL


def _of_certificate(code: int, around: Surroundings) -> LinkTrouble:
    if code in (_NOT_YET_VALID, _HAS_EXPIRED):
        known = around.clock() is ClockStatus.SYNCHRONISED
        return LinkTrouble.CERTIFICATE_EXPIRED if known else LinkTrouble.CLOCK_WRONG
    if code in (_HOSTNAME_MISMATCH, _IP_MISMATCH):
        return LinkTrouble.PORTAL
    # Who signed it is looked at first, so a portal's own certificate ends here too.
    return LinkTrouble.CERTIFICATE_FOREIGN if around.named() else LinkTrouble.PORTAL


def _down_from(failure: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it came of, the deepest last; there may be a circle."""
    seen: set[int] = set()
    reason: BaseException | None = failure
    while reason is not None and id(reason) not in seen:
        seen.add(id(reason))
        yield reason
        reason = reason.__cause__ or reason.__context__
