"""The classic recipient of age (C2SP age specification, "The X25519 recipient type").

Films never use it (a quantum computer could open them later); it is here to read and write age files of others.
"""

from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from footage.age import bech32
from footage.age.header import FILE_KEY_SIZE, Stanza, decode_base64, encode_base64
from footage.age.key_text import identity_data, recipient_data
from footage.age.stream import TAG_SIZE
from footage.errors import HeaderInvalid, InvalidRecipient

_KIND = "X25519"
STANZA_TYPE = "X25519"
RECIPIENT_PREFIX = "age"
IDENTITY_PREFIX = "age-secret-key-"
_INFO = b"age-encryption.org/v1/X25519"
_KEY_SIZE = 32
_ZERO_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """A parsed `age1…`."""

    text: str
    key: X25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a recipient string. Raises `InvalidRecipient`."""
        data = recipient_data(text, RECIPIENT_PREFIX, _KEY_SIZE, _KIND)
        if has_low_order(data):
            raise InvalidRecipient("This recipient holds a key that protects nothing. Ask its owner for a new one.")
        return cls(text, X25519PublicKey.from_public_bytes(data))

    def wrap(self, file_key: bytes) -> Stanza:
        """Seal `file_key` to this recipient."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        wrapping = _wrapping_cipher(ephemeral.exchange(self.key), share, self.key)
        return Stanza(STANZA_TYPE, (encode_base64(share),), wrapping.encrypt(_ZERO_NONCE, file_key, None))


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """A parsed `AGE-SECRET-KEY-1…`."""

    text: str = field(repr=False)
    recipient: X25519Recipient
    _key: X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def generate(cls) -> Self:
        """Make a new identity from the system's random source."""
        return cls._from_key(X25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an identity string. Raises `InvalidIdentity`, whose message never holds the string."""
        data = identity_data(text, IDENTITY_PREFIX, _KEY_SIZE, _KIND)
        return cls._from_key(X25519PrivateKey.from_private_bytes(data))

    @classmethod
    def _from_key(cls, key: X25519PrivateKey) -> Self:
        public = key.public_key()
        recipient = X25519Recipient(bech32.encode(RECIPIENT_PREFIX, public.public_bytes_raw()), public)
        return cls(bech32.encode(IDENTITY_PREFIX, key.private_bytes_raw()).upper(), recipient, key)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key, or None if the stanza is not for this identity. Raises `HeaderInvalid`."""
        if stanza.type != STANZA_TYPE:
            return None
        if len(stanza.arguments) != 1:
            raise HeaderInvalid("An X25519 stanza must have one argument.")
        share = decode_base64(stanza.arguments[0])
        if len(share) != _KEY_SIZE or len(stanza.body) != FILE_KEY_SIZE + TAG_SIZE:
            raise HeaderInvalid("An X25519 stanza has the wrong size.")
        try:
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderInvalid("An X25519 stanza has a share of low order.") from None
        try:
            return _wrapping_cipher(secret, share, self.recipient.key).decrypt(_ZERO_NONCE, stanza.body, None)
        except InvalidTag:
            return None


def has_low_order(share: bytes) -> bool:
    """Whether every exchange with this public key gives zero (RFC 7748, section 6.1). No honest writer makes one."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:
        return True
    return False


def _wrapping_cipher(secret: bytes, share: bytes, recipient: X25519PublicKey) -> ChaCha20Poly1305:
    salt = share + recipient.public_bytes_raw()
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), _KEY_SIZE, salt=salt, info=_INFO).derive(secret))
