"""Why the agency can't be reached, by name: what the person who holds the kit can do differs for each."""

from enum import StrEnum
from typing import NamedTuple


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
