import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from companion_api.app import create_app
from companion_api.audit.trail import entries
from companion_api.staff import accounts
from companion_api.staff.origin import Origin
from companion_api.staff.person import Role
from tests.companion_api.builders import ORIGIN, Service, problem, running
from tests.companion_api.staff.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, Lies
from tests.companion_api.staff.builders import Browser, Staff
from tests.footage.builders import Agency

OTHER_KEY = generate_private_key(SECP256R1())


class Person(Browser):
    """Somebody with an account, a browser and an authenticator."""

    def __init__(self, service: Service, authenticator: Authenticator | None = None) -> None:
        super().__init__(service)
        self.authenticator = authenticator or Authenticator()
        self.account, self.invitation = accounts.add_account(
            service.archive, "operator", "A. Jones", {Role.PRACTITIONER}
        )

    def options(self, path: str, content: Any = None) -> Any:
        answer = self.send("POST", path, content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def accept(self, lies: Lies | None = None, name: str = "laptop") -> httpx.Response:
        """Register with the invitation."""
        options = self.options("/v1/staff/invitation/options", {"invitation": self.invitation})
        credential = self.authenticator.create(options, lies or Lies())
        return self.send("POST", "/v1/staff/invitation/passkey", {"name": name, "credential": credential})

    def sign_in(self, lies: Lies | None = None) -> httpx.Response:
        credential = self.authenticator.get(self.options("/v1/staff/sign-in/options"), lies or Lies())
        return self.send("POST", "/v1/staff/sign-in", {"credential": credential})

    def sign_out(self) -> None:
        assert self.send("DELETE", "/v1/staff/session").status_code == 204

    def is_signed_in(self) -> bool:
        answer = self.send("GET", "/v1/staff/session")
        return answer.is_success and answer.json()["account"] == self.account


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Service]:
    """Give a service for tests that leave it as it is, but for another account."""
    with running(tmp_path_factory.mktemp("shared"), agency) as service:
        yield service


def registered(service: Service) -> Person:
    """Return somebody who has accepted their invitation and signed out again."""
    person = Person(service)
    assert person.accept().status_code == 204
    person.sign_out()
    return person


@pytest.fixture
def person(service: Service) -> Person:
    return registered(service)


@pytest.fixture(scope="module")
def steady(shared: Service) -> Person:
    return registered(shared)


def told(service: Service) -> list[tuple[str, str, str]]:
    with service.archive.database.reading() as connection:
        return [(entry.actor, entry.action, entry.subject) for entry in entries(connection)]


def test_an_invitation_registers_a_passkey_and_signs_in(service: Service) -> None:
    person = Person(service)
    assert not person.is_signed_in()
    assert person.accept().status_code == 204
    assert person.is_signed_in()
    assert list(person.cookies) == ["__Host-attune"], "the ceremony is over"
    staff, subject = f"staff:{person.account}", f"account:{person.account}"
    assert told(service) == [
        ("operator", "account added", subject),
        (staff, "passkey added", subject),
        (staff, "signed in", subject),
    ]


def test_a_passkey_signs_in_again_without_a_name(person: Person) -> None:
    assert not person.is_signed_in()
    assert person.sign_in().status_code == 204
    assert person.is_signed_in()


def test_browsers_are_asked_for_discoverable_passkeys_that_verify_their_user(person: Person, service: Service) -> None:
    other = Person(service)
    asked = other.options("/v1/staff/invitation/options", {"invitation": other.invitation})
    assert asked["rp"] == {"name": "Attune Kit", "id": "films.example"}
    assert asked["user"]["name"] == "A. Jones"
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    asked = person.options("/v1/staff/sign-in/options")
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("films.example", "required", [])


LIES = {
    "another challenge": Lies(challenge=bytes_to_base64url(bytes(32))),
    "another origin": Lies(origin="https://evil.example"),
    "a sub-domain": Lies(origin="https://www.films.example"),
    "a frame": Lies(cross_origin=True),
    "another rp": Lies(rp_id="evil.example"),
    "no presence": Lies(flags=VERIFIED),
    "no verification": Lies(flags=PRESENT),
    "backed up but not eligible": Lies(flags=PRESENT | VERIFIED | BACKED_UP),
}


@pytest.mark.parametrize("lies", [*LIES.values(), Lies(type="webauthn.get")], ids=[*LIES, "another ceremony"])
def test_a_new_passkey_that_is_not_what_was_asked_for_is_refused(shared: Service, lies: Lies) -> None:
    person = Person(shared)
    assert problem(person.accept(lies)) == "passkey-refused"
    assert not person.is_signed_in()
    assert person.accept().status_code == 204, "the invitation is still good"


