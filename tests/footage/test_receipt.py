import uuid
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from footage import jws
from footage.errors import MessageMalformed, ReceiptForged, ReceiptMismatch
from footage.jws import MessageType
from footage.keys import new_key, thumbprint
from footage.receipt import Receipt, manifest_digest, read_receipt, sign_receipt
from tests.footage.builders import Agency, Film, make_film, sha256


def read(agency: Agency, film: Film, token: str) -> Receipt:
    assert film.token is not None
    return read_receipt(token, agency.verified_directory(), film=film.film, manifest=film.token)


def test_round_trip(agency: Agency, film: Film) -> None:
    assert read(agency, film, film.signed_receipt()) == film.receipt()


def test_manifest_is_named_by_the_digest_of_its_jws(film: Film) -> None:
    assert film.token is not None
    assert manifest_digest(film.token) == sha256(film.token.encode())


def test_an_unknown_key_is_refused(agency: Agency, film: Film) -> None:
    stranger = new_key()
    receipt = replace(film.receipt(), receipt_key=thumbprint(stranger.public_key()))
    with pytest.raises(ReceiptForged, match="does not list the key"):
        read(agency, film, sign_receipt(receipt, stranger))


def test_naming_the_right_key_is_not_having_it(agency: Agency, film: Film) -> None:
    with pytest.raises(ReceiptForged, match="signature is wrong"):
        read(agency, film, sign_receipt(film.receipt(), new_key()))


def test_a_kit_can_not_make_its_own_receipt(agency: Agency, film: Film) -> None:
    receipt = replace(film.receipt(), receipt_key=thumbprint(agency.kit_key.public_key()))
    with pytest.raises(ReceiptForged):
        read(agency, film, sign_receipt(receipt, agency.kit_key))


def test_a_receipt_for_another_film_is_refused(agency: Agency, film: Film) -> None:
    with pytest.raises(ReceiptMismatch):
        read(agency, film, make_film(agency).signed_receipt())
    receipt = replace(film.receipt(), film=str(uuid.uuid4()))
    with pytest.raises(ReceiptMismatch):
        read(agency, film, sign_receipt(receipt, agency.receipt_key))


def test_a_receipt_for_another_manifest_of_the_film_is_refused(agency: Agency, film: Film) -> None:
    earlier = film.signed_receipt()
    film.sign(replace(film.signed, parts=film.signed.parts[:-1]))
    with pytest.raises(ReceiptMismatch):
        read(agency, film, earlier)


def test_messages_of_another_type_are_no_receipt(agency: Agency, film: Film) -> None:
    payload = msgspec.json.encode(film.receipt())
    assert film.token is not None
    for token in (
        film.token,
        agency.signed_directory(),
        jws.sign(MessageType.MANIFEST, payload, agency.receipt_key),
        jws.sign(MessageType.DIRECTORY, payload, agency.receipt_key, carry_key=True),
    ):
        with pytest.raises(MessageMalformed, match="type"):
            read(agency, film, token)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"film": "x"},
        {"manifest": "x"},
        {"parts": -1},
        {"bytes": 1.5},
        {"bytes": 2**53},
        {"stored_at": "now"},
        {"receipt_key": "short"},
        {"erased": True},
    ],
)
def test_even_the_service_must_keep_to_the_form(agency: Agency, film: Film, change: dict[str, Any]) -> None:
    message = {**msgspec.to_builtins(film.receipt()), **change}
    token = jws.sign(MessageType.RECEIPT, msgspec.json.encode(message), agency.receipt_key)
    with pytest.raises(MessageMalformed):
        read(agency, film, token)
