"""The erasure certificate: the agency's signed word that a film is destroyed, why, and when.

It holds codes, dates and numbers; no names and no words. Whoever restores a backup destroys every film anew of which
there is a certificate.
"""

from enum import StrEnum
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec import Meta

from footage import jws
from footage.directory import Directory
from footage.errors import ErasureForged, ErasureMismatch, MessageForged
from footage.messages import Count, FilmId, KitId, Message, Sha256, Thumbprint, Timestamp, decode, encode

CaseCode = Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}\Z")]
Actor = Annotated[str, Meta(pattern=r"^(kit:[a-z0-9-]{1,63}|staff:[0-9a-f-]{36}|operator|service)\Z")]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9]{1,32}\Z")]


class Reason(StrEnum):
    """Why a film is erased."""

    TAKEN_BACK = "taken back"  # the family pressed the kit's button
    FAMILY_ASKED = "family asked"  # a parent or carer asked the agency
    CHILD_ASKED = "child asked"  # the child asked, or showed that it wants no film
    OTHER_ASKED = "other person asked"  # somebody else who is seen or heard in it
    NO_AGREEMENT = "no agreement"  # it turned out that somebody in it had not agreed
    MISTAKE = "mistake"  # filmed or sent by mistake
    ORDERED = "ordered"  # by a court or an authority
    WORK_ENDED = "work ended"  # the agreed time after the end of the work is over
    TOO_OLD = "too old"  # the longest time that a film is kept is over


class Destroyed(Message, frozen=True):
    """What was held: `film.key` or not, the manifest by its SHA-256 if there was one, number and bytes of parts."""

    film_key: bool
    manifest: Sha256 | None
    parts: Count
    bytes: Count


class Erasure(Message, frozen=True):
    """One film's certificate. `filmed_at` is null if the kit's clock was not set or the film never became whole."""

    format: Literal[1]
    film: FilmId
    kit: KitId
    case: CaseCode | None
    filmed_at: Timestamp | None
    duration_ms: Count | None
    reason: Reason
    decided_by: Actor
    decided_at: Timestamp
    erased_at: Timestamp
    destroyed: Destroyed
    store: Word
    database: Word
    backups_until: Timestamp
    receipt_key: Thumbprint


def sign_erasure(erasure: Erasure, key: EllipticCurvePrivateKey) -> str:
    """Return the certificate as JWS, signed by a receipt key."""
    return jws.sign(jws.MessageType.ERASURE, encode(erasure), key)


def read_erasure(token: str, directory: Directory, *, film: str) -> Erasure:
    """Verify a certificate for `film`. Raises `ErasureForged`, `ErasureMismatch` and `MessageMalformed`."""
    claimed = decode(Erasure, jws.unverified_payload(jws.MessageType.ERASURE, token))
    key = directory.receipt_key(claimed.receipt_key)
    if key is None:
        raise ErasureForged(
            "The directory does not list the key of this erasure certificate. Let the root list it again, if it is one "
            "that the service had before; else somebody has made the certificate up."
        )
    try:
        jws.verify(jws.MessageType.ERASURE, token, key)
    except MessageForged:
        raise ErasureForged(
            "The erasure certificate's signature is wrong. It proves nothing; look for a copy."
        ) from None
    if claimed.film != film:
        raise ErasureMismatch("The erasure certificate is for another film. Look for this film's own.")
    return claimed
