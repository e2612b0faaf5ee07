"""Requests to be admitted as a recipient: what the service hands to IT, for the offline root to decide on.

Not signed, and not to be believed: the service could put in a recipient of its own. Whoever admits somebody compares
the fingerprint with what that person's own browser shows.
"""

from typing import Annotated, Literal

from msgspec import Meta

from footage.manifest import recipient_fingerprint
from footage.messages import Message, Timestamp

COMPARED = 20  # characters of a fingerprint that people compare: 80 bits, beyond what can be searched for


class AdmissionRequest(Message, frozen=True):
    """Somebody who asks that films be sealed to them, by name and roles as the service knows them."""

    account: str
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    roles: tuple[str, ...]
    recipient: str
    requested_at: Timestamp

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the recipient string, in hex."""
        return recipient_fingerprint(self.recipient)


class AdmissionRequests(Message, frozen=True):
    """All requests that wait."""

    format: Literal[1]
    requests: tuple[AdmissionRequest, ...]


def grouped(fingerprint: str) -> str:
    """Return the part of a fingerprint that people compare, in groups of four that can be read aloud."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, COMPARED, 4))
