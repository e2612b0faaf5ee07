from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from footage import jws
from footage.errors import MessageMalformed, TimeForged, TimeMismatch
from footage.jws import MessageType
from footage.keys import new_key, thumbprint
from footage.signed_time import SignedTime, new_nonce, read_time, sign_time
from tests.footage.builders import Agency, Film

IAT = 1_795_000_000
NONCE = "n" * 43


def answer(agency: Agency) -> SignedTime:
    return SignedTime(1, agency.kit, NONCE, IAT, thumbprint(agency.receipt_key.public_key()))


def read(agency: Agency, token: str) -> int:
    return read_time(token, agency.verified_directory(), kit=agency.kit, nonce=NONCE)


def test_round_trip(agency: Agency) -> None:
    assert read(agency, sign_time(answer(agency), agency.receipt_key)) == IAT


def test_no_two_questions_are_the_same() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100


def test_a_nonce_is_one_that_an_answer_may_hold(agency: Agency) -> None:
    nonce = new_nonce()
    token = sign_time(replace(answer(agency), nonce=nonce), agency.receipt_key)
    assert read_time(token, agency.verified_directory(), kit=agency.kit, nonce=nonce) == IAT


def test_an_unknown_key_is_refused(agency: Agency) -> None:
    stranger = new_key()
    with pytest.raises(TimeForged, match="does not list the key"):
        read(agency, sign_time(replace(answer(agency), receipt_key=thumbprint(stranger.public_key())), stranger))


@pytest.mark.parametrize("signer", ["kit_key", "root"])
def test_naming_the_right_key_is_not_having_it(agency: Agency, signer: str) -> None:
    with pytest.raises(TimeForged, match="signature of this time is wrong"):
        read(agency, sign_time(answer(agency), getattr(agency, signer)))


@pytest.mark.parametrize("change", [{"nonce": "m" * 43}, {"kit": "kit-0002"}])
def test_an_answer_to_another_question_is_refused(agency: Agency, change: dict[str, str]) -> None:
    with pytest.raises(TimeMismatch):
        read(agency, sign_time(replace(answer(agency), **change), agency.receipt_key))


def test_messages_of_another_type_are_no_time(agency: Agency, film: Film) -> None:
    payload = msgspec.json.encode(answer(agency))
    for token in (film.signed_receipt(), jws.sign(MessageType.RECEIPT, payload, agency.receipt_key)):
        with pytest.raises(MessageMalformed, match="type"):
            read(agency, token)


@pytest.mark.parametrize(
    "change",
    [
        *({"format": 2}, {"kit": "Kit"}, {"nonce": "short"}, {"nonce": "n" * 42 + "\n"}, {"iat": -1}, {"iat": 1.5}),
        *({"iat": 2**53}, {"iat": "2026-11-20T10:00:00Z"}, {"receipt_key": "short"}, {"exp": IAT}),
    ],
    ids=str,
)
def test_even_the_service_must_keep_to_the_form(agency: Agency, change: dict[str, Any]) -> None:
    message = {**msgspec.to_builtins(answer(agency)), **change}
    token = jws.sign(MessageType.TIME, msgspec.json.encode(message), agency.receipt_key)
    with pytest.raises(MessageMalformed):
        read(agency, token)
