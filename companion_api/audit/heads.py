"""The chain's head, signed once a day by the receipt key: who cuts the trail's end off, or writes it anew, is seen.

A signed head stands in the store and in the trail. It is proof only against those who do not have the receipt key:
send the trail to another machine (`companion-api audit export`) against those who have it.
"""

from collections.abc import Iterator
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from companion_api.audit.trail import append, head
from companion_api.films.archive import Archive
from companion_api.signatures import ServiceMessage, key_name, read_message, sign_message
from companion_api.stores.store import AUDIT_HEADS, Store
from footage.directory import Directory
from footage.errors import FootageError
from footage.jws import MessageType
from footage.messages import Count, Sha256, Timestamp

SIGNED = "head signed"


class AuditHead(ServiceMessage, frozen=True):
    """The newest entry at a time: whoever has seen this knows all entries up to it."""

    format: Literal[1]
    number: Count
    hash: Sha256
    at: Timestamp


class HeadRefused(Exception):
    """A signed head that does not verify. The message names its object."""


def sign_head(archive: Archive, receipt_key: EllipticCurvePrivateKey) -> bytes | None:
    """Sign the head unless that was done today (UTC), and return it as JWS; None if the trail is empty.

    First in the trail, then in the store: a crash in between means one signature more, and none lost. Raises
    `StoreFull` and `StoreFailed`.
    """
    at = archive.timestamp()
    name = f"{AUDIT_HEADS}/{at[:10]}.jws"
    held = archive.store.get(name)
    if held is not None:
        return held
    with archive.database.writing() as connection:
        newest = head(connection)
        if newest is None:
            return None
        content = AuditHead(key_name(receipt_key), 1, newest.number, newest.hash, at)
        token = sign_message(MessageType.AUDIT_HEAD, content, receipt_key)
        append(connection, at, "service", SIGNED, "audit", jws=token.decode("ascii"))
    archive.store.put(name, token)
    return archive.store.get(name)  # another process may have been first


def signed_heads(store: Store, directory: Directory) -> Iterator[AuditHead]:
    """Yield the heads that the store has, verified, oldest first. Raises `HeadRefused` and `StoreFailed`."""
    for name in store.list(AUDIT_HEADS):
        try:
            yield read_message(MessageType.AUDIT_HEAD, AuditHead, store.get(name) or b"", directory)
        except FootageError as reason:
            raise HeadRefused(f"{name}: {reason}") from None
