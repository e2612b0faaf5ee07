"""Closing a film: verify its manifest, compare it with what is held, and sign the receipt.

Order: manifest durable, receipt durable, row committed, and only then the answer. Whatever a crash leaves, the kit's
repeated request comes to the same receipt.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from companion_api.audit.trail import append
from companion_api.films.archive import Archive, owned
from companion_api.films.damage import wanted_parts
from companion_api.films.description_rows import DescriptionRows, described
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmEvent, FilmState, next_state
from companion_api.films.refused_bytes import report_refused
from companion_api.kits.ranges import drop_ranges
from companion_api.kits.upload import Upload
from companion_api.problems import (
    MANIFEST_DIFFERS,
    PARTS_MISSING,
    RECEIPT_KEY_UNLISTED,
    RECEIPT_NOT_YET,
    WRONG_FILM,
    WRONG_KIT,
    Refusal,
)
from companion_api.stores.store import Put, StoreFailed, manifest_object, receipt_object
from footage.directory import Directory
from footage.keys import thumbprint
from footage.manifest import Manifest, read_manifest
from footage.receipt import Receipt, manifest_digest, sign_receipt

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lacking:
    """How what is held falls short of a manifest: part numbers, and how `film.key` is held."""

    missing: list[int]
    differing: list[int]
    key: Literal["held", "missing", "differing"]

    def __bool__(self) -> bool:
        return bool(self.missing or self.differing) or self.key != "held"


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt (JWS), and whether this request was the one that closed the film."""

    receipt: str
    new: bool


def lacking(manifest: Manifest, key_sha256: str | None, parts: Mapping[int, HeldPart]) -> Lacking:
    """Compare a manifest with what is held. Parts that it does not list are no fault: the kit's card lost them."""
    listed = [HeldPart(part.number, part.sha256, part.size) for part in manifest.parts]
    missing = [part.number for part in listed if part.number not in parts]
    differing = [part.number for part in listed if part.number in parts and parts[part.number] != part]
    if key_sha256 is None:
        return Lacking(missing, differing, "missing")
    return Lacking(missing, differing, "held" if key_sha256 == manifest.opening.film_key else "differing")


def close_film(
    archive: Archive, receipt_key: EllipticCurvePrivateKey, directory: Directory, kit: str, film: str, upload: Upload
) -> Issued:
    """Close a film by its manifest (the body, a JWS). Raises `Refusal`, `FootageError`, `StoreFull`, `StoreFailed`."""
    token = upload.body.decode("ascii", "replace")
    manifest = _manifest_of(token, directory, kit, film)
    closed_by = _refuse_unless_whole(archive, manifest, manifest_digest(token))
    if closed_by is not None:
        if closed_by != manifest_digest(token):
            raise _other_manifest(archive, kit, film, token)
        drop_ranges(archive, film)
        return Issued(_held_receipt(archive, film), new=False)
    if directory.receipt_key(thumbprint(receipt_key.public_key())) is None:
        raise Refusal(
            RECEIPT_KEY_UNLISTED, "IT must sign a directory that lists it. Keep the film and ask again later."
        )
    if archive.store.put(manifest_object(film), token.encode("ascii")) is Put.DIFFERS:
        raise _other_manifest(archive, kit, film, token)
    receipt = _durable_receipt(archive, receipt_key, manifest, token)
    issued = Issued(receipt, new=_enter(archive, manifest, manifest_digest(token)))
    drop_ranges(archive, film)
    return issued


def receipt_of(archive: Archive, kit: str, film: str) -> str:
    """Return a film's receipt. Raises `Refusal`, `StoreFailed`."""
    with archive.database.reading() as connection:
        row = owned(FilmRows(connection).film(film), kit)
    state = FilmState.OPEN if row is None else next_state(row.state, FilmEvent.READ)
    if state is FilmState.OPEN or (state is FilmState.CLOSED and wanted_parts(archive, film)):
        raise Refusal(RECEIPT_NOT_YET, "Send all parts and the manifest; its answer is the receipt.")
    return _held_receipt(archive, film)


