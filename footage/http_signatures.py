"""How a kit signs its requests: HTTP Message Signatures (RFC 9421) with ECDSA P-256, digests by RFC 9530.

Covered are method, path, and for requests with a body its digest and length. The server's session nonce takes the
place of time: a kit's clock may stand in 1970. TLS client certificates would not reach the application through a
proxy; these signatures do.
"""

import base64
import hashlib
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256

from footage.errors import FootageError

TAG = "attune-kit"
_LABEL = "kit"
_ALWAYS = ("@method", "@path")
_WITH_BODY = (*_ALWAYS, "content-digest", "content-length")
_COVERED_ALWAYS = frozenset(f'"{name}"' for name in _ALWAYS)  # as the library tells of what a signature covers
_COVERED_WITH_BODY = frozenset(f'"{name}"' for name in _WITH_BODY)


class RequestForged(FootageError):
    """A request without a valid signature of the kit that it names."""

    code = "request-forged"


@dataclass(slots=True)
class SignedRequest:
    """The part of a request that signatures are about. `headers` have lower-case names."""

    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """A verified signature: who signed, and with which server nonce (empty if none)."""

    key_id: str
    nonce: str


def content_digest(body: bytes | bytearray) -> str:
    """Return the Content-Digest header (RFC 9530) of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def sign_request(
    request: SignedRequest, *, key: EllipticCurvePrivateKey, key_id: str, nonce: str = "", has_body: bool
) -> None:
    """Add the signature headers. A request with a body must have its Content-Digest and Content-Length already."""
    signer = HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=_Keys(private=key))
    signer.sign(
        request,
        key_id=key_id,
        nonce=nonce,
        tag=TAG,
        label=_LABEL,
        covered_component_ids=_WITH_BODY if has_body else _ALWAYS,
        use_existing_digest=has_body,
    )


def verify_request(
    request: SignedRequest, key_of: Callable[[str], EllipticCurvePublicKey], *, has_body: bool
) -> Signature:
    """Verify the signature headers; `key_of` finds a kit's key and may raise. The body is verified by the caller.

    Raises `RequestForged`, or what `key_of` raises.
    """
    keys = _Keys(key_of=key_of)
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=keys)
    verifier.max_clock_skew = timedelta(days=36500)  # the nonce tells freshness, not the kit's clock
    try:
        results = verifier.verify(
            request,
            max_age=None,
            expect_tag=TAG,
            expect_label=_LABEL,  # at most one signature, then
        )
    except InvalidSignature as reason:
        if keys.refusal is not None:
            raise keys.refusal from None
        why = str(reason) or "it was made by another key, or for another request"
        raise RequestForged(f"The request's signature is not valid: {why}. Sign it with the kit's key.") from None
    (result,) = results
    lacking = (_COVERED_WITH_BODY if has_body else _COVERED_ALWAYS) - result.covered_components.keys()
    if lacking:
        raise RequestForged(f"The request's signature does not cover {' '.join(sorted(lacking))}. Sign that too.")
    return Signature(str(result.parameters["keyid"]), result.nonce or "")


class _Keys(HTTPSignatureKeyResolver):
    """Hands the library our keys, and keeps the refusal that it would otherwise swallow."""

    def __init__(
        self,
        *,
        private: EllipticCurvePrivateKey | None = None,
        key_of: Callable[[str], EllipticCurvePublicKey] | None = None,
    ) -> None:
        self._private = private
        self._key_of = key_of
        self.refusal: FootageError | None = None

    def resolve_private_key(self, key_id: str) -> EllipticCurvePrivateKey:
        assert self._private is not None, f"no key to sign as {key_id}"
        return self._private

    def resolve_public_key(self, key_id: str) -> EllipticCurvePublicKey:
        assert self._key_of is not None
        try:
            return self._key_of(key_id)
        except FootageError as refusal:
            self.refusal = refusal
            raise
