"""Cases: who opens, ends and works on them, and whose a film is before and after it is filed."""

import pytest

from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Role
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.library.builders import plant_film
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import NOW, Film

CASES = "/v1/staff/cases"


def file(staff: Staff, film: str, case: str) -> str:
    answer = staff.send("PUT", f"/v1/staff/films/{film}/case", {"case": case})
    return "filed" if answer.status_code == 204 else problem(answer)


def begin(staff: Staff, case: str) -> int:
    return staff.send("PUT", f"{CASES}/{case}").status_code


def test_a_practitioner_who_opens_a_case_works_on_it(practitioner: Staff, service: Service) -> None:
    assert [begin(practitioner, "A-1"), begin(practitioner, "A-1")] == [201, 200]
    case = {"case": "A-1", "opened_at": NOW, "ended_at": None, "members": [practitioner.account]}
    assert practitioner.told(f"{CASES}/A-1") == case
    assert practitioner.told(CASES) == [case]
    assert Staff(service, Role.PRACTITIONER).told(CASES) == []


def test_a_service_lead_opens_cases_and_works_on_none(lead: Staff) -> None:
    assert begin(lead, "A-1") == 201
    assert [case["members"] for case in lead.told(CASES)] == [[]]


def test_a_code_is_taken_once(practitioner: Staff, service: Service) -> None:
    begin(practitioner, "A-1")
    assert problem(Staff(service, Role.PRACTITIONER).send("PUT", f"{CASES}/A-1")) == "case-taken"


@pytest.mark.parametrize("code", ["anna", "A_1", "A" * 33, "-A"])
def test_a_code_has_no_room_for_a_name(practitioner: Staff, code: str) -> None:
    assert problem(practitioner.send("PUT", f"{CASES}/{code}")) == "request-invalid"


def test_work_ends_once_and_goes_on_only_by_the_service_lead(
    practitioner: Staff, lead: Staff, service: Service
) -> None:
    begin(practitioner, "A-1")
    for _ in range(2):
        assert practitioner.send("POST", f"{CASES}/A-1/end").status_code == 204
        assert practitioner.told(f"{CASES}/A-1")["ended_at"] == NOW
        service.clock.forward(minutes=1)
    assert problem(practitioner.send("POST", f"{CASES}/A-1/reopen")) == "not-allowed"
    assert lead.send("POST", f"{CASES}/A-1/reopen").status_code == 204
    assert practitioner.told(f"{CASES}/A-1")["ended_at"] is None


def test_a_filed_film_is_the_case_s_and_no_longer_the_holder_s(
    practitioner: Staff, lead: Staff, service: Service, sent: Film
) -> None:
    colleague = Staff(service, Role.PRACTITIONER)
    begin(practitioner, "A-1")
    assert file(practitioner, sent.film, "A-1") == "filed"
    assert file(practitioner, sent.film, "A-1") == "filed", "a request may be repeated"
    members = f"{CASES}/A-1/members"
    assert lead.send("PUT", f"{members}/{colleague.account}").status_code == 204
    assert lead.send("DELETE", f"{members}/{practitioner.account}").status_code == 204
    assert [film["film"] for film in colleague.told("/v1/staff/films")["films"]] == [sent.film]
    assert practitioner.told("/v1/staff/films")["films"] == []
    assert problem(practitioner.send("GET", f"/v1/staff/films/{sent.film}/key")) == "unknown-to-you"
    assert lead.send("DELETE", f"{members}/{colleague.account}").status_code == 204
    assert colleague.told("/v1/staff/films")["films"] == [], "at once"


def test_a_practitioner_files_into_own_cases_and_moves_nothing(
    practitioner: Staff, lead: Staff, service: Service, sent: Film
) -> None:
    for case in ("A-1", "A-2"):
        begin(practitioner, case)
    begin(Staff(service, Role.PRACTITIONER), "A-3")
    assert file(practitioner, sent.film, "A-3") == "unknown-to-you"
    assert file(practitioner, sent.film, "A-4") == "unknown-to-you"
    assert file(practitioner, sent.film, "A-1") == "filed"
    assert file(practitioner, sent.film, "A-2") == "not-allowed"
    assert file(lead, sent.film, "A-2") == "filed"
    assert practitioner.told(f"/v1/staff/films/{sent.film}")["case"] == "A-2"


def test_a_film_on_its_way_is_filed_and_one_that_is_gone_is_not(practitioner: Staff, kit: Kit, film: Film) -> None:
    begin(practitioner, "A-1")
    kit.put_part(film.film, 0, film.parts[0])
    assert file(practitioner, film.film, "A-1") == "filed"
    begin(practitioner, "A-2")
    kit.send("DELETE", f"/v1/films/{film.film}")
    gone = kit.send("DELETE", "/v1/films/00000000-0000-4000-8000-000000000000")
    assert gone.status_code == 204
    assert file(practitioner, "00000000-0000-4000-8000-000000000000", "A-2") == "film-taken-back"


def test_only_practitioners_work_on_cases(service: Service, lead: Staff) -> None:
    begin(lead, "A-1")
    for role in set(Role) - {Role.PRACTITIONER}:
        answer = lead.send("PUT", f"{CASES}/A-1/members/{Staff(service, role).account}")
        assert problem(answer) == "account-unfit"


def test_whoever_is_no_practitioner_any_more_loses_the_case_s_films(service: Service, practitioner: Staff) -> None:
    begin(practitioner, "A-1")
    plant_film(service, kit="kit-0001", case="A-1")
    assert len(practitioner.told("/v1/staff/films")["films"]) == 1
    with service.archive.database.writing() as connection:
        AccountRows(connection).set_roles(practitioner.account, [Role.SUPERVISOR])
    assert practitioner.told("/v1/staff/films")["films"] == []