def _manifest_of(token: str, directory: Directory, kit: str, film: str) -> Manifest:
    manifest = read_manifest(token, directory)
    if manifest.opening.film != film:
        raise Refusal(WRONG_FILM, f"The manifest is of film {manifest.opening.film}. Send it to that film's path.")
    if manifest.opening.kit != kit:
        raise Refusal(WRONG_KIT, f"The manifest is of kit {manifest.opening.kit}. Send it with that kit's key.")
    return manifest


def _refuse_unless_whole(archive: Archive, manifest: Manifest, digest: str) -> str | None:
    """Return the digest of the manifest that the film was closed by, or None if it is open and whole.

    A closed film that the kit still has may lack what was damaged here since: then too, it is asked for.
    """
    film = manifest.opening.film
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row = owned(rows.film(film), manifest.opening.kit)
        parts = {part.number: part for part in rows.parts(film)}
    if row is not None:
        next_state(row.state, FilmEvent.MANIFEST)
        if row.manifest_sha256 is not None and (row.manifest_sha256 != digest or row.state is not FilmState.CLOSED):
            return row.manifest_sha256
    if lack := lacking(manifest, row and row.key_sha256, parts):
        raise Refusal(
            PARTS_MISSING,
            "Send what is missing, then the manifest again. What differs can't be sent again: tell IT.",
            missing=lack.missing,
            differing=lack.differing,
            key=lack.key,
        )
    return row and row.manifest_sha256


def _other_manifest(archive: Archive, kit: str, film: str, token: str) -> Refusal:
    report_refused(archive, kit, film, manifest_object(film), manifest_digest(token))
    return Refusal(MANIFEST_DIFFERS, "A film is closed once, by one manifest. Keep your copy and tell IT.")


def _durable_receipt(archive: Archive, key: EllipticCurvePrivateKey, manifest: Manifest, token: str) -> str:
    """Return the film's one receipt: the one that is there (a crash came before its row), or a new one."""
    name = receipt_object(manifest.opening.film)
    receipt = archive.store.get(name) or _signed(manifest, token, archive.timestamp(), key).encode("ascii")
    if archive.store.put(name, receipt) is Put.DIFFERS:  # another request was first
        return _held_receipt(archive, manifest.opening.film)
    return receipt.decode("ascii")


def _signed(manifest: Manifest, token: str, at: str, key: EllipticCurvePrivateKey) -> str:
    signer = thumbprint(key.public_key())
    content = Receipt(1, manifest.opening.film, manifest_digest(token), len(manifest.parts), manifest.size, at, signer)
    return sign_receipt(content, key)


def _held_receipt(archive: Archive, film: str) -> str:
    receipt = archive.store.get(receipt_object(film))
    if receipt is None:
        raise StoreFailed("The store has lost a receipt. Restore the store from a backup.")
    return receipt.decode("ascii")


def _enter(archive: Archive, manifest: Manifest, manifest_sha256: str) -> bool:
    """Commit that the film is closed; return whether it was open until now."""
    film, kit = manifest.opening.film, manifest.opening.kit
    archive.open_films.forget(film)
    with archive.database.writing() as connection:
        rows = FilmRows(connection)
        row = rows.film_to_change(film)
        assert row is not None  # it was whole, and rows stay
        new = row.state is FilmState.OPEN
        if new:
            rows.close_film(film, manifest_sha256)
            rows.set_state(film, FilmState.CLOSED, archive.timestamp())
            DescriptionRows(connection).add(film, described(manifest, row.received_at))
            append(
                connection,
                archive.timestamp(),
                f"kit:{kit}",
                "receipt issued",
                f"film:{film}",
                manifest=manifest_sha256,
                parts=len(manifest.parts),
            )
    if row.state.gone:  # erased while it was being closed: manifest and receipt must not outlive it
        archive.destroy(film)
        next_state(row.state, FilmEvent.MANIFEST)
    if new:
        _log.info("film %s is whole; receipt issued", film)
    return new
