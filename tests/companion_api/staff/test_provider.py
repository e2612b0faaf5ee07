from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from companion_api.audit.trail import entries
from companion_api.staff import accounts
from companion_api.staff.origin import Origin
from companion_api.staff.person import Role
from companion_api.staff.provider import Provider, ProviderSettings
from tests.companion_api.builders import ORIGIN, Clock, Service, problem, running
from tests.companion_api.staff.builders import Browser
from tests.companion_api.staff.openid_provider import CLIENT, SECRET, OpenIdProvider
from tests.footage.builders import Agency


@contextmanager
def with_openid(folder: Path, agency: Agency) -> Iterator[tuple[Service, OpenIdProvider]]:
    with OpenIdProvider(f"{ORIGIN}/provider").running() as openid:
        settings = ProviderSettings(openid.issuer, CLIENT, folder)

        def ours(clock: Clock) -> Provider:
            return Provider(settings, SECRET, Origin(ORIGIN), clock)

        with running(folder, agency, provider=ours) as service:
            openid.clock = service.clock
            yield service, openid


@pytest.fixture
def both(tmp_path: Path, agency: Agency) -> Iterator[tuple[Service, OpenIdProvider]]:
    with with_openid(tmp_path, agency) as both:
        yield both


@pytest.fixture
def service(both: tuple[Service, OpenIdProvider]) -> Service:
    return both[0]


@pytest.fixture
def openid(both: tuple[Service, OpenIdProvider]) -> OpenIdProvider:
    return both[1]


class Person(Browser):
    """Somebody whom the provider knows."""

    def invited(self, name: str = "A. Jones") -> tuple[str, str]:
        """Return an account and the token of its invitation."""
        added = accounts.add_account(self.service.archive, "operator", name, {Role.PRACTITIONER})
        return added.account, added.token

    def go(self, **content: str) -> dict[str, str]:
        """Go to the provider and return with what it gave."""
        answer = self.send("POST", "/v1/staff/provider/options", content)
        assert answer.status_code == 200, answer.text
        sent_back = httpx.get(answer.json()["address"]).headers["location"]
        assert sent_back.startswith(f"{ORIGIN}/provider?")
        return {name: values[0] for name, values in parse_qs(urlsplit(sent_back).query).items()}

    def sign_in(self, **content: str) -> httpx.Response:
        return self.send("POST", "/v1/staff/provider/sign-in", self.go(**content))

    def who(self) -> Any:
        return self.send("GET", "/v1/staff/session").json()


def linked(service: Service) -> Person:
    """Return somebody who is linked to an account, and has signed out."""
    person = Person(service)
    account, token = person.invited()
    assert person.sign_in(invitation=token).status_code == 204
    assert person.who()["account"] == account
    person.send("DELETE", "/v1/staff/session")
    return person


@pytest.fixture
def person(service: Service) -> Person:
    return linked(service)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[tuple[Person, OpenIdProvider]]:
    """Give somebody who is linked, and a provider, for tests that leave both as they are."""
    with with_openid(tmp_path_factory.mktemp("steady"), agency) as (service, openid):
        yield linked(service), openid


def test_an_invitation_links_and_from_then_on_the_provider_signs_in(service: Service, person: Person) -> None:
    assert person.sign_in().status_code == 204
    who = person.who()
    assert (who["name"], who["roles"]) == ("A. Jones", ["practitioner"]), "ours, whatever the provider says"
    with service.archive.database.reading() as connection:
        told = [(entry.actor, entry.action) for entry in entries(connection)]
    staff = f"staff:{who['account']}"
    assert told[1:] == [(staff, "provider linked"), (staff, "signed in"), (staff, "signed out"), (staff, "signed in")]


def test_somebody_of_the_provider_without_an_account_is_refused_and_told(service: Service) -> None:
    person = Person(service)
    assert problem(person.sign_in()) == "link-unknown"
    assert list(person.cookies) == ["__Host-attune-ceremony"]
    with service.archive.database.reading() as connection:
        (entry,) = entries(connection)
    assert (entry.actor, entry.action, entry.subject) == ("service", "sign-in refused", "account:unknown")
    assert entry.detail["sub"] == "s-1-5-21"


