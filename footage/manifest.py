"""The manifest: the kit's signed word of what belongs to a film, in order. The server can read it; it is kept lean."""

import hashlib
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec import Meta

from footage import jws
from footage.directory import Directory
from footage.errors import ManifestForged, MessageForged, MessageMalformed
from footage.keys import from_jwk
from footage.messages import Count, FilmId, KitId, Message, Sha256, Timestamp, decode, encode
from footage.parts import PartKind


class FilmKind(StrEnum):
    """What is filmed."""

    INTERACTION = "interaction"
    SHARED_REVIEW = "shared review"
    SUPERVISION = "supervision"


class ClockStatus(StrEnum):
    """Whether the kit's wall clock had been set when the film began: a Raspberry Pi has no battery clock."""

    SYNCHRONISED = "synchronised"
    UNSYNCHRONISED = "unsynchronised"


class Ended(StrEnum):
    """How a film ended."""

    STOPPED = "stopped"  # by a button
    SHUT_DOWN = "shut down"  # the kit was switched off while filming
    TIME_UP = "time is up"  # the longest film that the kit makes
    INTERRUPTED = "interrupted"  # power cut or crash; closed from its files at the next start
    CARD_FULL = "card full"
    CARD_FAILED = "card failed"  # it refuses to write, or is too slow
    RECORDER_FAILED = "recorder failed"  # a fault of the software; the log tells it
    CAMERA_STALLED = "camera stalled"
    LIGHT_FAILED = "light failed"
    BATTERY_LOW = "battery low"
    TOO_HOT = "too hot"
    SPOOL_DAMAGED = "spool damaged"  # the card lost a part that had been durable


class PartEntry(Message, frozen=True):
    """One part: its number, kind, SHA-256 and size in bytes of the sealed file, duration in ms."""

    number: Count
    kind: PartKind
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=2**31)]
    duration_ms: Count


class FilmOpening(Message, frozen=True):
    """What is known of a film when it begins."""

    format: Literal[1]
    film: FilmId
    kit: KitId
    kind: FilmKind
    directory_version: Count
    recipient: str
    recipients: tuple[Sha256, ...]  # fingerprints of those who can open film.key
    film_key: Sha256
    started_at: Timestamp
    clock: ClockStatus


class Manifest(Message, frozen=True):
    """A closed film: how it began, how it ended, and its parts in order."""

    opening: FilmOpening
    ended: Ended
    parts: tuple[PartEntry, ...]

    @property
    def duration_ms(self) -> int:
        """The film's length in ms."""
        return sum(part.duration_ms for part in self.parts)

    @property
    def size(self) -> int:
        """The bytes of all sealed parts."""
        return sum(part.size for part in self.parts)


def recipient_fingerprint(recipient: str) -> str:
    """Return the SHA-256 of a recipient string, in hex."""
    return hashlib.sha256(recipient.encode("ascii")).hexdigest()


def sign_manifest(manifest: Manifest, kit: EllipticCurvePrivateKey) -> str:
    """Return the manifest as JWS."""
    return jws.sign(jws.MessageType.MANIFEST, encode(manifest), kit)


def read_manifest(token: str, directory: Directory) -> Manifest:
    """Verify a manifest against the key that the directory has for the kit it names.

    Raises `KitUnknown`, `ManifestForged` and `MessageMalformed`. Whether the kit is revoked is not asked here: what
    it filmed before stays valid.
    """
    claimed = decode(Manifest, jws.unverified_payload(jws.MessageType.MANIFEST, token))
    key = from_jwk(directory.kit(claimed.opening.kit).key)
    try:
        jws.verify(jws.MessageType.MANIFEST, token, key)
    except MessageForged:
        raise ManifestForged(
            f"The manifest is not signed by kit {claimed.opening.kit}. Do not use this film; keep it as evidence."
        ) from None
    _refuse_disorder(claimed)
    return claimed


def _refuse_disorder(manifest: Manifest) -> None:
    numbers = [part.number for part in manifest.parts]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise MessageMalformed("The manifest lists its parts out of order.")
    if manifest.ended is not Ended.SPOOL_DAMAGED and numbers != list(range(len(numbers))):
        raise MessageMalformed("The manifest leaves part numbers out.")
    if manifest.parts and manifest.parts[0].number == 0 and manifest.parts[0].kind is not PartKind.INIT:
        raise MessageMalformed("The manifest's first part is not the init part.")
    if any(part.kind is PartKind.INIT for part in manifest.parts[1:]):
        raise MessageMalformed("The manifest lists an init part that is not the first.")
