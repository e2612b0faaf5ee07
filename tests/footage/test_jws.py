import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage import jws
from footage.errors import MessageForged, MessageMalformed, SignedMessageError
from footage.jws import MessageType
from footage.keys import new_key, thumbprint, to_jwk

KEY = new_key()
TOKEN = jws.sign(MessageType.DIRECTORY, b'{"a":1}', KEY, carry_key=True)
GOOD_HEADER = json.loads(base64.urlsafe_b64decode(TOKEN.split(".")[0] + "=="))
types = pytest.mark.parametrize("kind", list(MessageType))


@types
@given(payload=st.binary(max_size=500))
def test_round_trip(kind: MessageType, payload: bytes) -> None:
    token = jws.sign(kind, payload, KEY)
    assert jws.unverified_payload(kind, token) == payload
    assert jws.verify(kind, token, KEY.public_key()) == payload


def test_header_is_as_specified() -> None:
    jwk = to_jwk(KEY.public_key())
    expected = {
        "alg": "ES256",
        "typ": "attune-directory+jws",
        "kid": thumbprint(KEY.public_key()),
        "jwk": {"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y},
    }
    assert expected == GOOD_HEADER
    assert jws.carried_key(MessageType.DIRECTORY, TOKEN) == KEY.public_key()


def test_another_key_is_a_forgery() -> None:
    with pytest.raises(MessageForged):
        jws.verify(MessageType.DIRECTORY, TOKEN, new_key().public_key())


@types
def test_one_type_is_not_passed_off_as_another(kind: MessageType) -> None:
    token = jws.sign(kind, b"{}", KEY, carry_key=True)
    for other in set(MessageType) - {kind}:
        for read in (jws.unverified_payload, jws.carried_key, lambda k, t: jws.verify(k, t, KEY.public_key())):
            with pytest.raises(MessageMalformed, match="type or algorithm"):
                read(other, token)


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_character_is_refused(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(SignedMessageError):
            jws.verify(MessageType.DIRECTORY, changed, KEY.public_key())


@given(st.integers(0, len(TOKEN) - 1))
def test_a_cut_token_is_refused(size: int) -> None:
    with pytest.raises(SignedMessageError):
        jws.verify(MessageType.DIRECTORY, TOKEN[:size], KEY.public_key())


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": ["ES256"]},
        {"alg": None},
        {"typ": "JWT"},
        {"typ": None},
        {"typ": {}},
        {"kid": 5},
        {"b64": False, "crit": ["b64"]},
        {"crit": ["exp"], "exp": 1},
        {"jku": "https://example.org"},
        {"x5c": []},
    ],
)
def test_other_headers_are_refused_whoever_signed(change: dict[str, object]) -> None:
    with pytest.raises(SignedMessageError):
        jws.verify(MessageType.DIRECTORY, with_header({**GOOD_HEADER, **change}), KEY.public_key())


@pytest.mark.parametrize("missing", ["alg", "typ", "kid"])
def test_no_header_may_be_missing(missing: str) -> None:
    header = {name: value for name, value in GOOD_HEADER.items() if name != missing}
    with pytest.raises(MessageMalformed):
        jws.verify(MessageType.DIRECTORY, with_header(header), KEY.public_key())


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        5,
        [],
        {},
        {**GOOD_HEADER["jwk"], "d": "AAAA"},
        {**GOOD_HEADER["jwk"], "kty": "RSA"},
        {**GOOD_HEADER["jwk"], "crv": "P-384"},
        {**GOOD_HEADER["jwk"], "x": 5},
        {**GOOD_HEADER["jwk"], "x": None},
        {**GOOD_HEADER["jwk"], "y": "A"},
        {**GOOD_HEADER["jwk"], "y": []},
    ],
)
def test_carried_keys_of_other_forms_are_refused(jwk: object) -> None:
    with pytest.raises(MessageMalformed):
        jws.carried_key(MessageType.DIRECTORY, with_header({**GOOD_HEADER, "jwk": jwk}))


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b.c", "{}", "\ud800", "\u00e9.\u00e9.\u00e9", TOKEN + "."])
def test_no_token_at_all(token: str) -> None:
    for read in (jws.unverified_payload, jws.carried_key, lambda k, t: jws.verify(k, t, KEY.public_key())):
        with pytest.raises(MessageMalformed, match="no JWS"):
            read(MessageType.DIRECTORY, token)


@given(st.text())
def test_garbage_raises_nothing_but_our_errors(token: str) -> None:
    with pytest.raises(SignedMessageError):
        jws.verify(MessageType.MANIFEST, token, KEY.public_key())


def test_a_manifest_of_many_hours_fits() -> None:
    payload = b"x" * (10 * 2**20)
    token = jws.sign(MessageType.MANIFEST, payload, KEY)
    assert jws.verify(MessageType.MANIFEST, token, KEY.public_key()) == payload


def with_header(header: dict[str, object]) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return ".".join([encoded, *TOKEN.split(".")[1:]])
