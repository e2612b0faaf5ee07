"""How a kit signs its requests: HTTP Message Signatures (RFC 9421) with ECDSA P-256, digests by RFC 9530.

Covered are method, path, for requests with a body its digest and length, and for one that is a range of a part what
range it is, and the whole part's digest. The server's session nonce takes the
place of time: a kit's clock may stand in 1970. TLS client certificates would not reach the application through a
proxy; these signatures do.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256

from footage.errors import FootageError

TAG = "attune-kit"
_LABEL = "kit"
_ALWAYS = ("@method", "@path")
_WITH_BODY = (*_ALWAYS, "content-digest", "content-length")
_WITH_RANGE = (*_WITH_BODY, "content-range", "repr-digest")
_ALGORITHM = "ecdsa-p256-sha256"
_COORDINATE = 32  # bytes of r, and of s after it (RFC 9421, section 3.3.4)

# The two headers, dictionaries with one member (RFC 8941, section 3.2).
_TEXT = r"[ !#-\[\]-~]*"  # of a string without escapes
_PARAMETERS = rf'(?:;created=[0-9]{{1,15}}|;(?:keyid|alg|nonce|tag)="{_TEXT}")*'
_NAMES = r'(?P<covered>"[a-z@-]+"(?: "[a-z@-]+")*)'
_INPUT = re.compile(rf"{_LABEL}=(?P<member>\({_NAMES}\)(?P<parameters>{_PARAMETERS}))")
_SIGNATURE = re.compile(rf"{_LABEL}=:(?P<bytes>[A-Za-z0-9+/]{{86}}==):")
_PARAMETER = re.compile(rf';(?:(created)=([0-9]+)|([a-z]+)="({_TEXT})")')


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
    return digest_header(hashlib.sha256(body).digest())


def digest_header(sha256: bytes) -> str:
    """Return a SHA-256 as the value of Content-Digest or Repr-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256).decode('ascii')}:"


def sign_request(
    request: SignedRequest, *, key: EllipticCurvePrivateKey, key_id: str, nonce: str = "", has_body: bool
) -> None:
    """Add the signature headers. A request with a body must have its Content-Digest and Content-Length already.

    One with a range of a part must have its Content-Range and Repr-Digest too.
    """
    signer = HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=_Keys(key))
    signer.sign(
        request,
        key_id=key_id,
        nonce=nonce,
        tag=TAG,
        label=_LABEL,
        covered_component_ids=_asked(request.headers, has_body=has_body),
        use_existing_digest=has_body,
    )


def verify_request(
    request: SignedRequest, key_of: Callable[[str], EllipticCurvePublicKey], *, has_body: bool
) -> Signature:
    """Verify the signature headers; `key_of` finds a kit's key and may raise. The body is verified by the caller.

    This is RFC 9421, section 3.2, for signatures such as ours and no others: it is done for every part, and the
    library, which knows all that the standard allows, takes three times as long as the curve itself.

    Raises `RequestForged`, or what `key_of` raises.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    made, signature = _member(_INPUT, headers, "signature-input"), _member(_SIGNATURE, headers, "signature")
    covered = made["covered"].split(" ")
    asked = _asked(headers, has_body=has_body)
    if sorted(covered) != sorted(f'"{name}"' for name in asked):
        raise RequestForged(f"The request's signature must cover {' '.join(asked)} and nothing else. Sign just that.")
    parameters = _parameters(made["parameters"])
    values = {**headers, "@method": request.method, "@path": urlsplit(request.url).path or "/"}
    if not values.keys() >= set(asked):
        raise _invalid(f"the request must have {' '.join(asked)}")
    lines = [f"{name}: {values[name[1:-1]]}" for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {made["member"]}'])
    if not all(map(str.isprintable, (request.url, *lines))) or not base.isascii():  # so no other request has this base
        raise _invalid("the request has characters that no header may have")
    key, raw = key_of(parameters["keyid"]), base64.b64decode(signature["bytes"])
    der = encode_dss_signature(int.from_bytes(raw[:_COORDINATE]), int.from_bytes(raw[_COORDINATE:]))
    try:
        key.verify(der, base.encode("ascii"), ECDSA(SHA256()))
    except InvalidSignature:
        raise _invalid("it was made by another key, or for another request") from None
    return Signature(parameters["keyid"], parameters.get("nonce", ""))


def _asked(headers: Mapping[str, str], *, has_body: bool) -> tuple[str, ...]:
    if not has_body:
        return _ALWAYS
    return _WITH_RANGE if "content-range" in headers else _WITH_BODY


def _member(form: re.Pattern[str], headers: dict[str, str], name: str) -> re.Match[str]:
    found = form.fullmatch(headers.get(name, ""))
    if found is None:
        raise _invalid(f"{name} must be that of one signature `{_LABEL}`")
    return found


def _parameters(text: str) -> dict[str, str]:
    found = _PARAMETER.findall(text)
    parameters = {number_name or string_name: number or string for number_name, number, string_name, string in found}
    if len(parameters) < len(found) or "keyid" not in parameters or parameters.get("tag") != TAG:
        raise _invalid(f"each parameter may stand once, and keyid and tag {TAG} must")
    if parameters.get("alg", _ALGORITHM) != _ALGORITHM:
        raise _invalid(f"only {_ALGORITHM} is taken")
    return parameters


def _invalid(why: str) -> RequestForged:
    return RequestForged(f"The request's signature is not valid: {why}. Sign it with the kit's key.")


class _Keys(HTTPSignatureKeyResolver):
    """Hands the library our key."""

    def __init__(self, private: EllipticCurvePrivateKey) -> None:
        self._private = private

    def resolve_private_key(self, key_id: str) -> EllipticCurvePrivateKey:  # noqa: ARG002  # there is just one
        return self._private
