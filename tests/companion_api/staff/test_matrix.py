"""Who may do what, asked of every route: role, resource, verb, and every way to stand to the thing.

What must come out stands in docs/companion-api.md; which routes there are, the service tells itself.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from companion_api.admissions.admission_rows import AdmissionRows
from companion_api.films.hold_rows import HoldReason
from companion_api.films.holds import ask_hold
from companion_api.kits import kit_access
from companion_api.staff.authorisation import TABLE, Tie
from companion_api.staff.person import Role
from companion_api.staff.sign_in import _found, _from_our_pages
from footage.age import HybridIdentity
from footage.manifest import recipient_fingerprint
from tests.companion_api.builders import Service, problem, running
from tests.companion_api.library.builders import EARLIER, hand, plant_film, plant_members, plant_share
from tests.companion_api.staff.builders import Staff
from tests.companion_api.staff.rights import Right, calls, declared, rights, routes, table
from tests.footage.builders import NOW, Agency

OPEN_TO_EVERYBODY = {"GET /v1/directory", "GET /healthz", "GET /readyz", "GET /metrics"}
ABOUT_ONESELF = ("/v1/staff/session", "/v1/staff/passkey")  # paths that begin so are about whoever is signed in
TO_SIGN_IN = ("/v1/staff/sign-in", "/v1/staff/invitation", "/v1/staff/provider")  # for whoever is not
WITHOUT_A_THING = {"list", "begin", "ask", "export"}
CHANGE_THE_TIE = ("file", "withdraw")  # asked last
WAYS = {
    "film": ("none", "holder", "member", "grantee", "grantee once", "grantee no more", "missing"),
    "case": ("none", "member", "missing"),
    "kit": ("none", "missing"),
    "recipient": ("none", "own", "missing"),
    "colleague": ("none",),
    "account": ("none",),
    "hold": ("none", "missing"),
}
NOT_OF_RIGHT = {
    *("key-not-shared", "case-taken", "account-deactivated"),
    *("not-erased", "film-erased", "case-unknown", "hold-needs-another", "hold-stands", "hold-ended"),
}  # problems that only whoever is allowed meets

Values = dict[str, Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("matrix"), agency) as service:
        yield service


@pytest.fixture(scope="module")
def other(service: Service) -> Staff:
    """Whoever owns what is not one's own."""
    return Staff(service, Role.PRACTITIONER)


def missing() -> Values:
    return {
        "film": str(uuid.uuid4()),
        "case": uuid.uuid4().hex.upper(),
        "kit": "kit-9999",
        "fingerprint": uuid.uuid4().hex * 2,
        "account": str(uuid.uuid4()),
        "number": 0,
        "target": "NONE",
        "hold": str(uuid.uuid4()),
        "held": "case:NONE",
    }


def stand(service: Service, way: str, staff: Staff, other: Staff) -> Values:
    """Plant a thing of each kind to which `staff` stands in this way; return the values of paths and bodies."""
    kit, case = f"kit-{uuid.uuid4().hex}", uuid.uuid4().hex.upper()
    hand(service, kit, staff if way == "holder" else other)
    plant_members(service, case, [staff] if way == "member" else [other])
    film = plant_film(service, kit=kit, case=None if way == "holder" else case)
    if way.startswith("grantee"):
        plant_share(service, film, other, staff, until=NOW if way == "grantee once" else "2026-12-20T10:00:00Z")
    if way == "grantee no more":
        assert other.send("DELETE", f"/v1/staff/films/{film}/shares/{staff.account}").status_code == 204
    recipient = HybridIdentity.generate().recipient.text
    fingerprint, owner = recipient_fingerprint(recipient), staff if way == "own" else other
    with service.archive.database.writing() as connection:
        AdmissionRows(connection).ask(fingerprint, recipient, owner.account, EARLIER)
    colleague, target = Staff(service, Role.PRACTITIONER), uuid.uuid4().hex.upper()
    plant_members(service, target, [staff])
    values = {"film": film, "case": case, "kit": service.agency.kit, "fingerprint": fingerprint, "number": 0}
    hold = ask_hold(service.eraser, other.person.actor, f"film:{film}", HoldReason.COURT, "1")
    return values | {"account": colleague.account, "target": target, "hold": hold.hold, "held": f"film:{film}"}