def test_nobody_is_linked_to_two_accounts(service: Service, person: Person) -> None:
    _, token = person.invited("B. Brown")
    assert problem(person.sign_in(invitation=token)) == "link-taken"


def test_an_invitation_that_is_over_links_nothing(service: Service, openid: OpenIdProvider) -> None:
    person, thief = Person(service), Person(service)
    _, token = person.invited()
    returned = thief.go(invitation=token)
    assert person.sign_in(invitation=token).status_code == 204
    openid.subject = "thief"
    assert problem(thief.send("POST", "/v1/staff/provider/sign-in", returned)) == "invitation-over"
    assert problem(thief.send("POST", "/v1/staff/provider/options", {"invitation": token})) == "invitation-over"


def test_a_deactivated_account_signs_in_no_more(service: Service, person: Person) -> None:
    person.sign_in()
    accounts.deactivate(service.archive, "operator", person.who()["account"])
    assert problem(person.send("GET", "/v1/staff/session")) == "sign-in-needed"
    assert problem(person.sign_in()) == "link-unknown"


Lie = Callable[[OpenIdProvider], None]


def _claims(**claims: Any) -> Lie:
    return lambda openid: openid.claims.update(claims)


def _of_another_key(openid: OpenIdProvider) -> None:
    openid.key = ECKey.generate_key("P-256", {"kid": str(openid.key.kid)})


def _signed_by(algorithm: str) -> Lie:
    return lambda openid: setattr(openid, "algorithm", algorithm)


def _now(openid: OpenIdProvider) -> int:
    return int(openid.clock().timestamp())


REFUSED: dict[str, tuple[Lie, str]] = {
    "another issuer": (_claims(iss="https://login.evil.example"), "'iss'"),
    "another audience": (_claims(aud="another client"), "'aud'"),
    "an audience beside ours": (_claims(aud=[CLIENT, "another client"]), "'azp'"),
    "for another party": (_claims(azp="another client"), "'azp'"),
    "another nonce": (_claims(nonce="another"), "'nonce'"),
    "no nonce": (_claims(nonce=None), "'nonce'"),
    "an audience that is none": (_claims(aud=None), "'aud'"),
    "a subject that is none": (_claims(sub=None), "'sub'"),
    "a subject that is a number": (_claims(sub=5), "'sub'"),
    "a subject that is too long": (_claims(sub="x" * 256), "'sub'"),
    "a subject of no characters": (_claims(sub="a\0"), "'sub'"),
    "another access token": (_claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "'at_hash'"),
    "expired": (lambda openid: openid.claims.update(exp=_now(openid) - 61), "expired"),
    "not yet": (lambda openid: openid.claims.update(iat=_now(openid) + 61), "in the future"),
    "no expiry": (_claims(exp=None), "'exp'"),
    "another key": (_of_another_key, "bad_signature"),
    "no signature": (_signed_by("none"), "none"),
    "a public key as a secret": (_signed_by("HS256"), "HS256"),
    "no token": (lambda openid: openid.tokens.update(id_token="nonsense"), "Web Signature"),
    "an error": (lambda openid: openid.tokens.update(error="access_denied"), "access_denied"),
    "another provider's answer": (
        lambda openid: openid.answer.update(iss="https://login.evil.example"),
        "another provider",
    ),
}


