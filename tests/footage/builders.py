"""What tests of several packages need: an agency with all of its keys, and films that it can open.

Everything made here is real (real keys, real age files, real signatures), only small.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from footage.age import HybridIdentity, Sealer
from footage.directory import Directory, KitEntry, RecipientEntry, read_directory, sign_directory
from footage.film_key import film_sealer, seal_film_key
from footage.keys import new_key, thumbprint, to_jwk
from footage.manifest import (
    ClockStatus,
    Ended,
    FilmKind,
    FilmOpening,
    Manifest,
    PartEntry,
    recipient_fingerprint,
    sign_manifest,
)
from footage.notes import Note, NoteEvent, encode_note
from footage.parts import MEDIA_STEP, PartKind, media_padding
from footage.receipt import Receipt, manifest_digest, sign_receipt

KIT = "kit-0001"
NOW = "2026-11-20T10:00:00Z"

Opened = tuple[PartKind, int, bytes]  # kind, duration in ms, plaintext


class Agency:
    """An agency with one kit. All keys are new; tests may replace any of them."""

    def __init__(self, *, kit: str = KIT) -> None:
        self.kit = kit
        self.root = new_key()
        self.kit_key = new_key()
        self.receipt_key = new_key()
        self.recovery = HybridIdentity.generate()

    @property
    def root_thumbprint(self) -> str:
        """What kits and people pin."""
        return thumbprint(self.root.public_key())

    def directory(
        self, *, version: int = 1, recipients: Sequence[str] | None = None, revoked: bool = False
    ) -> Directory:
        """The directory with this kit, this receipt key, and the recovery recipient unless others are given."""
        texts = [self.recovery.recipient.text] if recipients is None else recipients
        return Directory(
            format=1,
            version=version,
            issued_at=NOW,
            kits=(KitEntry(self.kit, to_jwk(self.kit_key.public_key()), revoked),),
            recipients=tuple(RecipientEntry(f"recipient {n}", "recovery", text) for n, text in enumerate(texts)),
            receipt_keys=(to_jwk(self.receipt_key.public_key()),),
        )

    def signed_directory(self, directory: Directory | None = None) -> str:
        """The directory as JWS."""
        return sign_directory(directory or self.directory(), self.root)

    def verified_directory(self) -> Directory:
        """The directory as everybody else gets it: read from its JWS."""
        return read_directory(self.signed_directory(), self.root_thumbprint)


@dataclass
class Film:
    """A film in memory, as `FilmFiles` gives it to `verify_film`. Its fields may be broken at will."""

    agency: Agency
    film: str
    identity: HybridIdentity
    signed: Manifest
    token: str | None
    sealed_key: bytes | None
    opened: tuple[Opened, ...]
    parts: dict[int, bytes] = field(default_factory=dict)

    def manifest(self) -> bytes | None:
        return None if self.token is None else self.token.encode()

    def film_key(self) -> bytes | None:
        return self.sealed_key

    def part(self, number: int) -> bytes | None:
        return self.parts.get(number)

    def sign(self, manifest: Manifest) -> None:
        """Put another manifest, signed by the kit, in place of the first."""
        self.signed = manifest
        self.token = sign_manifest(manifest, self.agency.kit_key)

    def replace_key(self, sealed_key: bytes) -> None:
        """Put another `film.key` in place of the first, and sign the manifest anew so that its hash is right."""
        self.sealed_key = sealed_key
        self.sign(replace(self.signed, opening=replace(self.signed.opening, film_key=sha256(sealed_key))))

    def receipt(self) -> Receipt:
        """What a store that holds all of this film says."""
        assert self.token is not None
        return Receipt(
            format=1,
            film=self.film,
            manifest=manifest_digest(self.token),
            parts=len(self.signed.parts),
            bytes=self.signed.size,
            stored_at=NOW,
            receipt_key=thumbprint(self.agency.receipt_key.public_key()),
        )

    def signed_receipt(self) -> str:
        """The receipt as JWS."""
        return sign_receipt(self.receipt(), self.agency.receipt_key)

    def write(self, folder: Path) -> None:
        """Write the film as the store lays it out. What is None, or no longer in `parts`, is left out."""
        (folder / "parts").mkdir(parents=True)
        for name, data in (("manifest.jws", self.manifest()), ("film.key", self.sealed_key)):
            if data is not None:
                (folder / name).write_bytes(data)
        for number, sealed in self.parts.items():
            (folder / "parts" / f"{number:05d}").write_bytes(sealed)


@dataclass(frozen=True)
class FilmFolder:
    """A film on disk, as `Film.write` leaves it."""

    folder: Path

    def manifest(self) -> bytes | None:
        return self._read("manifest.jws")

    def film_key(self) -> bytes | None:
        return self._read("film.key")

    def part(self, number: int) -> bytes | None:
        return self._read(f"parts/{number:05d}")

    def _read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None


def small_parts(step: int = MEDIA_STEP) -> tuple[Opened, ...]:
    """Synthetic plaintexts of each kind, padded as real ones are: init, media, note, media."""
    moment = encode_note(Note(1, NoteEvent.MOMENT, 512))
    return (
        (PartKind.INIT, 0, b"ftyp and moov"),
        (PartKind.MEDIA, 1000, _padded(b"moof and mdat, first second", step)),
        (PartKind.NOTE, 0, moment),
        (PartKind.MEDIA, 960, _padded(b"moof and mdat, second second", step)),
    )


def make_film(
    agency: Agency,
    *,
    film: str | None = None,
    parts: Sequence[Opened] | None = None,
    ended: Ended = Ended.STOPPED,
    recipients: Sequence[str] | None = None,
) -> Film:
    """Make a whole film: identity, `film.key`, sealed parts, signed manifest.

    The identity is kept in `Film.identity`, which no kit would do, and is therefore not made in a child process.
    """
    film = film or str(uuid.uuid4())
    opened = tuple(small_parts(step=512) if parts is None else parts)
    recipients = [agency.recovery.recipient.text] if recipients is None else recipients
    identity = HybridIdentity.generate()
    sealed_key = seal_film_key(film, identity, film_sealer(recipients))
    sealer = Sealer([identity.recipient])
    sealed = {number: bytes(sealer.seal(plaintext)) for number, (_, _, plaintext) in enumerate(opened)}
    opening = FilmOpening(
        format=1,
        film=film,
        kit=agency.kit,
        kind=FilmKind.INTERACTION,
        directory_version=1,
        recipient=identity.recipient.text,
        recipients=tuple(map(recipient_fingerprint, recipients)),
        film_key=sha256(sealed_key),
        started_at=NOW,
        clock=ClockStatus.SYNCHRONISED,
    )
    entries = tuple(
        PartEntry(number, kind, sha256(sealed[number]), len(sealed[number]), duration_ms)
        for number, (kind, duration_ms, _) in enumerate(opened)
    )
    manifest = Manifest(opening, ended, entries)
    token = sign_manifest(manifest, agency.kit_key)
    return Film(agency, film, identity, manifest, token, sealed_key, opened, sealed)


def sha256(data: bytes) -> str:
    """The SHA-256 of `data`, in hex."""
    return hashlib.sha256(data).hexdigest()


def _padded(media: bytes, step: int) -> bytes:
    return media + media_padding(len(media), step)
