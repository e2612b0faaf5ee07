"""An authenticator in software: it makes and uses passkeys as browsers do, and lies if it is told to.

Formats: Web Authentication Level 3, sections 6.1 (authenticator data), 6.5 (attestation object), 5.8.1 (client data).
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from tests.companion_api.builders import ORIGIN

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
_AAGUID = bytes(16)


@dataclass
class Lies:
    """What is not as it should be; None is the truth."""

    type: str | None = None
    challenge: str | None = None
    origin: str = ORIGIN
    cross_origin: bool = False
    rp_id: str | None = None
    flags: int = PRESENT | VERIFIED
    user_handle: bytes | None = None
    key: EllipticCurvePrivateKey | None = None
    credential: bytes | None = None
    cose: dict[int, Any] = field(default_factory=dict)


TRUTH = Lies()


@dataclass
class Made:
    """A passkey that the authenticator keeps."""

    credential: bytes
    rp_id: str
    user_handle: bytes
    key: EllipticCurvePrivateKey
    count: int = 0


class Authenticator:
    """Keeps discoverable passkeys. One that `counts` has a signature counter; `extensions` go along signed (`prf`)."""

    def __init__(self, *, counts: bool = False, extensions: dict[str, Any] | None = None) -> None:
        self.counts = counts
        self.extensions = extensions
        self.made: list[Made] = []

    def create(self, options: dict[str, Any], lies: Lies = TRUTH) -> dict[str, Any]:
        """Do what `navigator.credentials.create()` does and return `RegistrationResponseJSON`."""
        excluded = {base64url_to_bytes(one["id"]) for one in options["excludeCredentials"]}
        assert not excluded & {made.credential for made in self.made}, "InvalidStateError"
        made = Made(
            lies.credential or secrets.token_bytes(32),
            options["rp"]["id"],
            base64url_to_bytes(options["user"]["id"]),
            lies.key or generate_private_key(SECP256R1()),
            count=int(self.counts),
        )
        self.made.append(made)
        point = made.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")} | lies.cose
        attested = _AAGUID + len(made.credential).to_bytes(2, "big") + made.credential + cbor2.dumps(key)
        data = self._data(made, lies, ATTESTED, attested)
        return _answer(
            made.credential,
            clientDataJSON=_client_data("webauthn.create", options, lies),
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def get(self, options: dict[str, Any], lies: Lies = TRUTH) -> dict[str, Any]:
        """Do what `navigator.credentials.get()` does with the newest passkey; return `AuthenticationResponseJSON`."""
        made = [one for one in self.made if one.rp_id == options["rpId"]][-1]
        made.count += int(self.counts)
        client_data = _client_data("webauthn.get", options, lies)
        data = self._data(made, lies)
        signed = data + hashlib.sha256(client_data).digest()
        return _answer(
            made.credential,
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=(lies.key or made.key).sign(signed, ECDSA(SHA256())),
            userHandle=lies.user_handle or made.user_handle,
        )

    def _data(self, made: Made, lies: Lies, more: int = 0, attested: bytes = b"") -> bytes:
        extensions = b"" if self.extensions is None else cbor2.dumps(self.extensions)
        flags = lies.flags | more | (EXTENDED if extensions else 0)
        rp_id = hashlib.sha256((lies.rp_id or made.rp_id).encode()).digest()
        return rp_id + bytes([flags]) + made.count.to_bytes(4, "big") + attested + extensions


def _client_data(kind: str, options: dict[str, Any], lies: Lies) -> bytes:
    told = {
        "type": lies.type or kind,
        "challenge": lies.challenge or options["challenge"],
        "origin": lies.origin,
        "crossOrigin": lies.cross_origin,
    }
    return json.dumps(told).encode()


def _answer(credential: bytes, **response: bytes) -> dict[str, Any]:
    name = bytes_to_base64url(credential)
    told = {member: bytes_to_base64url(value) for member, value in response.items()}
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": told,
    }