def send(staff: Staff, method: str, path: str, values: Values, **headers: str) -> httpx.Response:
    """Send a request as `staff`. Every route that takes a body has an example here."""
    bodies = {
        "PUT /v1/staff/films/{film}/case": {"case": values["target"]},
        "PUT /v1/staff/films/{film}/shares/{account}": {
            "expires_at": "2026-12-20T10:00:00Z",
            "reason": "supervision",
        },
        "PUT /v1/staff/kits/{kit}/holder": {"account": None},
        "POST /v1/staff/films/{film}/withdrawal": {"reason": "mistake"},
        "POST /v1/staff/cases/{case}/withdrawal": {"reason": "mistake"},
        "POST /v1/staff/holds": {"subject": values["held"], "reason": "court", "reference": "1"},
        "POST /v1/staff/accounts": {"name": "B. Brown", "roles": ["practitioner"]},
        "PUT /v1/staff/accounts/{account}/roles": {"roles": ["practitioner"]},
        "POST /v1/staff/recipients": {"recipient": HybridIdentity.generate().recipient.text},
    }
    return staff.send(method, path.format(**values), bodies.get(f"{method} {path}"), **headers)


def outcome(answer: httpx.Response) -> str:
    if answer.is_success or problem(answer) in NOT_OF_RIGHT:
        return "allowed"
    return problem(answer)


def expected(right: Right, role: Role, way: str) -> str:
    all_rights = rights()
    cell, seeing = all_rights[right][role], all_rights.get((right[0], "see"), all_rights[right])[role]
    if not cell:
        return "not-allowed"
    if right[1] in WITHOUT_A_THING:
        return "allowed"
    if way != "missing":
        if cell & {"any", way}:
            return "allowed"
        if seeing & {"any", way}:
            return "not-allowed"
    return "unknown-to-you"


def requests_of(service: Service, resource: str) -> list[tuple[str, str, Right]]:
    found = [(method, path, declared(dependant)) for method, path, dependant in routes(service.app)]
    asked = [(method, path, right) for method, path, right in found if right is not None and right[0] == resource]
    return sorted(asked, key=lambda request: (request[2][1] in CHANGE_THE_TIE, *request))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("resource", "way"), [(resource, way) for resource, ways in WAYS.items() for way in ways])
def test_every_route_answers_as_the_table_says(
    service: Service, other: Staff, resource: str, way: str, role: Role
) -> None:
    staff = Staff(service, role)
    values = stand(service, way, staff, other)
    requests = requests_of(service, resource)
    answers = {
        f"{method} {path}": outcome(send(staff, method, path, missing() if way == "missing" else values))
        for method, path, _ in requests
    }
    assert answers == {f"{method} {path}": expected(right, role, way) for method, path, right in requests}


def test_every_route_says_who_may_ask(service: Service) -> None:
    for method, path, dependant in routes(service.app):
        by_kit = any(call is kit_access._header for call in calls(dependant))  # the signature of a kit
        by_right = declared(dependant) is not None
        by_oneself = path.startswith(ABOUT_ONESELF) and _found in calls(dependant)
        by_everybody = f"{method} {path}" in OPEN_TO_EVERYBODY
        by_stranger = path.startswith(TO_SIGN_IN) and _from_our_pages in calls(dependant)
        assert by_kit + by_right + by_oneself + by_everybody + by_stranger == 1, f"{method} {path}"
        assert path.startswith("/v1/staff/") == (not by_kit and not by_everybody), f"{method} {path}"


def test_every_right_is_asked_for_by_a_route_and_every_kind_of_thing_is_tried(service: Service) -> None:
    asked = {declared(dependant) for _, _, dependant in routes(service.app)} - {None}
    assert asked | {("recipient", "see")} == set(rights())  # lists of requests are filtered by it
    assert {resource for resource, _ in rights()} == set(WAYS)


def test_the_table_in_the_documents_is_the_one_that_decides() -> None:
    decides = {
        (r.value, v.value): {role: cells.get(role, frozenset()) for role in Role} for (r, v), cells in TABLE.items()
    }
    assert rights() == decides


def test_the_documents_tell_what_each_tie_is() -> None:
    assert [row[0] for row in table("| tie | who has it |")] == list(Tie)


def test_nobody_gets_anywhere_without_a_session(service: Service, other: Staff) -> None:
    there = stand(service, "none", other, other)
    for method, path, dependant in routes(service.app):
        if path.startswith("/v1/staff/") and declared(dependant):
            for values in (there, missing()):
                assert problem(send(other, method, path, values, cookie="")) == "sign-in-needed"


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.SUPERVISOR])
def test_what_is_not_for_somebody_looks_as_if_it_were_not_there(service: Service, other: Staff, role: Role) -> None:
    staff = Staff(service, role)
    there, not_there = stand(service, "none", staff, other), missing()
    for resource in ("film", "case", "recipient"):
        for method, path, right in requests_of(service, resource):
            if right[1] not in WITHOUT_A_THING:
                answers = [send(staff, method, path, values) for values in (there, not_there)]
                assert answers[0].content == answers[1].content
                assert answers[0].headers == answers[1].headers
