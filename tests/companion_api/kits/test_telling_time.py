"""A kit that asks for the time gets it signed, for its own question; one that does not, is served as before."""

import pytest

from footage.signed_time import new_nonce, read_time
from tests.companion_api.builders import Kit, Service
from tests.footage.builders import Agency


def answered(service: Service, agency: Agency, nonce: str) -> dict[str, str | int | None]:
    kit = Kit(service, agency.kit)
    kit.nonce = nonce
    answer = kit.send("POST", f"/v1/kits/{agency.kit}/sessions")
    assert answer.status_code == 201, answer.text
    session: dict[str, str | int | None] = answer.json()
    return session


def test_the_answer_to_a_nonce_of_the_kits_own_is_the_time(service: Service, agency: Agency) -> None:
    nonce = new_nonce()
    session = answered(service, agency, nonce)
    said = read_time(str(session["time"]), agency.verified_directory(), kit=agency.kit, nonce=nonce)
    assert said == int(service.clock().timestamp())
    kit = Kit(service, agency.kit)
    kit.nonce = str(session["nonce"])
    assert kit.send("GET", "/v1/films/8562e425-270c-4d9e-abf4-11932fc0556d/parts").status_code == 200


@pytest.mark.parametrize("nonce", ["", "short", "n" * 65, "with.a.dot." + "n" * 30])
def test_what_is_no_question_gets_a_session_without_the_time(service: Service, agency: Agency, nonce: str) -> None:
    session = answered(service, agency, nonce)
    assert session["nonce"]
    assert session["time"] is None
