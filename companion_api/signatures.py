"""What the service signs with its receipt key besides receipts. The directory lists that key, so anybody can verify."""

from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from footage import jws
from footage.directory import Directory
from footage.errors import MessageForged
from footage.keys import thumbprint
from footage.messages import Message, Thumbprint, decode, encode

SignedT = TypeVar("SignedT", bound="ServiceMessage")


class ServiceMessage(Message, frozen=True):
    """Base of what the service signs: it names the key."""

    receipt_key: Thumbprint


def key_name(key: EllipticCurvePrivateKey) -> str:
    """Return the thumbprint for `ServiceMessage.receipt_key`."""
    return thumbprint(key.public_key())


def sign_message(kind: jws.MessageType, message: ServiceMessage, key: EllipticCurvePrivateKey) -> bytes:
    """Return the message as JWS."""
    return jws.sign(kind, encode(message), key).encode("ascii")


def read_message(kind: jws.MessageType, form: type[SignedT], token: bytes, directory: Directory) -> SignedT:
    """Verify a message by the receipt key that it names. Raises `MessageForged` and `MessageMalformed`."""
    text = token.decode("ascii", "replace")
    claimed = decode(form, jws.unverified_payload(kind, text))
    key = directory.receipt_key(claimed.receipt_key)
    if key is None:
        raise MessageForged(
            f"It is signed by the key {claimed.receipt_key}, which the directory (version {directory.version}) does "
            "not list as a receipt key. Publish a directory that lists it, if it was ever yours."
        )
    jws.verify(kind, text, key)
    return claimed
