import uuid
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from footage import jws
from footage.erasure import Destroyed, Erasure, Reason, read_erasure, sign_erasure
from footage.errors import ErasureForged, ErasureMismatch, MessageMalformed
from footage.jws import MessageType
from footage.keys import new_key, thumbprint
from tests.footage.builders import NOW, Agency, Film

LATER = "2027-01-20T03:00:00Z"


def certificate(agency: Agency, film: str) -> Erasure:
    return Erasure(
        format=1,
        film=film,
        kit=agency.kit,
        case="A-17",
        filmed_at=NOW,
        duration_ms=1960,
        reason=Reason.WORK_ENDED,
        decided_by="service",
        decided_at=LATER,
        erased_at=LATER,
        destroyed=Destroyed(film_key=True, manifest="0" * 64, parts=4, bytes=9000),
        store="disk",
        database="sqlite",
        backups_until="2027-02-24T03:00:00Z",
        receipt_key=thumbprint(agency.receipt_key.public_key()),
    )


def test_round_trip(agency: Agency, film: Film) -> None:
    erasure = certificate(agency, film.film)
    assert (
        read_erasure(sign_erasure(erasure, agency.receipt_key), agency.verified_directory(), film=film.film) == erasure
    )


def test_an_unknown_key_is_refused(agency: Agency, film: Film) -> None:
    stranger = new_key()
    erasure = replace(certificate(agency, film.film), receipt_key=thumbprint(stranger.public_key()))
    with pytest.raises(ErasureForged, match="does not list the key"):
        read_erasure(sign_erasure(erasure, stranger), agency.verified_directory(), film=film.film)


def test_naming_the_right_key_is_not_having_it(agency: Agency, film: Film) -> None:
    token = sign_erasure(certificate(agency, film.film), agency.kit_key)
    with pytest.raises(ErasureForged, match="signature is wrong"):
        read_erasure(token, agency.verified_directory(), film=film.film)


def test_a_certificate_for_another_film_is_refused(agency: Agency, film: Film) -> None:
    token = sign_erasure(certificate(agency, str(uuid.uuid4())), agency.receipt_key)
    with pytest.raises(ErasureMismatch):
        read_erasure(token, agency.verified_directory(), film=film.film)


def test_a_receipt_is_no_certificate(agency: Agency, film: Film) -> None:
    for token in (film.signed_receipt(), sign_as_receipt(certificate(agency, film.film), agency)):
        with pytest.raises(MessageMalformed, match="type"):
            read_erasure(token, agency.verified_directory(), film=film.film)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"case": "the Jones family"},
        {"case": ""},
        {"reason": "they moved to Leeds"},
        {"decided_by": "Mary"},
        {"decided_by": "kit:"},
        {"erased_at": None},
        {"duration_ms": -1},
        {"destroyed": {}},
        {"store": "disk, in the cellar"},
        {"note": "words"},
    ],
)
def test_there_is_no_room_for_names_and_words(agency: Agency, film: Film, change: dict[str, Any]) -> None:
    message = {**msgspec.to_builtins(certificate(agency, film.film)), **change}
    token = jws.sign(MessageType.ERASURE, msgspec.json.encode(message), agency.receipt_key)
    with pytest.raises(MessageMalformed):
        read_erasure(token, agency.verified_directory(), film=film.film)


def sign_as_receipt(erasure: Erasure, agency: Agency) -> str:
    return jws.sign(MessageType.RECEIPT, msgspec.json.encode(erasure), agency.receipt_key)
