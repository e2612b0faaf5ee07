"""Whatever somebody else, or a broken kit, asks for is refused by name and changes nothing: attacks by requests.

The requests are those of the application's own routes, so that none can be forgotten. `test_enrolment.py` does the
same for `POST /v1/enrol`, which is signed in its own way.
"""

import base64
import hashlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest
from fastapi.routing import APIRoute, APIRouter
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256

from companion_api import kits
from companion_api.films.film_rows import FilmRows
from companion_api.kits.heartbeat_rows import HeartbeatRows
from companion_api.kits.sessions import Sessions
from footage.directory import KitEntry
from footage.http_signatures import TAG, SignedRequest, content_digest
from footage.keys import new_key, to_jwk
from tests.companion_api.builders import Kit, Service, problem, running
from tests.companion_api.kits.test_heartbeat import BEAT
from tests.footage.builders import Agency, Film, make_film

OTHER, REVOKED = "kit-0002", "kit-0003"
OPEN_TO_ALL = {"GET /v1/directory"}
BY_TOKEN = {"POST /v1/enrol"}
WITHOUT_NONCE = {"POST /v1/kits/{kit}/sessions"}
KEY, OTHER_KEY = new_key(), new_key()


class Asked(NamedTuple):
    """A request as its owner would send it."""

    route: str
    method: str
    path: str
    body: bytes | None


@dataclass
class Site:
    """A service, the kit that has begun a film, another kit of the same agency, and a revoked one."""

    service: Service
    film: Film
    owner: Kit
    other: Kit
    revoked: Kit

    def requests(self) -> list[Asked]:
        """Every signed request of kits."""
        return [self.asked(route) for route in sorted(routes() - OPEN_TO_ALL - BY_TOKEN)]

    def asked(self, route: str, *, film: str | None = None, number: str = "1", kit: str | None = None) -> Asked:
        method, template = route.split(" ")
        path = template.format(film=film or self.film.film, number=number, kit=kit or self.owner.name)
        assert self.film.sealed_key is not None
        assert self.film.token is not None
        bodies = {
            "PUT /v1/films/{film}/key": self.film.sealed_key,
            "PUT /v1/films/{film}/parts/{number}": self.film.parts[int(number)],
            "PUT /v1/films/{film}/manifest": self.film.token.encode(),
            "PUT /v1/kits/{kit}/status": json.dumps(BEAT).encode(),
        }
        return Asked(route, method, path, bodies[route] if method == "PUT" else None)

    def sent(self, kit: Kit, asked: Asked, **changed: str) -> httpx.Response:
        return kit.send(asked.method, asked.path, asked.body, **changed)

    def with_headers(self, asked: Asked, headers: dict[str, str], body: bytes | None = None) -> httpx.Response:
        return self.service.send(asked.method, asked.path, headers, (asked.body if body is None else body) or b"")

    def headers(self, asked: Asked) -> dict[str, str]:
        return self.owner.headers(asked.method, asked.path, asked.body)

    def held(self) -> object:
        """All that the service knows of films and kits."""
        with self.service.archive.database.reading() as connection:
            rows = FilmRows(connection)
            films = (rows.film(self.film.film), rows.parts(self.film.film), rows.counted())
            return sorted(self.service.store.list("")), films, list(HeartbeatRows(connection).all())


def routes() -> set[str]:
    """All requests that kits make: of every router in `companion_api.kits`."""
    modules = [import_module(f"{kits.__name__}.{found.name}") for found in pkgutil.iter_modules(kits.__path__)]
    routers = [value for module in modules for value in vars(module).values() if isinstance(value, APIRouter)]
    declared = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    assert len(declared) == sum(len(router.routes) for router in routers)
    return {f"{method} {route.path}" for route in declared for method in route.methods or ()}


@pytest.fixture
def site(tmp_path: Path, agency: Agency) -> Iterator[Site]:
    with opened(tmp_path, agency) as site:
        yield site


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Site]:
    """One for all attacks, because each shows that it changed nothing."""
    with opened(tmp_path_factory.mktemp("site"), agency) as site:
        yield site


@contextmanager
def opened(folder: Path, agency: Agency) -> Iterator[Site]:
    directory = agency.directory(version=2)
    more = (KitEntry(OTHER, to_jwk(KEY.public_key())), KitEntry(REVOKED, to_jwk(OTHER_KEY.public_key()), revoked=True))
    with running(folder, agency) as service:
        service.publish(agency.signed_directory(msgspec.structs.replace(directory, kits=(*directory.kits, *more))))
        owner, other = Kit(service).begin(), Kit(service, OTHER, KEY).begin()
        film = make_film(agency)
        assert owner.put_part(film.film, 0, film.parts[0]).status_code == 201
        yield Site(service, film, owner, other, Kit(service, REVOKED, OTHER_KEY))


