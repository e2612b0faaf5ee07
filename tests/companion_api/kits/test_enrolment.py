"""A kit joins with a token and a key of its own; nobody joins without, and the service itself admits nobody."""

import json
import threading
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec.structs import replace

from companion_api.audit.trail import entries
from companion_api.kits.enrolment import Standing, enrol, enrolments, make_enrolment, revoke_enrolment, waiting_kits
from companion_api.problems import TOKEN_UNKNOWN, Refusal
from companion_api.tokens import new_token
from footage.directory import KitEntry, read_directory
from footage.keys import PublicJwk, new_key, thumbprint, to_jwk
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import Agency

NEW = "kit-0007"
IT = "staff:it"


@dataclass
class Joining:
    """A kit that the directory does not list, with a token."""

    service: Service
    token: str
    key: EllipticCurvePrivateKey

    def body(self, **changes: object) -> dict[str, Any]:
        jwk = to_jwk(self.key.public_key())
        key = {"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y}
        return {"kit": NEW, "token": self.token, "key": key, **changes}

    def enrol(self, body: dict[str, Any] | bytes | None = None, **changed: str) -> httpx.Response:
        """Send a request that the kit's key has signed. `changed` are headers, as for `Kit.send`."""
        signer = Kit(self.service, thumbprint(self.key.public_key()), self.key)
        sent = body if isinstance(body, bytes) else json.dumps(body or self.body()).encode()
        return signer.send("POST", "/v1/enrol", sent, **changed)

    def with_key(self) -> "Joining":
        return Joining(self.service, self.token, new_key())


@pytest.fixture
def joining(service: Service) -> Joining:
    return Joining(service, made(service), new_key())


def made(service: Service, kit: str = NEW, days: int = 14) -> str:
    return make_enrolment(service.archive, service.agency.verified_directory(), IT, kit, days).token


def listing(agency: Agency, *entries: KitEntry) -> str:
    """The next directory, with these kits besides."""
    directory = agency.directory(version=2)
    return agency.signed_directory(replace(directory, kits=(*directory.kits, *entries)))


def standing(service: Service) -> Standing | None:
    known = enrolments(service.archive, service.app.state.agency.directory.published.directory)
    return next((one.standing for one in known), None)


def actions(service: Service) -> list[str]:
    with service.archive.database.reading() as connection:
        return [f"{entry.actor} {entry.action} {entry.subject}" for entry in entries(connection)]


def test_a_kit_joins_by_its_token_and_waits_for_the_root(service: Service, agency: Agency, joining: Joining) -> None:
    answer = joining.enrol()
    assert answer.status_code == 201
    body = answer.json()
    assert (body["kit"], body["key"]) == (NEW, thumbprint(joining.key.public_key()))
    assert read_directory(body["directory"], agency.root_thumbprint) == agency.directory()
    assert standing(service) is Standing.WAITING

    kit = Kit(service, NEW, joining.key)
    assert problem(kit.send("POST", f"/v1/kits/{NEW}/sessions")) == "kit-unknown", "the service admits nobody"

    waiting = waiting_kits(service.archive, agency.directory()).waiting
    assert [(one.kit, one.thumbprint) for one in waiting] == [(NEW, body["key"])]
    service.publish(listing(agency, KitEntry(NEW, waiting[0].key)))
    kit.begin()
    assert standing(service) is Standing.LISTED
    assert joining.enrol().status_code == 200
    assert waiting_kits(service.archive, agency.directory()).waiting == waiting
    assert waiting_kits(service.archive, service.directory.published.directory).waiting == ()


def test_the_same_again_gets_the_same_answer_after_any_crash_and_time(service: Service, joining: Joining) -> None:
    first = joining.enrol()
    service.restart()
    service.clock.forward(days=400)
    again = joining.enrol()
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert actions(service) == [f"{IT} enrolment made kit:{NEW}", f"kit:{NEW} enrolled kit:{NEW}"]


def test_a_token_is_good_for_one_key(service: Service, joining: Joining) -> None:
    joining.enrol()
    assert problem(joining.with_key().enrol()) == "token-used"
    assert joining.enrol().status_code == 200, "the first stays"


def test_of_racers_with_different_keys_one_joins(service: Service, agency: Agency, joining: Joining) -> None:
    outcomes: list[object] = []
    begin = threading.Barrier(8)

    def race() -> None:
        key = new_key().public_key()
        begin.wait()
        try:
            outcomes.append(enrol(service.archive, agency.directory(), NEW, joining.token, key))
        except Refusal as refusal:
            outcomes.append(refusal.problem.code)

    racers = [threading.Thread(target=race) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(map(str, outcomes)) == ["True"] + ["token-used"] * 7


def test_an_unknown_token(service: Service, joining: Joining) -> None:
    assert problem(joining.enrol(joining.body(token=new_token()))) == "token-unknown"
    assert standing(service) is Standing.OPEN


def test_whoever_has_no_token_keeps_nobody_waiting(service: Service, agency: Agency) -> None:
    with service.archive.database.writing(), pytest.raises(Refusal) as refusal:  # a writer is alone, on SQLite
        enrol(service.archive, agency.directory(), NEW, new_token(), new_key().public_key())
    assert refusal.value.problem is TOKEN_UNKNOWN


def test_a_token_of_another_kit(joining: Joining) -> None:
    assert problem(joining.enrol(joining.body(kit="kit-0008"))) == "kit-mismatch"


def test_a_token_that_nobody_used_in_time(service: Service, joining: Joining) -> None:
    service.clock.forward(days=14)
    assert problem(joining.enrol()) == "token-expired"
    assert standing(service) is Standing.EXPIRED


def test_a_revoked_enrolment(service: Service, agency: Agency, joining: Joining) -> None:
    joining.enrol()
    assert revoke_enrolment(service.archive, IT, NEW)
    assert not revoke_enrolment(service.archive, IT, NEW)
    assert problem(joining.enrol()) == "token-unknown"
    assert waiting_kits(service.archive, agency.directory()).waiting == ()
    assert actions(service)[-1] == f"{IT} enrolment revoked kit:{NEW}"


def test_a_name_that_the_directory_gives_to_another_key(service: Service, agency: Agency, joining: Joining) -> None:
    service.publish(listing(agency, KitEntry(NEW, to_jwk(new_key().public_key()))))
    assert problem(joining.enrol()) == "kit-taken"
    assert standing(service) is Standing.TAKEN


def test_a_revoked_kit_is_refused_at_once(service: Service, agency: Agency, joining: Joining) -> None:
    joining.enrol()
    service.publish(listing(agency, KitEntry(NEW, to_jwk(joining.key.public_key()), revoked=True)))
    assert problem(joining.enrol()) == "kit-revoked"
    assert standing(service) is Standing.REVOKED


def test_no_token_for_a_name_that_is_taken(service: Service, agency: Agency, joining: Joining) -> None:
    with pytest.raises(Refusal, match="lists kit-0001 already"):
        made(service, agency.kit)
    joining.enrol()
    with pytest.raises(Refusal, match="waits for the root"):
        made(service)


def test_a_new_token_replaces_one_that_no_kit_has_used(service: Service, joining: Joining) -> None:
    newer = Joining(service, made(service), joining.key)
    assert problem(joining.enrol()) == "token-unknown"
    assert newer.enrol().status_code == 201


def test_the_request_is_signed_by_the_key_that_it_hands_in(service: Service, joining: Joining) -> None:
    other = joining.with_key()
    assert problem(other.enrol(joining.body())) == "request-forged", "another key, under its own name"
    signed_by_other = Kit(service, thumbprint(joining.key.public_key()), other.key)
    body = json.dumps(joining.body()).encode()
    assert problem(signed_by_other.send("POST", "/v1/enrol", body)) == "request-forged", "under the name of the key"
    under_its_name = Kit(service, NEW, joining.key)
    assert problem(under_its_name.send("POST", "/v1/enrol", body)) == "request-forged", "under a name it has not yet"
    unsigned = {"content-length": str(len(body))}
    assert problem(service.send("POST", "/v1/enrol", unsigned, body)) == "digest-mismatch"
    digest = {
        name: value for name, value in signed_by_other.headers("POST", "/v1/enrol", body).items() if "con" in name
    }
    assert problem(service.send("POST", "/v1/enrol", digest, body)) == "request-forged"
    assert standing(service) is Standing.OPEN


def test_a_body_that_is_not_the_signed_one(service: Service, joining: Joining) -> None:
    signer = Kit(service, thumbprint(joining.key.public_key()), joining.key)
    body = json.dumps(joining.body()).encode()
    headers = signer.headers("POST", "/v1/enrol", body)
    assert problem(service.send("POST", "/v1/enrol", headers, body.replace(b"0007", b"0008"))) == "digest-mismatch"
    assert problem(service.send("POST", "/v1/enrol", headers, body[:-1])) == "body-incomplete"
    assert problem(joining.enrol(b" " * 20_000)) == "body-too-large"


def test_a_body_of_another_form(service: Service, joining: Joining) -> None:
    off_the_curve = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
    forms: dict[str, list[object]] = {
        "kit": ["Kit 7", "kit-0007\n", 7],
        "token": ["short", "x" * 44, None],
        "key": [None, "key", off_the_curve, off_the_curve | {"crv": "P-384"}],
    }
    for name, values in forms.items():
        for value in values:
            assert problem(joining.enrol(joining.body(**{name: value}))) == "request-invalid", (name, value)
    for body in (b"{", b"[]", b"\xff", b'{"kit": "kit-0007"}'):
        assert problem(joining.enrol(body)) == "request-invalid", body
    assert standing(service) is Standing.OPEN


def test_a_private_key_is_not_even_read(joining: Joining) -> None:
    body = joining.body()
    body["key"]["d"] = "secret"
    answer = joining.enrol(body)
    assert problem(answer) == "request-invalid"
    assert "secret" not in answer.text


def test_neither_database_nor_log_nor_trail_knows_the_token(
    service: Service, joining: Joining, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    joining.enrol()
    joining.with_key().enrol()
    with service.archive.database.reading() as connection:
        assert joining.token not in "".join(str(entry) for entry in entries(connection))
    files = list(service.data.glob("companion.sqlite3*"))
    assert files
    assert not any(joining.token.encode() in file.read_bytes() for file in files)
    assert "has enrolled with the key" in caplog.text
    assert joining.token not in caplog.text


def test_the_key_that_waits_is_the_one_that_was_sent(service: Service, agency: Agency, joining: Joining) -> None:
    body = joining.body()
    joining.enrol(body)
    (waiting,) = waiting_kits(service.archive, agency.directory()).waiting
    assert waiting.key == PublicJwk("EC", "P-256", body["key"]["x"], body["key"]["y"])
