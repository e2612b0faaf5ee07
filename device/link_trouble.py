"""Why the agency can't be reached, by name: what the person who holds the kit can do differs for each."""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

import httpx

from footage.manifest import ClockStatus


class LinkTrouble(StrEnum):
    """What is between the kit and the agency."""

    NO_NETWORK = "no-network"
    NAME_UNKNOWN = "name-unknown"
    SERVICE_DOWN = "service-down"
    STALLED = "link-stalled"
    PORTAL = "captive-portal"
    CLOCK_WRONG = "clock-wrong"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_FOREIGN = "certificate-foreign"


class Described(NamedTuple):
    """What a trouble is seen by, and what people are told."""

    seen_by: str
    advice: str


DESCRIBED = {
    LinkTrouble.NO_NETWORK: Described(
        "no route leads anywhere",
        "The kit has no network. Put it into its dock, or come near a network that it knows.",
    ),
    LinkTrouble.NAME_UNKNOWN: Described(
        "the service's host name is not found",
        "The network does not know the agency's service. Log in to the network, if it asks for that, or try another "
        "one.",
    ),
    LinkTrouble.SERVICE_DOWN: Described(
        "the connection is refused, or ended before TLS began; or a proxy answers in the service's place",
        "The agency's service does not work now. Nothing to do here; tell IT if it lasts a day.",
    ),
    LinkTrouble.STALLED: Described(
        "nothing comes back, or a connection breaks off",
        "The network does not carry anything now. Come nearer to it, or wait.",
    ),
    LinkTrouble.PORTAL: Described(
        "something answers that speaks no TLS, or has a certificate of another name; over plain HTTP: no answer of "
        "the service's",
        "Something else than the agency's service answers. Log in to this network with a telephone or computer, or use "
        "another one.",
    ),
    LinkTrouble.CLOCK_WRONG: Described(
        "the certificate is not valid now, and nobody has set the kit's clock",
        "The kit's clock is not set, so it can't check the service. It sets itself from the network; tell IT if this "
        "lasts.",
    ),
    LinkTrouble.CERTIFICATE_EXPIRED: Described(
        "the certificate, or the authority's, is not valid now",
        "The certificate of the agency's service has expired. IT must renew it.",
    ),
    LinkTrouble.CERTIFICATE_FOREIGN: Described(
        "a certificate of the service's name, by an authority that the kit does not trust",
        "Somebody else answers in the agency's name, and gets nothing. Use another network, and tell IT.",
    ),
}
KEPT = "The films stay on the kit; it tries again by itself."

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