# who is asking ----------------------------------------------------------------------------------------------

Attack = Callable[[Site, Asked], httpx.Response | None]
"""Sends a request that must be refused; None if the attack does not concern this request."""


def unsigned(site: Site, asked: Asked) -> httpx.Response:
    headers = {name: value for name, value in site.headers(asked).items() if not name.startswith("signature")}
    return site.with_headers(asked, headers)


def by_a_strangers_key(site: Site, asked: Asked) -> httpx.Response:
    return site.sent(_as(site, key=new_key()), asked)


def by_another_kits_key(site: Site, asked: Asked) -> httpx.Response:
    return site.sent(_as(site, key=site.other.key), asked)


def re_signed_by_another_kit_after_the_owner(site: Site, asked: Asked) -> httpx.Response:
    """Both signatures, under the one label that counts."""
    first, second = site.headers(asked), site.other.headers(asked.method, asked.path, asked.body)
    both = {name: f"{first[name]}, {second[name]}" for name in ("signature", "signature-input")}
    return site.with_headers(asked, first | both)


def with_parameters_of_another_signature(site: Site, asked: Asked) -> httpx.Response:
    theirs = site.other.headers(asked.method, asked.path, asked.body)
    return site.with_headers(asked, site.headers(asked) | {"signature": theirs["signature"]})


def by_a_kit_that_nobody_knows(site: Site, asked: Asked) -> httpx.Response:
    return site.sent(_as(site, name="kit-9999"), asked)


def by_a_revoked_kit(site: Site, asked: Asked) -> httpx.Response:
    return site.sent(site.revoked, asked)


def signed_for_another_method(site: Site, asked: Asked) -> httpx.Response:
    method = {"PUT": "POST", "POST": "PUT", "GET": "DELETE", "DELETE": "GET"}[asked.method]
    return site.with_headers(asked, site.owner.headers(method, asked.path, asked.body))


def signed_for_another_path(site: Site, asked: Asked) -> httpx.Response:
    """Of another film, another part and another kit: whichever this request names."""
    film = make_film(site.service.agency).film
    elsewhere = site.asked(asked.route, film=film, number="2", kit=OTHER)
    return site.with_headers(asked, site.owner.headers(asked.method, elsewhere.path, asked.body))


def signed_for_part_of_itself(site: Site, asked: Asked) -> httpx.Response:
    return site.with_headers(asked, _signed(site, asked, covered=("@method",)))


def signed_without_the_body(site: Site, asked: Asked) -> httpx.Response | None:
    return site.with_headers(asked, _signed(site, asked, covered=("@method", "@path"))) if asked.body else None


def signed_for_another_purpose(site: Site, asked: Asked) -> httpx.Response:
    return site.with_headers(asked, _signed(site, asked, tag="webbotauth"))


# in which session -------------------------------------------------------------------------------------------


def without_a_session(site: Site, asked: Asked) -> httpx.Response | None:
    return _with_nonce(site, asked, "")


def in_an_invented_session(site: Site, asked: Asked) -> httpx.Response | None:
    return _with_nonce(site, asked, "a-nonce-of-my-own")


def in_another_kits_session(site: Site, asked: Asked) -> httpx.Response | None:
    return _with_nonce(site, asked, site.other.nonce)


def in_a_session_of_another_service(site: Site, asked: Asked) -> httpx.Response | None:
    return _with_nonce(site, asked, Sessions(b"another secret", site.service.clock).begin(site.owner.name))


def in_a_session_that_has_ended(site: Site, asked: Asked) -> httpx.Response | None:
    began = site.service.clock.now
    site.service.clock.forward(minutes=61)
    try:
        return _with_nonce(site, asked, site.owner.nonce)
    finally:
        site.service.clock.now = began


def in_a_session_of_the_future(site: Site, asked: Asked) -> httpx.Response | None:
    """As if the service's clock had been set back."""
    began = site.service.clock.now
    site.service.clock.forward(minutes=-5)
    try:
        return _with_nonce(site, asked, site.owner.nonce)
    finally:
        site.service.clock.now = began


# what comes -------------------------------------------------------------------------------------------------


def with_another_body(site: Site, asked: Asked) -> httpx.Response | None:
    return site.with_headers(asked, site.headers(asked), b"X" + asked.body[1:]) if asked.body else None


def with_another_body_and_digest(site: Site, asked: Asked) -> httpx.Response | None:
    if not asked.body:
        return None
    body = b"X" + asked.body[1:]
    return site.with_headers(asked, site.headers(asked) | {"content-digest": content_digest(body)}, body)


