"""P-256 keys of kits, receipt services and agency roots: PEM files, JWK (RFC 7517) and thumbprints (RFC 7638).

P-256 is the one curve that Raspberry Pi firmware, TPM 2.0 and ATECC608 all offer. A hardware key takes part by
being an `EllipticCurvePrivateKey` of its own.
"""

from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from footage.errors import FootageError, MessageMalformed
from footage.messages import Message


class KeyUnreadable(FootageError):
    """A key file that is no P-256 key, or whose passphrase is wrong."""

    code = "key-unreadable"


class PublicJwk(Message, frozen=True):
    """A P-256 public key as a JWK: base64url coordinates of 32 bytes each."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


def new_key() -> EllipticCurvePrivateKey:
    """Make a P-256 key in software."""
    return generate_private_key(SECP256R1())


def key_to_pem(key: EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    """Return PKCS #8 PEM, wrapped by the passphrase if there is one."""
    wrapping = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, wrapping)


def key_from_pem(pem: bytes, passphrase: bytes | None = None) -> EllipticCurvePrivateKey:
    """Parse `key_to_pem`'s form. Raises `KeyUnreadable`."""
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except TypeError:
        wanted = "needs a passphrase" if passphrase is None else "has no passphrase"
        raise KeyUnreadable(f"This key file {wanted}. Call again accordingly.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnreadable("The key file can't be read: the passphrase is wrong or the file is damaged.") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyUnreadable("The key file holds a key of another kind. A P-256 key is needed.")
    return key


def to_jwk(key: EllipticCurvePublicKey) -> PublicJwk:
    """Return the public key as a JWK."""
    jwk = ECKey.import_key(key).as_dict(private=False)
    return PublicJwk("EC", "P-256", str(jwk["x"]), str(jwk["y"]))


def from_jwk(jwk: PublicJwk) -> EllipticCurvePublicKey:
    """Return the JWK as a key. Raises `MessageMalformed` for a point off the curve."""
    try:
        return ECKey.import_key({"kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y}).public_key
    except (ValueError, JoseError):
        raise MessageMalformed("A public key in the message is not a P-256 point.") from None


def thumbprint(key: EllipticCurvePublicKey) -> str:
    """Return the key's RFC 7638 SHA-256 thumbprint, 43 characters of base64url: its `kid` in all messages."""
    return ECKey.import_key(key).thumbprint()
