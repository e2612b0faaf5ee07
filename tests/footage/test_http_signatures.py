import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from footage.errors import KitUnknown
from footage.http_signatures import (
    RequestForged,
    Signature,
    SignedRequest,
    content_digest,
    sign_request,
    verify_request,
)
from footage.keys import new_key

KEY, OTHER = new_key(), new_key()
BODY = b"a sealed part"
COVERED = '"@method" "@path" "content-digest" "content-length"'


def key_of(key_id: str) -> EllipticCurvePublicKey:
    if key_id != "kit-0001":
        raise KitUnknown(f"no kit {key_id}")
    return KEY.public_key()


class Keys(HTTPSignatureKeyResolver):
    """What the library asks for keys."""

    def resolve_private_key(self, key_id: str) -> EllipticCurvePrivateKey:
        return KEY

    def resolve_public_key(self, key_id: str) -> EllipticCurvePublicKey:
        return key_of(key_id)


def by_library(request: SignedRequest) -> Signature:
    """Return what the library says of a signature. Raises what it raises."""
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys())
    verifier.max_clock_skew = timedelta(days=36500)
    (result,) = verifier.verify(request, max_age=None, expect_tag="attune-kit", expect_label="kit")
    return Signature(str(result.parameters["keyid"]), result.nonce or "")


def put(**changes: object) -> SignedRequest:
    headers = {"content-digest": content_digest(BODY), "content-length": str(len(BODY))}
    request = SignedRequest("PUT", "http://server/v1/films/f/parts/1", headers)
    sign_request(request, **{"key": KEY, "key_id": "kit-0001", "nonce": "n", "has_body": True, **changes})  # type: ignore[arg-type]
    return request


def get() -> SignedRequest:
    request = SignedRequest("GET", "http://server/v1/films/f/parts", {})
    sign_request(request, key=KEY, key_id="kit-0001", nonce="n", has_body=False)
    return request


def test_round_trip() -> None:
    assert verify_request(put(), key_of, has_body=True) == Signature("kit-0001", "n")
    assert verify_request(get(), key_of, has_body=False) == Signature("kit-0001", "n")
    assert verify_request(put(nonce=""), key_of, has_body=True).nonce == ""


def test_headers_may_be_lower_case_as_servers_give_them() -> None:
    request = put()
    request.headers = {name.lower(): value for name, value in request.headers.items()}
    assert verify_request(request, key_of, has_body=True).key_id == "kit-0001"


def test_host_and_scheme_are_the_proxys_business() -> None:
    request = put()
    request.url = "https://elsewhere:8443/v1/films/f/parts/1"
    assert verify_request(request, key_of, has_body=True).key_id == "kit-0001"


def test_digest_header_is_that_of_rfc_9530() -> None:
    assert content_digest(BODY) == f"sha-256=:{b64encode(hashlib.sha256(BODY).digest()).decode()}:"
    assert content_digest(bytearray(BODY)) == content_digest(BODY)


def another_method(request: SignedRequest) -> None:
    request.method = "DELETE"


def another_path(request: SignedRequest) -> None:
    request.url = request.url.replace("/parts/1", "/parts/2")


def another_digest(request: SignedRequest) -> None:
    request.headers["content-digest"] = content_digest(b"another part")


def another_length(request: SignedRequest) -> None:
    request.headers["content-length"] = "1"


def no_length(request: SignedRequest) -> None:
    del request.headers["content-length"]


def no_signature(request: SignedRequest) -> None:
    del request.headers["Signature"]


def no_input(request: SignedRequest) -> None:
    del request.headers["Signature-Input"]


def another_nonce(request: SignedRequest) -> None:
    request.headers["Signature-Input"] = request.headers["Signature-Input"].replace('nonce="n"', 'nonce="m"')


def another_tag(request: SignedRequest) -> None:
    request.headers["Signature-Input"] = request.headers["Signature-Input"].replace("attune-kit", "other")


@pytest.mark.parametrize(
    "change",
    [
        another_method,
        another_path,
        another_digest,
        another_length,
        no_length,
        no_signature,
        no_input,
        another_nonce,
        another_tag,
    ],
    ids=lambda change: change.__name__,
)
def test_a_changed_request_is_refused(change: Callable[[SignedRequest], None]) -> None:
    request = put()
    change(request)
    with pytest.raises(RequestForged, match="Sign it with the kit's key"):
        verify_request(request, key_of, has_body=True)


def test_another_key_is_refused() -> None:
    with pytest.raises(RequestForged, match="another key"):
        verify_request(put(key=OTHER), key_of, has_body=True)


def test_the_refusal_of_the_directory_comes_through() -> None:
    with pytest.raises(KitUnknown, match="kit-0002"):
        verify_request(put(key_id="kit-0002"), key_of, has_body=True)


def test_a_signature_without_the_body_does_not_cover_a_body() -> None:
    with pytest.raises(RequestForged, match="content-digest"):
        verify_request(get(), key_of, has_body=True)


