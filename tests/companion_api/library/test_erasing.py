"""What staff do about the end of films, over HTTP: withdraw, certify, hold."""

from typing import get_args

import pytest

from companion_api.films.certificate import POLICY
from companion_api.films.withdrawal import WITHDRAWALS
from companion_api.library.erasure_requests import WithdrawalReason
from companion_api.staff.person import Role
from footage.erasure import Reason, read_erasure
from tests.companion_api.builders import Service, problem
from tests.companion_api.films.agency_life import CASE, certificate, check_erased, filed, is_whole
from tests.companion_api.library.builders import plant_share
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import NOW


@pytest.fixture
def lead(service: Service) -> Staff:
    return Staff(service, Role.SERVICE_LEAD)


@pytest.fixture
def officer(service: Service) -> Staff:
    return Staff(service, Role.DATA_PROTECTION)


def test_a_case_is_withdrawn_and_certified(service: Service, lead: Staff, officer: Staff) -> None:
    films, other = [filed(service) for _ in range(2)], filed(service, case="B-2")
    path = f"/v1/staff/films/{films[0].film}"
    assert problem(officer.send("GET", f"{path}/erasure")) == "not-erased"
    answer = lead.send("POST", f"/v1/staff/cases/{CASE}/withdrawal", {"reason": "family asked"})
    assert answer.json() == {"gone": sorted(film.film for film in films), "held": []}
    for film in films:
        check_erased(service, film.film)
    assert is_whole(service, other)
    token = officer.send("GET", f"{path}/erasure").text
    erasure = read_erasure(token, service.directory.published.directory, film=films[0].film)
    assert (erasure.reason, erasure.decided_by) == (Reason.FAMILY_ASKED, lead.person.actor)
    page = officer.send("GET", f"{path}/erasure.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICY
    assert "A parent or carer asked us to erase it." in page.text


def test_the_reasons_are_those_to_withdraw() -> None:
    assert get_args(WithdrawalReason) == WITHDRAWALS


def test_a_reason_that_is_none_is_refused(service: Service, lead: Staff) -> None:
    film = filed(service)
    for reason in ("work ended", "the Jones family moved away"):
        answer = lead.send("POST", f"/v1/staff/films/{film.film}/withdrawal", {"reason": reason})
        assert problem(answer) == "request-invalid"
    assert is_whole(service, film)


def test_a_hold_takes_two_and_what_is_held_is_shown_to_nobody_any_more(
    service: Service, lead: Staff, officer: Staff
) -> None:
    film = filed(service)
    practitioner = Staff(service, Role.PRACTITIONER)
    plant_share(service, film.film, lead, practitioner)
    asked = {"subject": f"film:{film.film}", "reason": "court", "reference": "C12/2026"}
    hold = lead.send("POST", "/v1/staff/holds", asked).json()
    assert hold["state"] == "asked"
    path = f"/v1/staff/holds/{hold['hold']}"
    assert problem(lead.send("POST", f"{path}/confirmation")) == "hold-needs-another"
    assert officer.send("POST", f"{path}/confirmation").json()["state"] == "in force"
    manifest = f"/v1/staff/films/{film.film}/manifest"
    assert practitioner.send("GET", manifest).status_code == 200, "a hold alone changes nothing"
    withdrawn = officer.send("POST", f"/v1/staff/films/{film.film}/withdrawal", {"reason": "child asked"})
    assert withdrawn.json() == {"gone": [], "held": [film.film]}
    assert problem(practitioner.send("GET", manifest)) == "unknown-to-you", "the share is over"
    plant_share(service, film.film, lead, practitioner)
    assert problem(practitioner.send("GET", manifest)) == "film-held"
    assert is_whole(service, film)
    assert officer.send("POST", f"{path}/release").json()["state"] == "release asked"
    assert problem(officer.send("POST", f"{path}/release/confirmation")) == "hold-needs-another"
    assert lead.send("POST", f"{path}/release/confirmation").json()["state"] == "released"
    check_erased(service, film.film)
    assert certificate(service, film.film).reason is Reason.CHILD_ASKED
    (listed,) = lead.told("/v1/staff/holds")
    assert (listed["asked_by"], listed["confirmed_by"]) == (lead.person.actor, officer.person.actor)
    assert (listed["asked_at"], listed["released_at"]) == (NOW, NOW)


@pytest.mark.parametrize(
    "change",
    [{"subject": "kit:kit-0001"}, {"subject": "film:x"}, {"reason": "because"}, {"reference": "the Jones family"}],
)
def test_there_is_no_room_for_names_in_a_hold(service: Service, lead: Staff, change: dict[str, str]) -> None:
    hold = {"subject": f"case:{CASE}", "reason": "court", "reference": "C12/2026"} | change
    assert problem(lead.send("POST", "/v1/staff/holds", hold)) == "request-invalid"
