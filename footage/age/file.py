"""Sealing and opening whole age files."""

import os
from collections.abc import Iterator, Sequence
from itertools import product

from footage.age import hybrid
from footage.age.header import FILE_KEY_SIZE, Header, encode_header, parse_header
from footage.age.hybrid import HybridIdentity, HybridRecipient
from footage.age.stream import open_payload, seal_payload
from footage.age.x25519 import X25519Identity, X25519Recipient
from footage.errors import MixedRecipients, NoIdentityMatched, NoRecipients, PassphraseFile

Recipient = HybridRecipient | X25519Recipient
Identity = HybridIdentity | X25519Identity
_SCRYPT_STANZA = "scrypt"  # a passphrase


def parse_recipient(text: str) -> Recipient:
    """Parse `age1pq1…` or `age1…`. Raises `InvalidRecipient`."""
    hybrid_form = text.lower().startswith(hybrid.RECIPIENT_PREFIX + "1")
    return HybridRecipient.parse(text) if hybrid_form else X25519Recipient.parse(text)


def parse_identity(text: str) -> Identity:
    """Parse `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`. Raises `InvalidIdentity`."""
    hybrid_form = text.lower().startswith(hybrid.IDENTITY_PREFIX + "1")
    return HybridIdentity.parse(text) if hybrid_form else X25519Identity.parse(text)


class Sealer:
    """Seals to a fixed list of recipients, all of one kind.

    Raises `NoRecipients` for an empty list and `MixedRecipients` for a list of both kinds.
    """

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        if not recipients:
            raise NoRecipients("There is nobody to seal to. Put at least one recipient into the directory.")
        if len({type(recipient) for recipient in recipients}) > 1:
            raise MixedRecipients(
                "Post-quantum and classic recipients can't share a file. Replace each `age1…` by an `age1pq1…`."
            )
        self.recipients = tuple(recipients)

    def seal(self, plaintext: bytes | bytearray | memoryview) -> bytearray:
        """Return an age file of `plaintext` with a file key of its own."""
        file_key = os.urandom(FILE_KEY_SIZE)
        stanzas = [recipient.wrap(file_key) for recipient in self.recipients]
        return seal_payload(file_key, encode_header(stanzas, file_key), plaintext)


def open_chunks(sealed: bytes | memoryview, identities: Sequence[Identity]) -> Iterator[bytes]:
    """Verify the header of `sealed`, then yield its plaintext in authentic chunks of at most 64 KiB.

    Raises `HeaderInvalid`, `ArmoredFile`, `PassphraseFile`, `NoIdentityMatched`, `HeaderMacMismatch` before the
    first chunk, and `PayloadInvalid` at any.
    """
    view = memoryview(sealed)
    header = parse_header(view)
    file_key = _unwrap(header, identities)
    header.verify(file_key)
    yield from open_payload(file_key, view[header.size :])


def open_file(sealed: bytes | memoryview, identities: Sequence[Identity]) -> bytes:
    """Return the plaintext of `sealed`, all or nothing. Raises as `open_chunks`."""
    return b"".join(open_chunks(sealed, identities))


def _unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    if any(stanza.type == _SCRYPT_STANZA for stanza in header.stanzas):
        raise PassphraseFile("This age file is sealed to a passphrase. Open it with the `age` tool.")
    for identity, stanza in product(identities, header.stanzas):
        file_key = identity.unwrap(stanza)
        if file_key is not None:
            return file_key
    raise NoIdentityMatched("None of the identities opens this file. Use the identity it was sealed to.")
