"""Sessions and origins, on routes that a test adds to the service."""

from collections.abc import Iterator

import pytest

from companion_api.answers import refusals
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Role
from companion_api.staff.sign_in import SIGNED_IN, SignedIn
from tests.companion_api.builders import ORIGIN, Service, problem, running
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import Agency

CHANGING = ("PUT", "POST", "PATCH", "DELETE")


def with_whoami(service: Service) -> Service:
    async def whoami(person: SignedIn) -> dict[str, str]:
        return {"account": person.account, "roles": ",".join(sorted(person.roles))}

    del service.app.openapi  # it tells of one route more
    for method in ("GET", *CHANGING):
        service.app.add_api_route(
            "/v1/whoami", whoami, methods=[method], operation_id=f"whoami {method}", responses=refusals(*SIGNED_IN)
        )
    return service


@pytest.fixture
def service(service: Service) -> Service:
    return with_whoami(service)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Staff]:
    """Give somebody who is signed in, for tests that leave them so."""
    with running(tmp_path_factory.mktemp("steady"), agency) as service:
        yield Staff(with_whoami(service))


def test_whoever_is_signed_in_is_known_by_account_and_roles(service: Service) -> None:
    staff = Staff(service, Role.SUPERVISOR, Role.PRACTITIONER)
    answer = staff.send("GET", "/v1/whoami")
    assert answer.json() == {"account": staff.account, "roles": "practitioner,supervisor"}
    assert answer.headers["cache-control"] == "no-store"


def test_without_a_session_nobody_is_signed_in(service: Service) -> None:
    staff = Staff(service)
    for cookie in ("", "__Host-attune=", "__Host-attune=wrong", f"attune={staff.cookie}"):
        answer = staff.send("GET", "/v1/whoami", cookie=cookie)
        assert problem(answer) == "sign-in-needed"
        assert answer.headers["www-authenticate"] == 'Cookie realm="attune-kit"'


def test_a_session_ends_an_hour_after_its_last_use(service: Service) -> None:
    staff = Staff(service)
    for _ in range(3):
        service.clock.forward(minutes=59)
        assert staff.send("GET", "/v1/whoami").status_code == 200
    service.clock.forward(minutes=60)
    assert problem(staff.send("GET", "/v1/whoami")) == "sign-in-needed"


def test_a_session_ends_after_twelve_hours_of_use(service: Service) -> None:
    staff = Staff(service)
    for _ in range(23):
        service.clock.forward(minutes=30)
        assert staff.send("GET", "/v1/whoami").status_code == 200
    service.clock.forward(minutes=30)
    assert problem(staff.send("GET", "/v1/whoami")) == "sign-in-needed"


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://films.example", f"{ORIGIN}:8443"])
def test_what_changes_something_must_come_from_our_own_pages(steady: Staff, method: str, origin: str) -> None:
    assert problem(steady.send(method, "/v1/whoami", origin=origin)) == "wrong-origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_a_page_of_another_origin_may_not_even_read(steady: Staff, site: str) -> None:
    assert problem(steady.send("GET", "/v1/whoami", sec_fetch_site=site)) == "wrong-origin"


def test_old_browsers_and_the_address_bar_may_read(steady: Staff) -> None:
    staff = steady
    assert staff.send("GET", "/v1/whoami", sec_fetch_site="", origin="").status_code == 200
    assert staff.send("GET", "/v1/whoami", sec_fetch_site="none", origin="").status_code == 200
    assert staff.send("POST", "/v1/whoami", sec_fetch_site="").status_code == 200
    assert problem(staff.send("POST", "/v1/whoami", sec_fetch_site="none")) == "wrong-origin"


def test_people_see_and_end_their_own_sessions_and_no_others(service: Service) -> None:
    staff, other = Staff(service, Role.IT), Staff(service)
    first = staff.send("GET", "/v1/staff/session").json()
    assert (first["account"], first["name"], first["roles"]) == (staff.account, "A. Jones", ["it"])
    service.clock.forward(minutes=5)
    second = staff.sign_in()
    listed = staff.send("GET", "/v1/staff/sessions").json()
    assert [session["created_at"] for session in listed] == ["2026-11-20T10:05:00Z", "2026-11-20T10:00:00Z"]
    assert listed[1] == {name: first[name] for name in listed[1]} | {"used_at": "2026-11-20T10:05:00Z"}
    path = f"/v1/staff/sessions/{listed[0]['session']}"
    assert problem(other.send("DELETE", path)) == "session-unknown"
    assert staff.send("DELETE", path).status_code == 204
    assert problem(staff.send("DELETE", path)) == "session-unknown"
    assert problem(staff.send("GET", "/v1/whoami", cookie=f"__Host-attune={second}")) == "sign-in-needed"
    assert staff.send("GET", "/v1/whoami").status_code == 200


def test_a_method_that_a_path_does_not_take_is_told_all_that_it_takes(steady: Staff) -> None:
    answer = steady.send("PATCH", "/v1/staff/session")
    assert problem(answer) == "method-not-allowed"
    assert answer.headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize("path", ["/v1/staff/session", "/v1/staff/sessions"])
def test_signing_out_ends_the_session_and_clears_the_cookie(service: Service, path: str) -> None:
    staff = Staff(service)
    answer = staff.send("DELETE", path)
    assert answer.status_code == 204
    assert answer.headers["set-cookie"].startswith('__Host-attune=""; ')
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert problem(staff.send("GET", "/v1/whoami")) == "sign-in-needed"


def test_signing_out_everywhere_ends_all_sessions_of_one_person(service: Service) -> None:
    staff, other = Staff(service), Staff(service)
    second = staff.sign_in()
    assert staff.send("DELETE", "/v1/staff/sessions").status_code == 204
    assert problem(staff.send("GET", "/v1/whoami", cookie=f"__Host-attune={second}")) == "sign-in-needed"
    assert other.send("GET", "/v1/whoami").status_code == 200


def test_a_deactivated_account_is_nobody_at_once(service: Service) -> None:
    staff = Staff(service)
    with service.archive.database.writing() as connection:
        AccountRows(connection).deactivate(staff.account, service.archive.timestamp())
    assert problem(staff.send("GET", "/v1/whoami")) == "sign-in-needed"


def test_the_database_holds_no_token(service: Service) -> None:
    staff = Staff(service)
    assert staff.cookie.encode() not in b"".join(file.read_bytes() for file in service.data.glob("companion.sqlite3*"))


def test_sessions_that_are_over_are_forgotten(service: Service) -> None:
    staff = Staff(service)
    service.clock.forward(hours=1)
    staff.sign_in()
    with service.archive.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM staff_sessions").scalar() == 1