@pytest.mark.parametrize(
    "lies",
    [*LIES.values(), Lies(type="webauthn.create"), Lies(key=OTHER_KEY), Lies(user_handle=bytes(16))],
    ids=[*LIES, "another ceremony", "another key", "another user"],
)
def test_an_answer_that_is_not_what_was_asked_for_is_refused_and_told(
    shared: Service, steady: Person, lies: Lies
) -> None:
    assert problem(steady.sign_in(lies)) == "passkey-refused"
    assert not steady.is_signed_in()
    assert told(shared)[-1] == ("service", "sign-in refused", f"account:{steady.account}")
    assert steady.sign_in().status_code == 204
    steady.sign_out()


@pytest.mark.parametrize(
    "cose",
    [{3: -65535}, {1: 9}, {-1: 99}, {-2: b"short"}, {-3: bytes(32)}, {-2: "text"}],
    ids=["RS1", "no such type", "no such curve", "no point", "not on the curve", "not bytes"],
)
def test_a_passkey_with_a_key_that_cant_be_used_never_signs_in(shared: Service, cose: dict[int, Any]) -> None:
    person = Person(shared)
    answer = person.accept(Lies(cose=cose))
    if answer.is_success:  # the key is looked at when it is used
        assert problem(person.sign_in()) == "passkey-refused"
    else:
        assert problem(answer) == "passkey-refused"


def test_synced_passkeys_and_such_with_extensions_are_taken(shared: Service) -> None:
    person = Person(shared, Authenticator(extensions={"hmac-secret": True}))
    assert person.accept(Lies(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)).status_code == 204
    person.authenticator.extensions = {"hmac-secret": bytes(48)}
    assert person.sign_in(Lies(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)).status_code == 204


def test_a_copied_passkey_is_found_by_its_counter(shared: Service) -> None:
    person = Person(shared, Authenticator(counts=True))
    assert person.accept().status_code == 204
    for _ in range(2):
        assert person.sign_in().status_code == 204
    person.authenticator.made[0].count -= 1
    assert problem(person.sign_in()) == "passkey-refused"
    assert person.sign_in().status_code == 204, "the one that goes on counting is not locked out"