def with_a_signed_digest_of_another_body(site: Site, asked: Asked) -> httpx.Response | None:
    return site.sent(site.owner, asked, content_digest=content_digest(b"another")) if asked.body else None


def with_a_digest_of_another_kind(site: Site, asked: Asked) -> httpx.Response | None:
    if not asked.body:
        return None
    digest = base64.b64encode(hashlib.sha512(asked.body).digest()).decode()
    return site.sent(site.owner, asked, content_digest=f"sha-512=:{digest}:")


def shorter_than_announced(site: Site, asked: Asked) -> httpx.Response | None:
    return site.with_headers(asked, site.headers(asked), asked.body[:-1]) if asked.body else None


def longer_than_announced(site: Site, asked: Asked) -> httpx.Response | None:
    return site.with_headers(asked, site.headers(asked), asked.body + b"X") if asked.body else None


def with_a_length_that_was_changed(site: Site, asked: Asked) -> httpx.Response | None:
    return site.with_headers(asked, site.headers(asked) | {"content-length": "1"}, b"X") if asked.body else None


def announced_as_huge(site: Site, asked: Asked) -> httpx.Response | None:
    return site.sent(site.owner, asked, content_length=str(2**40)) if asked.body else None


def with_nothing_in_it(site: Site, asked: Asked) -> httpx.Response | None:
    return site.sent(site.owner, asked._replace(body=b"")) if asked.body else None


