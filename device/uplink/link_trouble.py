"""Why the agency can't be reached, by name: what the person who holds the kit can do differs for each."""

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

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


ADVICE = {
    LinkTrouble.NO_NETWORK: "The kit has no network. Put it into its dock, or come near a network that it knows.",
    LinkTrouble.NAME_UNKNOWN: "The network does not know the agency's service. Log in to the network, if it asks for "
    "that, or try another one.",
    LinkTrouble.SERVICE_DOWN: "The agency's service is not running. Nothing to do here; tell IT if it lasts a day.",
    LinkTrouble.STALLED: "The network does not carry anything now. Come nearer to it, or wait.",
    LinkTrouble.PORTAL: "Something else than the agency's service answers. Log in to this network with a telephone or "
    "computer, or use another one.",
    LinkTrouble.CLOCK_WRONG: "The kit's clock is not set, so it can't check the service. It sets itself from the "
    "network; tell IT if this lasts.",
    LinkTrouble.CERTIFICATE_EXPIRED: "The certificate of the agency's service has expired. IT must renew it.",
    LinkTrouble.CERTIFICATE_FOREIGN: "Somebody else answers in the agency's name, and gets nothing. Use another "
    "network, and tell IT.",
}
KEPT = "The films stay on the kit; it tries again by itself."

_NO_NETWORK = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
# X509_V_ERR_… of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _HAS_EXPIRED, _HOSTNAME_MISMATCH, _IP_MISMATCH = 9, 10, 62, 64


def trouble_of(failure: BaseException, clock: ClockStatus) -> LinkTrouble:
    """Return what a failed request tells of the link, by what is at the bottom of its exceptions."""
    for reason in _down_from(failure):
        match reason:
            case ssl.SSLCertVerificationError():
                return _of_certificate(reason.verify_code, clock)
            case ssl.SSLError():
                return LinkTrouble.PORTAL  # it speaks, but no TLS
            case socket.gaierror():
                return LinkTrouble.NAME_UNKNOWN
            case ConnectionRefusedError():
                return LinkTrouble.SERVICE_DOWN
            case OSError() if reason.errno in _NO_NETWORK:
                return LinkTrouble.NO_NETWORK
            case _:
                pass
    return LinkTrouble.STALLED


def _of_certificate(code: int, clock: ClockStatus) -> LinkTrouble:
    if code in (_NOT_YET_VALID, _HAS_EXPIRED):
        known = clock is ClockStatus.SYNCHRONISED
        return LinkTrouble.CERTIFICATE_EXPIRED if known else LinkTrouble.CLOCK_WRONG
    if code in (_HOSTNAME_MISMATCH, _IP_MISMATCH):
        return LinkTrouble.PORTAL
    return LinkTrouble.CERTIFICATE_FOREIGN


def _down_from(failure: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it came of, the deepest last; there may be a circle."""
    seen: set[int] = set()
    reason: BaseException | None = failure
    while reason is not None and id(reason) not in seen:
        seen.add(id(reason))
        yield reason
        reason = reason.__cause__ or reason.__context__