def test_an_answer_is_good_once(steady: Person) -> None:
    credential = steady.authenticator.get(steady.options("/v1/staff/sign-in/options"))
    kept = steady.cookies["__Host-attune-ceremony"]
    assert steady.send("POST", "/v1/staff/sign-in", {"credential": credential}).status_code == 204
    steady.cookies = {"__Host-attune-ceremony": kept}
    assert problem(steady.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "ceremony-over"


def test_an_answer_is_good_once_at_all_workers_together(service: Service, person: Person) -> None:
    def worker() -> Any:
        return create_app(eraser=service.eraser, origin=Origin(ORIGIN), session_secret=b"shared by all workers")

    service.app = worker()
    credential = person.authenticator.get(person.options("/v1/staff/sign-in/options"))
    kept = person.cookies["__Host-attune-ceremony"]
    service.app = worker()
    assert person.send("POST", "/v1/staff/sign-in", {"credential": credential}).status_code == 204
    service.app = worker()
    person.cookies = {"__Host-attune-ceremony": kept}
    assert problem(person.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "ceremony-over"


def test_an_answer_comes_in_time_from_the_browser_that_was_asked(service: Service, person: Person) -> None:
    credential = person.authenticator.get(person.options("/v1/staff/sign-in/options"))
    kept = person.cookies.pop("__Host-attune-ceremony")
    for cookie in ("", kept[:-1], f"{kept}x", "nonsense", "a.b.c"):
        person.cookies["__Host-attune-ceremony"] = cookie
        assert problem(person.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "ceremony-over"
    person.options("/v1/staff/sign-in/options")  # another browser has its own cookie, and so another challenge
    assert problem(person.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "passkey-refused"
    person.cookies["__Host-attune-ceremony"] = kept
    service.clock.forward(minutes=10, seconds=1)
    assert problem(person.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "ceremony-over"


def test_a_ceremony_is_good_for_its_own_kind_only(service: Service, person: Person) -> None:
    other = Person(service)
    other.options("/v1/staff/invitation/options", {"invitation": other.invitation})
    person.options("/v1/staff/sign-in/options")
    credential = person.authenticator.get(person.options("/v1/staff/sign-in/options"))
    person.cookies["__Host-attune-ceremony"] = other.cookies["__Host-attune-ceremony"]
    assert problem(person.send("POST", "/v1/staff/sign-in", {"credential": credential})) == "ceremony-over"


def test_signing_in_replaces_the_browsers_session(service: Service, person: Person) -> None:
    person.sign_in()
    before = person.cookies["__Host-attune"]
    person.sign_in()
    assert person.cookies["__Host-attune"] != before
    person.cookies["__Host-attune"] = before
    assert not person.is_signed_in()


def test_a_session_that_somebody_planted_is_replaced(service: Service, person: Person) -> None:
    planted = Staff(service).cookie
    person.cookies["__Host-attune"] = planted
    assert person.sign_in().status_code == 204
    assert person.cookies["__Host-attune"] != planted
    assert person.is_signed_in()


@pytest.mark.parametrize("path", ["invitation/options", "invitation/passkey", "sign-in/options", "sign-in"])
def test_nobody_is_signed_in_by_a_page_of_another_origin(steady: Person, path: str) -> None:
    for origin in ("https://evil.example", "null", ""):
        assert problem(steady.send("POST", f"/v1/staff/{path}", {}, origin=origin)) == "wrong-origin"


def test_an_invitation_is_good_once_and_for_a_week(service: Service) -> None:
    person = Person(service)
    service.clock.forward(days=6, hours=23)
    assert person.accept().status_code == 204
    assert problem(person.send("POST", "/v1/staff/invitation/options", {"invitation": person.invitation})) == (
        "invitation-over"
    )
    late = Person(service)
    service.clock.forward(days=7)
    assert problem(late.send("POST", "/v1/staff/invitation/options", {"invitation": late.invitation})) == (
        "invitation-over"
    )


def test_of_two_that_have_one_invitation_one_registers(shared: Service) -> None:
    person, thief = Person(shared), Person(shared)
    thief.invitation = person.invitation
    asked = [one.options("/v1/staff/invitation/options", {"invitation": person.invitation}) for one in (person, thief)]
    answers = [
        one.send(
            "POST",
            "/v1/staff/invitation/passkey",
            {"name": "laptop", "credential": one.authenticator.create(options)},
        )
        for one, options in zip((person, thief), asked, strict=True)
    ]
    assert answers[0].status_code == 204
    assert problem(answers[1]) == "invitation-over"


def test_inviting_again_ends_the_lost_passkey_and_all_sessions(service: Service, person: Person) -> None:
    person.sign_in()
    _, token = accounts.invite(service.archive, "operator", person.account)
    assert not person.is_signed_in()
    assert problem(person.sign_in()) == "passkey-unknown"
    person.invitation = token
    assert person.accept().status_code == 204
    assert person.is_signed_in()


def test_a_deactivated_account_signs_in_no_more(service: Service, person: Person) -> None:
    invited = Person(service)
    accounts.deactivate(service.archive, "operator", person.account)
    accounts.deactivate(service.archive, "operator", invited.account)
    assert problem(person.sign_in()) == "passkey-unknown"
    assert problem(invited.send("POST", "/v1/staff/invitation/options", {"invitation": invited.invitation})) == (
        "invitation-over"
    )


def test_people_have_several_passkeys_and_remove_all_but_one(service: Service, person: Person) -> None:
    person.sign_in()
    second = Authenticator()
    options = person.options("/v1/staff/passkey-options")
    assert [one["id"] for one in options["excludeCredentials"]] == [
        bytes_to_base64url(made.credential) for made in person.authenticator.made
    ]
    new = {"name": " phone ", "credential": second.create(options)}
    assert person.send("POST", "/v1/staff/passkeys", new).status_code == 204
    first_listed, second_listed = sorted(person.send("GET", "/v1/staff/passkeys").json(), key=lambda one: one["name"])
    assert (first_listed["name"], second_listed["name"]) == ("laptop", "phone")
    assert (first_listed["used_at"], second_listed["used_at"]) == ("2026-11-20T10:00:00Z", None)
    path = f"/v1/staff/passkeys/{first_listed['credential']}"
    assert problem(Staff(service).send("DELETE", path)) == "passkey-unknown"
    assert person.send("DELETE", path).status_code == 204
    assert problem(person.send("DELETE", path)) == "passkey-unknown"
    last = f"/v1/staff/passkeys/{second_listed['credential']}"
    assert problem(person.send("DELETE", last)) == "last-passkey"
    person.sign_out()
    assert problem(person.sign_in()) == "passkey-unknown"
    person.authenticator = second
    assert person.sign_in().status_code == 204


def test_another_passkey_needs_a_fresh_sign_in_of_the_same_person(service: Service, person: Person) -> None:
    person.sign_in()
    other = Person(service)
    other.accept()
    new = {"name": "phone", "credential": Authenticator().create(person.options("/v1/staff/passkey-options"))}
    other.cookies["__Host-attune-ceremony"] = person.cookies["__Host-attune-ceremony"]
    assert problem(other.send("POST", "/v1/staff/passkeys", new)) == "ceremony-over"
    service.clock.forward(minutes=10, seconds=1)
    assert problem(person.send("POST", "/v1/staff/passkey-options")) == "sign-in-not-fresh"


def test_a_passkey_is_registered_once(service: Service, person: Person) -> None:
    person.sign_in()
    new = {"name": "phone", "credential": Authenticator().create(person.options("/v1/staff/passkey-options"))}
    kept = person.cookies["__Host-attune-ceremony"]
    assert person.send("POST", "/v1/staff/passkeys", new).status_code == 204
    person.cookies["__Host-attune-ceremony"] = kept
    assert problem(person.send("POST", "/v1/staff/passkeys", new)) == "ceremony-over"


def test_an_account_cant_take_a_passkey_from_another(service: Service, person: Person) -> None:
    thief = Person(service)
    known = person.authenticator.made[0].credential
    assert problem(thief.accept(Lies(credential=known))) == "passkey-known"
    assert person.sign_in().status_code == 204


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, "two\nlines", "\ud800", "\0"])
def test_a_passkeys_name_is_one_line(shared: Service, name: str) -> None:
    assert problem(Person(shared).accept(name=name)) == "request-invalid"


def test_secrets_are_in_no_answer_and_no_trail(service: Service, person: Person) -> None:
    person.sign_in()
    with service.archive.database.reading() as connection:
        trail = " ".join(str(entry) for entry in entries(connection))
    for secret in (person.invitation, person.cookies["__Host-attune"]):
        assert secret not in trail
        assert secret not in person.send("GET", "/v1/staff/sessions").text
    stored = b"".join(file.read_bytes() for file in service.data.glob("companion.sqlite3*"))
    assert person.invitation.encode() not in stored


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary().map(bytes_to_base64url),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_nonsense_is_refused_by_name(steady: Person, data: st.DataObject) -> None:
    options = steady.options("/v1/staff/sign-in/options")
    credential = steady.authenticator.get(options)
    places = [credential, credential["response"]]
    for _ in range(data.draw(st.integers(1, 2))):
        where = data.draw(st.sampled_from(places))
        where[data.draw(st.sampled_from(sorted(where)))] = data.draw(_JSON)
    answer = steady.send("POST", "/v1/staff/sign-in", {"credential": credential})
    if answer.is_error:
        assert problem(answer) in ("passkey-refused", "passkey-unknown", "request-invalid", "ceremony-over")


@given(noise=st.binary(max_size=200), place=st.integers(0, 300), name=st.sampled_from(["attestationObject"]))
@settings(max_examples=40, deadline=None)
def test_damaged_cbor_is_refused_by_name(shared: Service, noise: bytes, place: int, name: str) -> None:
    person = Person(shared)
    options = person.options("/v1/staff/invitation/options", {"invitation": person.invitation})
    credential = person.authenticator.create(options)
    whole = base64url_to_bytes(credential["response"][name])
    credential["response"][name] = bytes_to_base64url(whole[:place] + noise + whole[place + len(noise) :])
    answer = person.send("POST", "/v1/staff/invitation/passkey", {"name": "x", "credential": credential})
    if answer.is_error:
        assert problem(answer) == "passkey-refused"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body-empty"),
        (b"{", "request-invalid"),
        (b"\xff\xfe", "request-invalid"),
        (b"[" * 30_000, "request-invalid"),
        (b"[]", "request-invalid"),
        (b'{"credential": {"id": "a"}}', "request-invalid"),
        (json.dumps({"credential": {"id": "x" * 1365, "response": {}}}).encode(), "request-invalid"),
        (json.dumps({"credential": {"id": "AA\0", "response": {}}}).encode(), "request-invalid"),
        (b" " * 65_537, "body-too-large"),
    ],
)
def test_a_body_that_is_none_of_ours_is_refused_by_name(steady: Person, body: bytes, code: str) -> None:
    assert problem(steady.send("POST", "/v1/staff/sign-in", body)) == code


def test_a_body_must_be_sent_as_json_and_as_long_as_it_is(steady: Person) -> None:
    body = b'{"credential": {"id": "AA", "response": {}}}'
    assert problem(steady.send("POST", "/v1/staff/sign-in", body, content_type="text/plain")) == "request-invalid"
    assert problem(steady.send("POST", "/v1/staff/sign-in", body, content_length="999")) == "body-incomplete"
