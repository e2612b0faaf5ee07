"""The post-quantum hybrid recipient of age (C2SP age specification, "The hybrid recipient type").

Stanza `mlkem768x25519`: HPKE base mode (RFC 9180) with KEM MLKEM768-X25519 (X-Wing), HKDF-SHA256 and
ChaCha20-Poly1305. One argument, the 1120-byte encapsulation; the body is the sealed file key.
"""

import hashlib
import os
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from footage.age import bech32
from footage.age.header import FILE_KEY_SIZE, Stanza, decode_base64, encode_base64
from footage.age.key_text import identity_data, recipient_data
from footage.age.stream import TAG_SIZE
from footage.age.x25519 import has_low_order
from footage.errors import HeaderInvalid, InvalidRecipient

_KIND = "post-quantum"
STANZA_TYPE = "mlkem768x25519"
RECIPIENT_PREFIX = "age1pq"
IDENTITY_PREFIX = "age-secret-key-pq-"
_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_MLKEM_KEY_SIZE, _X25519_KEY_SIZE = 1184, 32
_ENCAPSULATION_SIZE = 1120
_SEED_SIZE, _MLKEM_SEED_SIZE = 32, 64


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """A parsed `age1pq1…`. Parsing costs ten times the encapsulation, so parse once and keep it."""

    text: str
    key: MLKEM768X25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a recipient string. Raises `InvalidRecipient`."""
        data = recipient_data(text, RECIPIENT_PREFIX, _MLKEM_KEY_SIZE + _X25519_KEY_SIZE, _KIND)
        try:
            mlkem_key = MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_KEY_SIZE])
        except ValueError:
            raise InvalidRecipient("This recipient holds no valid ML-KEM key. Ask its owner for a new one.") from None
        if has_low_order(data[_MLKEM_KEY_SIZE:]):
            raise InvalidRecipient("This recipient holds a key that protects nothing. Ask its owner for a new one.")
        x25519_key = X25519PublicKey.from_public_bytes(data[_MLKEM_KEY_SIZE:])
        return cls(text, MLKEM768X25519PublicKey(mlkem_key, x25519_key))

    def wrap(self, file_key: bytes) -> Stanza:
        """Seal `file_key` to this recipient."""
        sealed = _SUITE.encrypt(file_key, self.key, _INFO)
        encapsulation, body = sealed[:_ENCAPSULATION_SIZE], sealed[_ENCAPSULATION_SIZE:]
        return Stanza(STANZA_TYPE, (encode_base64(encapsulation),), body)


@dataclass(frozen=True, slots=True)
class HybridIdentity:
    """A parsed `AGE-SECRET-KEY-PQ-1…`: a 32-byte seed and the keys that follow from it."""

    text: str = field(repr=False)
    recipient: HybridRecipient
    _key: MLKEM768X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def generate(cls) -> Self:
        """Make a new identity from the system's random source."""
        return cls._from_seed(os.urandom(_SEED_SIZE))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an identity string. Raises `InvalidIdentity`, whose message never holds the string."""
        return cls._from_seed(identity_data(text, IDENTITY_PREFIX, _SEED_SIZE, _KIND))

    @classmethod
    def _from_seed(cls, seed: bytes) -> Self:
        # X-Wing's key expansion: SHAKE-256 of the seed gives the ML-KEM seed, then the X25519 key.
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + _X25519_KEY_SIZE)
        mlkem_key = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
        x25519_key = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
        public = mlkem_key.public_key().public_bytes_raw() + x25519_key.public_key().public_bytes_raw()
        recipient = HybridRecipient(
            bech32.encode(RECIPIENT_PREFIX, public),
            MLKEM768X25519PublicKey(mlkem_key.public_key(), x25519_key.public_key()),
        )
        text = bech32.encode(IDENTITY_PREFIX, seed).upper()
        return cls(text, recipient, MLKEM768X25519PrivateKey(mlkem_key, x25519_key))

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key, or None if the stanza is not for this identity. Raises `HeaderInvalid`."""
        if stanza.type != STANZA_TYPE:
            return None
        if len(stanza.arguments) != 1:
            raise HeaderInvalid(f"A {STANZA_TYPE} stanza must have one argument.")
        encapsulation = decode_base64(stanza.arguments[0])
        if len(encapsulation) != _ENCAPSULATION_SIZE or len(stanza.body) != FILE_KEY_SIZE + TAG_SIZE:
            raise HeaderInvalid(f"A {STANZA_TYPE} stanza has the wrong size.")
        try:
            return _SUITE.decrypt(encapsulation + stanza.body, self._key, _INFO)
        except InvalidTag:
            if has_low_order(encapsulation[-_X25519_KEY_SIZE:]):  # HPKE reports it like a wrong key
                raise HeaderInvalid(f"A {STANZA_TYPE} stanza has a share of low order.") from None
            return None
