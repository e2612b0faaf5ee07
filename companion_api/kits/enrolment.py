"""How a kit joins: IT makes a token, the kit uses it once with a key of its own, and the key waits for the root.

The service admits nobody. What it keeps is a list of keys for the offline root, whose next directory lists them
(`kit admit`); until then every other request of the kit is refused as `kit-unknown`.

A token has 256 random bits and is kept as its SHA-256: guessing one is hopeless at any rate, so attempts are not
counted. Whoever asks with an unknown token learns nothing else; what became of a token is told to who has it.
"""

import logging
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.kits.enrolment_rows import Enrolment, EnrolmentRows
from companion_api.problems import KIT_MISMATCH, KIT_TAKEN, TOKEN_EXPIRED, TOKEN_UNKNOWN, TOKEN_USED, Refusal
from companion_api.published_directory import KitRevoked
from companion_api.tokens import new_token, token_sha256
from footage.directory import Directory
from footage.enrolment import WaitingKit, WaitingKits
from footage.keys import PublicJwk, from_jwk, thumbprint, to_jwk
from footage.messages import timestamp

_log = logging.getLogger(__name__)
DAYS = 14  # for which a token is good, unless IT says otherwise
MAX_DAYS = 365


class Standing(StrEnum):
    """How far an enrolment has come."""

    OPEN = "open"  # the token waits for its kit
    EXPIRED = "expired"  # no kit has used the token in time
    WAITING = "waiting"  # the kit's key waits for the agency root
    LISTED = "listed"  # the directory lists the kit with this key
    REVOKED = "revoked"  # the directory revokes the kit
    TAKEN = "taken"  # the directory lists the kit with another key


class NewEnrolment(NamedTuple):
    """A token, which is told once, and until when it is good (`Timestamp`)."""

    token: str
    expires_at: str


class KnownEnrolment(NamedTuple):
    """An enrolment as IT sees it; `key` is the thumbprint by which the token was used."""

    kit: str
    standing: Standing
    made_at: str
    made_by: str
    expires_at: str
    used_at: str | None
    key: str | None


def make_enrolment(archive: Archive, directory: Directory, actor: str, kit: str, days: int = DAYS) -> NewEnrolment:
    """Make a token for a kit; one that no kit has used yet is replaced. Raises `Refusal`, `StoreFull`, `StoreFailed`.

    `kit` is a `KitId`, `days` 1 to `MAX_DAYS`, `actor` as the audit trail calls whoever asks.
    """
    if directory.entry(kit):
        raise Refusal(KIT_TAKEN, f"The directory lists {kit} already, and a kit never changes its key. Name another.")
    token, at = new_token(), archive.timestamp()
    expires_at = timestamp(archive.clock() + timedelta(days))
    with archive.database.writing() as connection:
        rows = EnrolmentRows(connection)
        before = rows.of_kit(kit)
        if before and before.key:
            raise Refusal(KIT_TAKEN, f"A key of {kit} waits for the root. Admit it, or revoke its enrolment first.")
        rows.remove(kit)
        rows.add(kit, token_sha256(token), at, actor, expires_at)
        append(connection, at, actor, "enrolment made", f"kit:{kit}", expires_at=expires_at)
    return NewEnrolment(token, expires_at)


def revoke_enrolment(archive: Archive, actor: str, kit: str) -> bool:
    """Make a kit's token worthless and forget the key that waits, if any; return whether there was one.

    A kit that the directory lists stays in it: only the root revokes kits. Raises `StoreFull`, `StoreFailed`.
    """
    with archive.database.writing() as connection:
        rows = EnrolmentRows(connection)
        before = rows.of_kit(kit)
        if before:
            rows.remove(kit)
            append(
                connection, archive.timestamp(), actor, "enrolment revoked", f"kit:{kit}", key=_thumbprint(before.key)
            )
    return before is not None


def enrol(archive: Archive, directory: Directory, kit: str, token: str, key: EllipticCurvePublicKey) -> bool:
    """Enter the key of a kit that has its token; return whether it was new. The same again changes nothing.

    Raises `Refusal`, `KitRevoked`, `StoreFull`, `StoreFailed`.
    """
    jwk, used, at = to_jwk(key), token_sha256(token), archive.timestamp()
    with archive.database.reading() as connection:  # so that nobody without a token keeps writers waiting
        row = EnrolmentRows(connection).by_token(used)
    if _may_use(row, directory, kit, jwk, at):
        return False
    with archive.database.writing() as connection:
        rows = EnrolmentRows(connection)
        if _may_use(rows.by_token(used, to_change=True), directory, kit, jwk, at):
            return False  # the same request at the same time
        rows.use(kit, jwk, at)
        append(connection, at, f"kit:{kit}", "enrolled", f"kit:{kit}", key=_thumbprint(jwk))
    _log.info("kit %s has enrolled with the key %s, which waits for the root", kit, _thumbprint(jwk))
    return True


def enrolments(archive: Archive, directory: Directory) -> list[KnownEnrolment]:
    """Return all enrolments, by kit. Raises `StoreFailed`."""
    now = archive.timestamp()
    with archive.database.reading() as connection:
        rows = EnrolmentRows(connection).all()
    return [
        KnownEnrolment(
            kit=row.kit,
            standing=_standing(row, directory, now),
            made_at=row.made_at,
            made_by=row.made_by,
            expires_at=row.expires_at,
            used_at=row.used_at,
            key=_thumbprint(row.key),
        )
        for row in rows
    ]


def waiting_kits(archive: Archive, directory: Directory) -> WaitingKits:
    """Return the keys that wait for the root. Raises `StoreFailed`."""
    with archive.database.reading() as connection:
        rows = EnrolmentRows(connection).all()
    return WaitingKits(
        1,
        tuple(
            WaitingKit(row.kit, row.key, row.used_at)
            for row in rows
            if row.key and row.used_at and directory.entry(row.kit) is None
        ),
    )


def _may_use(row: Enrolment | None, directory: Directory, kit: str, key: PublicJwk, now: str) -> bool:
    """Return whether this very key has used the token before. Raises `Refusal`, `KitRevoked` if it may not."""
    if row is None:
        raise Refusal(TOKEN_UNKNOWN, "Ask IT for a new token, and copy it whole.")
    if row.kit != kit:
        raise Refusal(KIT_MISMATCH, "The token was made for another kit. Use each ticket on its own kit.")
    if row.key not in (None, key):
        _log.warning("the token of kit %s was used again, with another key", kit)
        raise Refusal(
            TOKEN_USED,
            "If no other key of this kit is known to you, somebody else has used the token: tell IT at once.",
        )
    entry = directory.entry(kit)
    if entry and entry.revoked:
        raise KitRevoked(f"The directory (version {directory.version}) revokes kit {kit}. Ask IT.")
    if entry and entry.key != key:
        raise Refusal(KIT_TAKEN, f"The directory lists another key for {kit}. Ask IT for a ticket with another name.")
    if row.key is None and row.expires_at <= now:
        raise Refusal(TOKEN_EXPIRED, f"The token was good until {row.expires_at}. Ask IT for a new one.")
    return row.key is not None


def _standing(row: Enrolment, directory: Directory, now: str) -> Standing:
    if entry := directory.entry(row.kit):
        if entry.revoked:
            return Standing.REVOKED
        return Standing.LISTED if entry.key == row.key else Standing.TAKEN
    if row.key:
        return Standing.WAITING
    return Standing.EXPIRED if row.expires_at <= now else Standing.OPEN


def _thumbprint(key: PublicJwk | None) -> str | None:
    return None if key is None else thumbprint(from_jwk(key))
