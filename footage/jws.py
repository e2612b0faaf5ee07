"""JWS Compact Serialization with ES256 (RFC 7515, RFC 7518 section 3.4), and nothing else of JOSE.

Each kind of message has a `typ` of its own, so that no message can be passed off as one of another kind. `kid` is
the signer's RFC 7638 thumbprint. The directory also carries its signer's `jwk`, because people pin the root by its
43-character thumbprint only.
"""

import json
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from footage.errors import MessageForged, MessageMalformed
from footage.keys import PublicJwk, from_jwk, thumbprint, to_jwk
from footage.messages import encode

_ALGORITHM = "ES256"


class MessageType(StrEnum):
    """The `typ` header of each signed message."""

    DIRECTORY = "attune-directory+jws"
    MANIFEST = "attune-manifest+jws"
    RECEIPT = "attune-receipt+jws"
    ERASURE = "attune-erasure+jws"
    AUDIT_HEAD = "attune-audit-head+jws"
    BACKUP = "attune-backup+jws"
    TIME = "attune-time+jws"


class _Registry(jws.JWSRegistry):
    max_payload_length = 16 * 1024 * 1024  # a manifest of a film of one hour has half a MiB


_REGISTRY = _Registry(algorithms=[_ALGORITHM])


def sign(kind: MessageType, payload: bytes, key: EllipticCurvePrivateKey, *, carry_key: bool = False) -> str:
    """Return `payload` signed by `key`; with `carry_key` the header holds the public key too."""
    header: dict[str, object] = {"alg": _ALGORITHM, "typ": kind.value, "kid": thumbprint(key.public_key())}
    if carry_key:
        header["jwk"] = json.loads(encode(to_jwk(key.public_key())))
    return jws.serialize_compact(header, payload, ECKey.import_key(key), registry=_REGISTRY)


def verify(kind: MessageType, token: str, key: EllipticCurvePublicKey) -> bytes:
    """Return the payload. Raises `MessageMalformed` for another type, `MessageForged` for another signer."""
    _extract(kind, token)
    try:
        return jws.deserialize_compact(token, ECKey.import_key(key), registry=_REGISTRY).payload
    except JoseError:
        raise MessageForged(f"The signature of this {_name(kind)} is wrong.") from None


def unverified_payload(kind: MessageType, token: str) -> bytes:
    """Return the payload without verifying it: only to find out whose key must have signed."""
    return _extract(kind, token).payload


def carried_key(kind: MessageType, token: str) -> EllipticCurvePublicKey:
    """Return the public key of the header; the caller must compare its thumbprint with a pinned one."""
    jwk = _extract(kind, token).protected.get("jwk")
    if not isinstance(jwk, dict) or set(jwk) != {"kty", "crv", "x", "y"} or (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        raise MessageMalformed(f"This {_name(kind)} does not carry the P-256 key that signed it.")
    return from_jwk(PublicJwk(**jwk))


def _extract(kind: MessageType, token: str) -> jws.CompactSignature:
    try:
        extracted = jws.extract_compact(token.encode(), registry=_REGISTRY)
    except (JoseError, ValueError):
        raise MessageMalformed(f"This is not a {_name(kind)}: no JWS Compact Serialization.") from None
    header = extracted.protected
    if header.get("typ") != kind.value or header.get("alg") != _ALGORITHM:
        raise MessageMalformed(f"This is not a {_name(kind)}: its type or algorithm is another one.")
    if header.keys() - {"jwk"} != {"alg", "typ", "kid"}:
        raise MessageMalformed(f"This is not a {_name(kind)}: its header has other fields than ours.")
    return extracted


def _name(kind: MessageType) -> str:
    return kind.name.lower()
