"""The directory: whom everybody trusts, signed by the agency root, which is kept offline.

A kit takes its recipients from nowhere else, and never accepts a version below the last it saw; so neither a
broken-in server nor a replayed old directory can add a reader.
"""

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from msgspec import Meta

from footage import jws
from footage.age import Sealer
from footage.errors import DirectoryForged, DirectoryRolledBack, KitUnknown, MessageForged, MessageMalformed
from footage.film_key import film_sealer
from footage.keys import PublicJwk, from_jwk, thumbprint
from footage.messages import KitId, Message, Timestamp, decode, encode


class KitEntry(Message, frozen=True):
    """A kit and its public key. A revoked kit may not send any more; what it sent stays valid."""

    kit: KitId
    key: PublicJwk
    revoked: bool = False


class RecipientEntry(Message, frozen=True):
    """Somebody to whom every film is sealed: the recovery identity, or a member of staff."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    role: Literal["recovery", "staff"]
    recipient: str


Days = Annotated[int, Meta(ge=1, le=3650)]


Megabytes = Annotated[int, Meta(ge=0, le=1_000_000)]


class Policy(Message, frozen=True, omit_defaults=True):
    """What the agency decided for all of its kits and films. Without `sound` a kit's microphone has no power.

    The service erases a film `erase_after_days` after the end of the work was recorded, and in any case `max_age_days`
    after it was closed, whichever is first. A kit sends so many `hotspot_megabytes` (10^6 bytes) of films in a calendar
    month (UTC) over links that cost by the byte.

    What is not decided is not written, so that kits which do not know of it yet take the directory.
    """

    sound: bool = True
    erase_after_days: Days = 61  # two months, as the field's practice is
    max_age_days: Days = 730  # a trainee's accreditation, the longest use of a film, takes up to 18 months
    hotspot_megabytes: Megabytes = 0  # somebody's own telephone pays for it, so somebody must have decided


class Directory(Message, frozen=True):
    """All that the root says, in one numbered version."""

    format: Literal[1]
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    issued_at: Timestamp
    kits: tuple[KitEntry, ...]
    recipients: tuple[RecipientEntry, ...]
    receipt_keys: tuple[PublicJwk, ...]
    policy: Policy = Policy()
    valid_until: Timestamp | None = None

    def kit(self, kit: str) -> KitEntry:
        """Return the kit's entry. Raises `KitUnknown`."""
        if entry := self.entry(kit):
            return entry
        raise KitUnknown(
            f"The directory (version {self.version}) does not list kit {kit}. Add it with `kit add` or `kit admit`."
        )

    def entry(self, kit: str) -> KitEntry | None:
        """Return the kit's entry, if there is one."""
        return next((entry for entry in self.kits if entry.kit == kit), None)

    def sealer(self) -> Sealer:
        """Return a sealer to all recipients. Raises `InvalidRecipient`, `NoRecipients`, `MixedRecipients`."""
        return film_sealer([entry.recipient for entry in self.recipients])

    def receipt_key(self, key_id: str) -> EllipticCurvePublicKey | None:
        """Return the receipt key with this thumbprint, if the directory has it."""
        return next((key for key in map(from_jwk, self.receipt_keys) if thumbprint(key) == key_id), None)


def sign_directory(directory: Directory, root: EllipticCurvePrivateKey) -> str:
    """Return the directory as JWS, carrying the root's public key. Refuses recipients that can't be sealed to."""
    directory.sealer()
    return jws.sign(jws.MessageType.DIRECTORY, encode(directory), root, carry_key=True)


def read_directory(token: str, root: str, *, accepted: Directory | None = None) -> Directory:
    """Verify a directory against the pinned `root` thumbprint and the last accepted directory.

    Raises `DirectoryForged`, `DirectoryRolledBack`, `MessageMalformed`, and as `Directory.sealer` for recipients that
    no film can be sealed to: whoever refuses such a directory keeps the good one that it has.
    """
    key = jws.carried_key(jws.MessageType.DIRECTORY, token)
    if thumbprint(key) != root:
        raise DirectoryForged("The directory is signed by another root than the pinned one. Keep the one you have.")
    try:
        directory = decode(Directory, jws.verify(jws.MessageType.DIRECTORY, token, key))
    except MessageForged:
        raise DirectoryForged("The directory was changed after the root signed it. Fetch it again.") from None
    if len({entry.kit for entry in directory.kits}) < len(directory.kits):
        raise MessageMalformed("The directory lists a kit twice. Sign a new one without the second entry.")
    directory.sealer()
    if accepted is not None:
        _refuse_rollback(directory, accepted)
    return directory


def _refuse_rollback(directory: Directory, accepted: Directory) -> None:
    if directory.version < accepted.version:
        raise DirectoryRolledBack(
            f"The directory has version {directory.version}, but {accepted.version} was accepted before. "
            "Publish the newest one."
        )
    if directory.version == accepted.version and directory != accepted:
        raise DirectoryRolledBack(
            f"Two different directories have version {directory.version}. Sign a new one with a higher version."
        )
