"""Recipients and identities as text: Bech32 under the prefix of their kind, of the size of their kind."""

from footage.age import bech32
from footage.errors import InvalidIdentity, InvalidRecipient


def recipient_data(text: str, prefix: str, size: int, kind: str) -> bytes:
    """Return the `size` bytes of a recipient, which is in lower case. Raises `InvalidRecipient`."""
    try:
        found, data = bech32.decode(text)
    except ValueError as reason:
        raise InvalidRecipient(f"This is not a recipient: {reason}. Copy the whole line again.") from None
    if found != prefix or len(data) != size or text != text.lower():
        raise InvalidRecipient(f"This is no {kind} recipient. It must begin with `{prefix}1`.")
    return data


def identity_data(text: str, prefix: str, size: int, kind: str) -> bytes:
    """Return the `size` bytes of an identity, which is in upper case.

    Raises `InvalidIdentity`, whose message never holds the text.
    """
    try:
        found, data = bech32.decode(text)
    except ValueError as reason:
        raise InvalidIdentity(f"This is not an identity: {reason}. Copy the whole line again.") from None
    if found != prefix or len(data) != size or text != text.upper():
        raise InvalidIdentity(f"This is no {kind} identity. It must begin with `{prefix.upper()}1`.")
    return data
