import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from footage.errors import MessageMalformed
from footage.keys import KeyUnreadable, PublicJwk, from_jwk, key_from_pem, key_to_pem, new_key, thumbprint, to_jwk

KEY = new_key()


@pytest.mark.parametrize("passphrase", [None, b"three plain words"])
def test_pem_round_trip(passphrase: bytes | None) -> None:
    pem = key_to_pem(KEY, passphrase)
    assert (b"ENCRYPTED" in pem) == (passphrase is not None)
    assert key_from_pem(pem, passphrase).private_numbers() == KEY.private_numbers()


def other_pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("pem", "passphrase", "message"),
    [
        (key_to_pem(KEY, b"right"), b"wrong", "passphrase is wrong"),
        (key_to_pem(KEY, b"right"), None, "needs a passphrase"),
        (key_to_pem(KEY), b"superfluous", "has no passphrase"),
        (key_to_pem(KEY)[:100], None, "can't be read"),
        (b"", None, "can't be read"),
        (b"garbage", b"x", "can't be read"),
        (other_pem(Ed25519PrivateKey.generate()), None, "another kind"),
        (other_pem(generate_private_key(SECP384R1())), None, "another kind"),
    ],
    ids=["wrong", "none given", "one too many", "cut short", "empty", "garbage", "Ed25519", "P-384"],
)
def test_unreadable_keys_say_why(pem: bytes, passphrase: bytes | None, message: str) -> None:
    with pytest.raises(KeyUnreadable, match=message):
        key_from_pem(pem, passphrase)


def test_jwk_round_trip() -> None:
    jwk = to_jwk(KEY.public_key())
    assert (len(jwk.x), len(jwk.y)) == (43, 43)
    assert from_jwk(jwk) == KEY.public_key()


@pytest.mark.parametrize("bad", ["", "A", "!", "\u00e9", "A" * 43, "A" * 44, "A" * 100_000])
@pytest.mark.parametrize("coordinate", ["x", "y"])
def test_points_off_the_curve_are_refused(coordinate: str, bad: str) -> None:
    good = to_jwk(KEY.public_key())
    jwk = PublicJwk("EC", "P-256", bad, good.y) if coordinate == "x" else PublicJwk("EC", "P-256", good.x, bad)
    with pytest.raises(MessageMalformed):
        from_jwk(jwk)


@given(st.text(), st.text())
def test_garbage_is_refused(x: str, y: str) -> None:
    with pytest.raises(MessageMalformed):
        from_jwk(PublicJwk("EC", "P-256", x, y))


def test_thumbprint_is_that_of_rfc_7638() -> None:
    jwk = to_jwk(KEY.public_key())
    canonical = json.dumps({"crv": "P-256", "kty": "EC", "x": jwk.x, "y": jwk.y}, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    assert thumbprint(KEY.public_key()) == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