ATTACKS: dict[Attack, str] = {
    unsigned: "request-forged",
    by_a_strangers_key: "request-forged",
    by_another_kits_key: "request-forged",
    re_signed_by_another_kit_after_the_owner: "request-forged",
    with_parameters_of_another_signature: "request-forged",
    by_a_kit_that_nobody_knows: "kit-unknown",
    by_a_revoked_kit: "kit-revoked",
    signed_for_another_method: "request-forged",
    signed_for_another_path: "request-forged",
    signed_for_part_of_itself: "request-forged",
    signed_without_the_body: "request-forged",
    signed_for_another_purpose: "request-forged",
    without_a_session: "session-expired",
    in_an_invented_session: "session-expired",
    in_another_kits_session: "session-expired",
    in_a_session_of_another_service: "session-expired",
    in_a_session_that_has_ended: "session-expired",
    in_a_session_of_the_future: "session-expired",
    with_another_body: "digest-mismatch",
    with_another_body_and_digest: "request-forged",
    with_a_signed_digest_of_another_body: "digest-mismatch",
    with_a_digest_of_another_kind: "digest-mismatch",
    shorter_than_announced: "body-incomplete",
    longer_than_announced: "body-incomplete",
    with_a_length_that_was_changed: "request-forged",
    announced_as_huge: "body-too-large",
    with_nothing_in_it: "body-empty",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_every_request_withstands(one_site: Site, attack: Attack) -> None:
    before = one_site.held()
    answers = {asked.route: attack(one_site, asked) for asked in one_site.requests()}
    refused = {route: problem(answer) for route, answer in answers.items() if answer is not None}
    assert set(refused.values()) == {ATTACKS[attack]}, refused
    assert one_site.held() == before


def test_the_requests_are_all_that_kits_sign(service: Service) -> None:
    """A request that is open to all, or signed in another way, has to be named above."""
    signed = {
        f"{method.upper()} {path}"
        for path, operations in service.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if {"HTTP Message Signature": []} in operation.get("security", [])
    }
    assert signed == routes() - OPEN_TO_ALL
    assert signed > BY_TOKEN


# the other kit, which may ask for what is its own ------------------------------------------------------------


def test_nothing_of_another_kit_can_be_asked_for(site: Site) -> None:
    before = site.held()
    refused = {asked.route: problem(site.sent(site.other, asked)) for asked in site.requests()}
    expected = {route: "kit-mismatch" if "{kit}" in route else "film-of-other-kit" for route in refused}
    assert refused == expected | {"PUT /v1/films/{film}/manifest": "wrong-kit"}
    assert site.held() == before


# time and order ---------------------------------------------------------------------------------------------


def test_a_kit_whose_clock_stands_in_1970_is_served(site: Site) -> None:
    order = ["POST /v1/kits/{kit}/sessions", "PUT /v1/kits/{kit}/status", "PUT /v1/films/{film}/key"]
    asked = [site.asked(route) for route in order]
    asked += [site.asked("PUT /v1/films/{film}/parts/{number}", number=str(number)) for number in site.film.parts]
    for route in ("GET {}/parts", "PUT {}/manifest", "GET {}/receipt", "POST {}/erased", "DELETE {}"):
        asked.append(site.asked(route.format("/v1/films/{film}")))
    assert {one.route for one in asked} == {one.route for one in site.requests()}
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    answers = [site.with_headers(one, _signed(site, one, created=long_ago)) for one in asked]
    assert [answer.status_code for answer in answers] == [201, 204, 201, 200, 201, 201, 201, 200, 201, 200, 204, 204]


def test_out_of_order_a_film_is_no_less_whole(site: Site) -> None:
    """Each request too early or too late is refused by name, and the film comes to the same end."""
    film, kit = site.film, site.owner
    path = f"/v1/films/{film.film}"
    assert problem(kit.send("POST", f"{path}/erased")) == "film-open"
    assert problem(kit.send("GET", f"{path}/receipt")) == "receipt-not-yet"
    assert problem(kit.put_manifest(film.film, film.token)) == "parts-missing"
    for number in reversed(film.parts):
        assert kit.put_part(film.film, number, film.parts[number]).status_code in (200, 201)
    assert problem(kit.put_manifest(film.film, film.token)) == "parts-missing"
    assert film.sealed_key is not None
    kit.put_key(film.film, film.sealed_key)
    receipt = kit.put_manifest(film.film, film.token)
    assert receipt.status_code == 201
    assert problem(kit.put_part(film.film, 9, b"late")) == "film-closed"
    assert kit.send("POST", f"{path}/erased").status_code == 204
    assert kit.put_manifest(film.film, film.token).text == receipt.text
    assert kit.send("DELETE", path).status_code == 204
    assert problem(kit.send("POST", f"{path}/erased")) == "film-taken-back"
    unknown = make_film(site.service.agency).film
    assert problem(kit.send("POST", f"/v1/films/{unknown}/erased")) == "film-unknown"


def test_whatever_was_recorded_changes_nothing_when_it_is_sent_again(site: Site) -> None:
    """All of it, in reverse, before and after the family took the film back."""
    film, recorded = site.film, list[tuple[Asked, dict[str, str]]]()

    def send(asked: Asked) -> int:
        headers = site.headers(asked)
        recorded.append((asked, headers))
        return site.with_headers(asked, headers).status_code

    def replay() -> set[str]:
        answers = [site.with_headers(asked, headers) for asked, headers in reversed(recorded)]
        return {problem(answer) if answer.is_error else "well" for answer in answers}

    send(site.asked("PUT /v1/kits/{kit}/status"))
    send(site.asked("PUT /v1/films/{film}/key"))
    for number in film.parts:
        send(site.asked("PUT /v1/films/{film}/parts/{number}", number=str(number)))
    for route in ("PUT {}/manifest", "POST {}/erased", "GET {}/receipt", "GET {}/parts"):
        assert send(site.asked(route.format("/v1/films/{film}"))) < 300
    site.owner.send("PUT", f"/v1/kits/{site.owner.name}/status", json.dumps(BEAT | {"number": 2}).encode())
    site.service.clock.forward(minutes=50)
    before = site.held()
    assert replay() == {"well"}
    assert site.held() == before

    send(site.asked("DELETE /v1/films/{film}"))
    before = site.held()
    assert replay() == {"well", "film-taken-back"}
    assert site.held() == before

    site.service.clock.forward(minutes=11)
    assert replay() == {"session-expired"}


def _as(site: Site, **changed: object) -> Kit:
    kit = Kit(site.service, site.owner.name, site.owner.key)
    vars(kit).update({"nonce": site.owner.nonce} | changed)
    return kit


def _with_nonce(site: Site, asked: Asked, nonce: str) -> httpx.Response | None:
    return None if asked.route in WITHOUT_NONCE else site.sent(_as(site, nonce=nonce), asked)


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def resolve_private_key(self, key_id: str) -> object:
        return self._kit.key


def _signed(
    site: Site,
    asked: Asked,
    *,
    covered: tuple[str, ...] = (),
    tag: str = TAG,
    created: datetime | None = None,
) -> dict[str, str]:
    """Headers signed by the owner's key, but in another way than kits do."""
    headers = {}
    if asked.body is not None:
        headers = {"content-digest": content_digest(asked.body), "content-length": str(len(asked.body))}
    if not covered:
        covered = ("@method", "@path", *headers)
    request = SignedRequest(asked.method, f"https://companion.example{asked.path}", headers)
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=_Key(site.owner)).sign(
        request,
        key_id=site.owner.name,
        created=created,
        nonce=site.owner.nonce,
        tag=tag,
        label="kit",
        covered_component_ids=covered,
        use_existing_digest=asked.body is not None,
    )
    return {name.lower(): value for name, value in request.headers.items()}
