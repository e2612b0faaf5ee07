"""The receipt: the agency's signed word that a film is whole and durable. Only a receipt lets a kit erase."""

import hashlib
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from footage import jws
from footage.directory import Directory
from footage.errors import MessageForged, ReceiptForged, ReceiptMismatch
from footage.messages import Count, FilmId, Message, Sha256, Thumbprint, Timestamp, decode, encode


class Receipt(Message, frozen=True):
    """What the store holds: the manifest by its SHA-256, and the number and bytes of its parts."""

    format: Literal[1]
    film: FilmId
    manifest: Sha256
    parts: Count
    bytes: Count
    stored_at: Timestamp
    receipt_key: Thumbprint


def manifest_digest(token: str) -> str:
    """Return the SHA-256, in hex, of a manifest as it was signed."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def sign_receipt(receipt: Receipt, key: EllipticCurvePrivateKey) -> str:
    """Return the receipt as JWS."""
    return jws.sign(jws.MessageType.RECEIPT, encode(receipt), key)


def read_receipt(token: str, directory: Directory, *, film: str, manifest: str) -> Receipt:
    """Verify a receipt for `film` and the signed `manifest` (the JWS).

    Raises `ReceiptForged`, `ReceiptMismatch` and `MessageMalformed`.
    """
    claimed = decode(Receipt, jws.unverified_payload(jws.MessageType.RECEIPT, token))
    key = directory.receipt_key(claimed.receipt_key)
    if key is None:
        raise ReceiptForged("The directory does not list the key of this receipt. Keep the film and tell IT.")
    try:
        jws.verify(jws.MessageType.RECEIPT, token, key)
    except MessageForged:
        raise ReceiptForged("The receipt's signature is wrong. Keep the film and tell IT.") from None
    if claimed.film != film or claimed.manifest != manifest_digest(manifest):
        raise ReceiptMismatch("The receipt is for another film or manifest. Keep the film and ask again.")
    return claimed
