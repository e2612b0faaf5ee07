from collections.abc import Iterator
from typing import Any

import pytest

from companion_api.audit.trail import entries
from companion_api.staff.person import Role
from tests.companion_api.builders import ORIGIN, Service, problem, running
from tests.companion_api.staff.builders import Browser, Staff
from tests.footage.builders import Agency


@pytest.fixture
def it(service: Service) -> Staff:
    return Staff(service, Role.IT)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Staff]:
    """Give somebody of IT, for tests that leave them so."""
    with running(tmp_path_factory.mktemp("steady"), agency) as service:
        yield Staff(service, Role.IT)


def add(it: Staff, name: str = "B. Brown", *roles: str) -> Any:
    answer = it.send("POST", "/v1/staff/accounts", {"name": name, "roles": roles or ["practitioner"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(it: Staff, account: str) -> Any:
    return next(one for one in it.send("GET", "/v1/staff/accounts").json() if one["account"] == account)


def test_it_adds_accounts_and_gives_a_link_that_is_told_once(service: Service, it: Staff) -> None:
    added = add(it, " B. Brown ", "supervisor", "practitioner", "supervisor")
    link, _, token = added["link"].partition("#")
    assert link == f"{ORIGIN}/invitation"
    assert listed(it, added["account"]) == {
        "account": added["account"],
        "name": "B. Brown",
        "roles": ["practitioner", "supervisor"],
        "created_at": "2026-11-20T10:00:00Z",
        "deactivated_at": None,
        "passkeys": 0,
        "linked": False,
        "invited_until": "2026-11-27T10:00:00Z",
    }
    answer = Browser(service).send("POST", "/v1/staff/invitation/options", {"invitation": token})
    assert answer.json()["user"]["name"] == "B. Brown"
    assert token not in it.send("GET", "/v1/staff/accounts").text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.IT])
def test_accounts_are_for_it_alone(steady: Staff, role: Role) -> None:
    other = Staff(steady.service, role)
    account = add(steady)["account"]
    requests = [
        ("GET", "/v1/staff/accounts", None),
        ("POST", "/v1/staff/accounts", {"name": "C", "roles": ["it"]}),
        ("POST", f"/v1/staff/accounts/{account}/invitation", None),
        ("PUT", f"/v1/staff/accounts/{account}/roles", {"roles": ["it"]}),
        ("POST", f"/v1/staff/accounts/{account}/deactivated", None),
    ]
    for method, path, content in requests:
        assert problem(other.send(method, path, content)) == "not-allowed"
        assert problem(Browser(steady.service).send(method, path, content)) == "sign-in-needed"


def test_roles_change_at_once(service: Service, it: Staff) -> None:
    staff = Staff(service, Role.PRACTITIONER)
    answer = it.send("PUT", f"/v1/staff/accounts/{staff.account}/roles", {"roles": ["service lead", "it"]})
    assert answer.status_code == 204
    assert staff.send("GET", "/v1/staff/session").json()["roles"] == ["it", "service lead"]
    assert staff.send("GET", "/v1/staff/accounts").status_code == 200


def test_deactivating_ends_all_sessions_at_once_and_for_good(service: Service, it: Staff) -> None:
    staff = Staff(service, Role.PRACTITIONER)
    second = staff.sign_in()
    path = f"/v1/staff/accounts/{staff.account}"
    assert it.send("POST", f"{path}/deactivated").status_code == 204
    for cookie in (staff.cookie, second):
        answer = staff.send("GET", "/v1/staff/session", cookie=f"__Host-attune={cookie}")
        assert problem(answer) == "sign-in-needed"
    assert listed(it, staff.account)["deactivated_at"] == "2026-11-20T10:00:00Z"
    for method, rest, content in (
        ("POST", "deactivated", None),
        ("POST", "invitation", None),
        ("PUT", "roles", {"roles": ["it"]}),
    ):
        assert problem(it.send(method, f"{path}/{rest}", content)) == "account-deactivated"


def test_an_invitation_is_replaced_by_the_next(service: Service, it: Staff) -> None:
    added = add(it)
    again = it.send("POST", f"/v1/staff/accounts/{added['account']}/invitation").json()
    tokens = [invited["link"].partition("#")[2] for invited in (added, again)]
    browser = Browser(service)
    answers = [browser.send("POST", "/v1/staff/invitation/options", {"invitation": token}) for token in tokens]
    assert problem(answers[0]) == "invitation-over"
    assert answers[1].status_code == 200


def test_nobody_changes_their_own_account(steady: Staff) -> None:
    path = f"/v1/staff/accounts/{steady.account}"
    assert problem(steady.send("PUT", f"{path}/roles", {"roles": ["it", "practitioner"]})) == "own-account"
    assert problem(steady.send("POST", f"{path}/deactivated")) == "own-account"
    assert problem(steady.send("POST", f"{path}/invitation")) == "own-account"
    assert steady.send("GET", "/v1/staff/accounts").status_code == 200


def test_an_account_that_is_not_there_is_named(steady: Staff) -> None:
    unknown = "0d2f7b1c-0000-4000-8000-000000000000"
    assert problem(steady.send("POST", f"/v1/staff/accounts/{unknown}/deactivated")) == "account-unknown"
    assert problem(steady.send("POST", "/v1/staff/accounts/x/deactivated")) == "request-invalid"


@pytest.mark.parametrize(
    "content",
    [
        {"name": "", "roles": ["it"]},
        {"name": "x" * 101, "roles": ["it"]},
        {"name": "two\nlines", "roles": ["it"]},
        {"name": "right\u202eleft", "roles": ["it"]},
        {"name": "C", "roles": []},
        {"name": "C", "roles": ["king"]},
        {"roles": ["it"]},
        [],
    ],
)
def test_an_account_has_a_name_and_a_role(steady: Staff, content: Any) -> None:
    assert problem(steady.send("POST", "/v1/staff/accounts", content)) == "request-invalid"


def test_every_decision_is_told_without_names_or_secrets(service: Service, it: Staff) -> None:
    added = add(it)
    account, token = added["account"], added["link"].partition("#")[2]
    it.send("PUT", f"/v1/staff/accounts/{account}/roles", {"roles": ["supervisor"]})
    it.send("POST", f"/v1/staff/accounts/{account}/invitation")
    it.send("POST", f"/v1/staff/accounts/{account}/deactivated")
    with service.archive.database.reading() as connection:
        trail = list(entries(connection))
    assert [entry.action for entry in trail] == ["account added", "roles changed", "invited", "deactivated"]
    assert {entry.actor for entry in trail} == {f"staff:{it.account}"}
    assert {entry.subject for entry in trail} == {f"account:{account}"}
    assert trail[1].detail == {"before": ["practitioner"], "roles": ["supervisor"]}
    told = " ".join(map(str, trail))
    assert "Brown" not in told
    assert token not in told