@pytest.mark.parametrize("label", ["kit", "proxy"])
@pytest.mark.parametrize("key", [KEY, OTHER], ids=["same key", "another key"])
def test_a_second_signature_is_refused(label: str, key: EllipticCurvePrivateKey) -> None:
    request, second = put(), put(key=key)
    for name in ("Signature", "Signature-Input"):
        request.headers[name] += f", {label}" + second.headers[name].removeprefix("kit")
    with pytest.raises(RequestForged, match="one signature"):
        verify_request(request, key_of, has_body=True)


@pytest.mark.parametrize("year", [1970, 2020, 2100])
def test_a_kits_clock_does_not_matter(year: int) -> None:
    """Freshness is the server's nonce."""

    request = SignedRequest("GET", "http://server/v1/directory", {})
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys()).sign(
        request,
        key_id="kit-0001",
        created=datetime(year, 1, 2, tzinfo=UTC),
        nonce="n",
        tag="attune-kit",
        label="kit",
        covered_component_ids=("@method", "@path"),
    )
    assert verify_request(request, key_of, has_body=False) == Signature("kit-0001", "n")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "kit",
        "kit=",
        "kit=()",
        "kit=(;",
        "kit=5",
        "kit=::",
        "\x00",
        "\u00e9",
        f'kit=({COVERED});tag="attune-kit"',
        f'kit=({COVERED});created=5;tag="attune-kit"',
        f'kit=({COVERED});created=5;keyid=7;tag="attune-kit"',
        f'kit=({COVERED});created="a";keyid="kit-0001";tag="attune-kit"',
        f'kit=({COVERED});created=999999999999999;keyid="kit-0001";tag="attune-kit"',
        f'kit=({COVERED});created=5;keyid="kit-0001";nonce=5;tag="attune-kit"',
        f'kit=({COVERED});created=5;keyid="kit-0001";alg="hmac-sha256";tag="attune-kit"',
        f'kit=({COVERED} "@foo");created=5;keyid="kit-0001";tag="attune-kit"',
        f'kit=({COVERED} "absent");created=5;keyid="kit-0001";tag="attune-kit"',
        f'kit=({COVERED} "@method");created=5;keyid="kit-0001";tag="attune-kit"',
        f'kit=({COVERED} :AA==:);created=5;keyid="kit-0001";tag="attune-kit"',
    ],
)
@pytest.mark.parametrize("header", ["Signature", "Signature-Input"])
def test_malformed_headers(header: str, value: str) -> None:
    request = put()
    request.headers[header] = value
    with pytest.raises(RequestForged):
        verify_request(request, key_of, has_body=True)


@given(st.text(), st.text())
def test_garbage(signature: str, parameters: str) -> None:
    request = SignedRequest("GET", "http://server/", {"signature": signature, "signature-input": parameters})
    with pytest.raises(RequestForged):
        verify_request(request, key_of, has_body=False)


@pytest.mark.parametrize("include_alg", [True, False])
@pytest.mark.parametrize("nonce", ["n", "", " ~!#[]", None])
@given(covered=st.permutations(["@method", "@path", "content-digest", "content-length"]))
def test_whatever_the_library_signs_for_all_that_is_asked_is_taken(
    include_alg: bool, nonce: str | None, covered: list[str]
) -> None:
    request = put()
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys()).sign(
        request,
        key_id="kit-0001",
        nonce=nonce,
        tag="attune-kit",
        label="kit",
        include_alg=include_alg,
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    assert verify_request(request, key_of, has_body=True) == by_library(request) == Signature("kit-0001", nonce or "")


@pytest.mark.parametrize(
    "covered", [("@method",), ("@path", "@method", "@authority"), ("@method", "@path", "x"), ()], ids=range(4)
)
def test_nothing_else_than_what_is_asked_may_be_covered(covered: tuple[str, ...]) -> None:
    request = SignedRequest("GET", "http://server/v1/directory", {"x": "y"})
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys()).sign(
        request, key_id="kit-0001", tag="attune-kit", label="kit", covered_component_ids=covered
    )
    assert by_library(request).key_id == "kit-0001"
    with pytest.raises(RequestForged):
        verify_request(request, key_of, has_body=False)


@settings(max_examples=300)
@given(st.data())
def test_nothing_is_taken_that_the_library_refuses(data: st.DataObject) -> None:
    request = put()
    for name in data.draw(st.lists(st.sampled_from(sorted(request.headers)), min_size=1, max_size=3)):
        value = request.headers[name]
        at = data.draw(st.integers(0, len(value)))
        cut = data.draw(st.integers(0, 2))
        piece = data.draw(st.sampled_from(['"', ";", ",", " ", "\t", "\n", ":", "=", "()", "kit=", ";tag", "A"]))
        request.headers[name] = value[:at] + piece + value[at + cut :]
    try:
        taken = verify_request(request, key_of, has_body=True)
    except (RequestForged, KitUnknown):
        return
    assert by_library(request) == taken


def test_a_header_with_a_line_feed_is_not_two_lines_of_what_is_signed() -> None:
    signed = SignedRequest("GET", "http://server/v1/directory", {})
    sign_request(signed, key=KEY, key_id="kit-0001", nonce="n", has_body=False)
    for field in ("method", "url"):
        request = replace(signed, **{field: getattr(signed, field) + "\n"})
        with pytest.raises(RequestForged, match="characters"):
            verify_request(request, key_of, has_body=False)