@pytest.mark.parametrize(("lie", "why"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_tell_who_somebody_is_signs_in_nobody(
    steady: tuple[Person, OpenIdProvider], lie: Lie, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    person, openid = steady
    openid.tell_the_truth()
    lie(openid)
    with caplog.at_level("WARNING"):
        assert problem(person.sign_in()) == "provider-refused"
    assert why in caplog.text
    assert person.who()["status"] == 401


def test_an_answer_without_its_issuer_is_refused_if_the_provider_tells_it(
    service: Service, person: Person, openid: OpenIdProvider
) -> None:
    returned = person.go()
    del returned["iss"]
    assert problem(person.send("POST", "/v1/staff/provider/sign-in", returned)) == "provider-refused"
    openid.metadata["authorization_response_iss_parameter_supported"] = False
    service.clock.forward(hours=1)
    returned = person.go()
    del returned["iss"]
    assert person.send("POST", "/v1/staff/provider/sign-in", returned).status_code == 204


def test_the_provider_may_change_its_keys_at_any_time(person: Person, openid: OpenIdProvider) -> None:
    for _ in range(2):
        openid.change_keys()
        assert person.sign_in().status_code == 204


def test_a_provider_that_takes_its_secret_in_the_body_gets_it_there(person: Person, openid: OpenIdProvider) -> None:
    openid.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    person.service.clock.forward(hours=1)
    assert person.sign_in().status_code == 204


def test_what_the_provider_gave_is_good_once_and_in_this_browser(service: Service, person: Person) -> None:
    returned = person.go()
    kept = person.cookies["__Host-attune-ceremony"]
    assert problem(Person(service).send("POST", "/v1/staff/provider/sign-in", returned)) == "ceremony-over"
    other = Person(service)
    other.go()
    assert problem(other.send("POST", "/v1/staff/provider/sign-in", returned)) == "ceremony-over", "another state"
    assert person.send("POST", "/v1/staff/provider/sign-in", returned).status_code == 204
    person.cookies["__Host-attune-ceremony"] = kept
    assert problem(person.send("POST", "/v1/staff/provider/sign-in", returned)) == "provider-refused", "a used code"


def test_a_code_that_somebody_else_obtained_is_refused_for_its_nonce_and_verifier(
    service: Service, person: Person
) -> None:
    stolen = Person(service).go()
    returned = person.go()
    assert problem(person.send("POST", "/v1/staff/provider/sign-in", returned | {"code": stolen["code"]})) == (
        "provider-refused"
    )


BROKEN: dict[str, dict[str, Any]] = {
    "metadata of another issuer": {"issuer": "https://login.evil.example"},
    "an endpoint in the clear": {"token_endpoint": "http://login.evil.example/token"},
    "an endpoint that is none": {"jwks_uri": None},
    "keys that are none": {"jwks_uri": "https://127.0.0.1:1/"},
}


@pytest.mark.parametrize("metadata", BROKEN.values(), ids=BROKEN)
def test_a_provider_that_is_not_as_it_should_be_is_named(
    service: Service, person: Person, openid: OpenIdProvider, metadata: dict[str, Any]
) -> None:
    service.clock.forward(hours=1)
    openid.metadata |= metadata
    answer = person.send("POST", "/v1/staff/provider/options", {})
    if answer.is_success:
        answer = person.sign_in()
    assert problem(answer) == "provider-failed"


def test_a_provider_that_does_not_answer_is_named(person: Person, openid: OpenIdProvider) -> None:
    returned = person.go()
    openid.stop()
    assert problem(person.send("POST", "/v1/staff/provider/sign-in", returned)) == "provider-failed"


def test_metadata_are_asked_for_once_an_hour(service: Service, person: Person, openid: OpenIdProvider) -> None:
    for _ in range(2):
        person.sign_in()
    service.clock.forward(hours=1)
    person.sign_in()
    assert sum("openid-configuration" in path for path in openid.asked) == 2


def test_without_a_provider_there_is_none(tmp_path: Path, agency: Agency) -> None:
    (tmp_path / "other").mkdir()
    with running(tmp_path / "other", agency) as service:
        assert problem(Browser(service).send("POST", "/v1/staff/provider/options", {})) == "provider-not-set"
        body = {"code": "c", "state": "s"}
        assert problem(Browser(service).send("POST", "/v1/staff/provider/sign-in", body)) == "provider-not-set"


def test_pages_of_other_origins_sign_nobody_in(person: Person) -> None:
    returned = person.go()
    answer = person.send("POST", "/v1/staff/provider/sign-in", returned, origin="https://evil.example")
    assert problem(answer) == "wrong-origin"


@pytest.mark.parametrize(
    "issuer", ["http://login.example", "login.example", "https://login.example?x=1", "", "ftp://a"]
)
def test_an_issuer_that_cant_be_trusted_is_no_setting(issuer: str) -> None:
    with pytest.raises(ValueError, match="https://HOST"):
        ProviderSettings(issuer, CLIENT, Path("secret"))
