"""Who may ask for what. A refusal stores nothing."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from footage.directory import KitEntry
from footage.keys import new_key, to_jwk
from tests.companion_api.builders import Kit, Service, problem, running
from tests.footage.builders import Agency, Film, make_film

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
PART = f"/v1/films/{FILM}/parts/0"
OTHER, REVOKED = "kit-0002", "kit-0003"


@pytest.fixture
def other(agency: Agency, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """A second kit of the same agency, with its service."""
    key = new_key()
    directory = agency.directory(version=2)
    kits = (
        *directory.kits,
        KitEntry(OTHER, to_jwk(key.public_key())),
        KitEntry(REVOKED, to_jwk(key.public_key()), True),
    )
    with running(tmp_path_factory.mktemp("other"), agency) as service:
        service.publish(agency.signed_directory(replace(directory, kits=kits)))
        yield Kit(service, OTHER, key)


def test_an_unsigned_request_is_refused(service: Service) -> None:
    answer = service.send("PUT", PART, {"content-length": "3"}, b"abc")
    assert problem(answer) == "request-forged"
    assert answer.headers["www-authenticate"].startswith("Signature")
    assert not list(service.store.list("films"))


def test_another_key_is_refused(service: Service, agency: Agency) -> None:
    assert (
        problem(Kit(service, agency.kit, new_key()).send("POST", f"/v1/kits/{agency.kit}/sessions")) == "request-forged"
    )


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("signature", "kit=:AAAA:"),
        ("signature", "rubbish"),
        ("signature-input", 'kit=();tag="attune-kit"'),
        ("content-digest", "sha-256=:AAAA:"),
        ("content-length", "4"),
    ],
)
def test_a_changed_header_is_refused(service: Service, kit: Kit, header: str, value: str) -> None:
    headers = kit.headers("PUT", PART, b"abc") | {header: value}
    assert problem(service.send("PUT", PART, headers, b"abc")) == "request-forged"


@pytest.mark.parametrize("label", ["kit", "two"])
def test_a_request_has_one_signature(service: Service, kit: Kit, label: str) -> None:
    headers = kit.headers("PUT", PART, b"abc")
    for name in ("signature", "signature-input"):
        headers[name] = f"{headers[name]}, {label}{headers[name].removeprefix('kit')}"
    assert problem(service.send("PUT", PART, headers, b"abc")) == "request-forged"


def test_a_request_without_digest_is_refused(service: Service, kit: Kit) -> None:
    headers = kit.headers("PUT", PART)  # signed as if it had no body
    assert problem(service.send("PUT", PART, headers | {"content-length": "3"}, b"abc")) == "request-forged"


@pytest.mark.parametrize(
    "path",
    [f"/v1/films/{FILM}/parts/1", "/v1/films/0d9c8b7a-1111-4222-8333-444455556666/parts/0", f"/v1/films/{FILM}/key"],
)
def test_a_request_replayed_to_another_path_is_refused(service: Service, kit: Kit, path: str) -> None:
    headers = kit.headers("PUT", PART, b"abc")
    assert service.send("PUT", PART, headers, b"abc").status_code == 201
    assert service.send("PUT", PART, headers, b"abc").status_code == 200  # to the same path it changes nothing
    assert problem(service.send("PUT", path, headers, b"abc")) == "request-forged"


def test_a_request_replayed_with_another_method_is_refused(service: Service, kit: Kit) -> None:
    path = f"/v1/films/{FILM}/receipt"
    headers = kit.headers("GET", path)
    assert problem(service.send("DELETE", f"/v1/films/{FILM}", headers)) == "request-forged"


def test_an_unknown_kit_is_refused(service: Service) -> None:
    assert problem(Kit(service, "kit-9999").send("POST", "/v1/kits/kit-9999/sessions")) == "kit-unknown"


def test_a_kit_can_begin_a_session_for_itself_only(other: Kit, agency: Agency) -> None:
    assert problem(other.send("POST", f"/v1/kits/{agency.kit}/sessions")) == "kit-mismatch"


def test_a_revoked_kit_is_refused_at_once_and_its_films_stay(service: Service, kit: Kit, agency: Agency) -> None:
    film = make_film(agency)
    kit.put_film(film)
    service.publish(agency.signed_directory(agency.directory(version=2, revoked=True)))
    assert problem(kit.put_part(FILM, 0, b"abc")) == "kit-revoked"
    assert problem(kit.send("POST", f"/v1/kits/{agency.kit}/sessions")) == "kit-revoked"
    assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "kit-revoked"
    assert service.store.get(f"films/{film.film}/receipt.jws") is not None


def test_a_film_is_its_own_kits_only(other: Kit, agency: Agency, film: Film) -> None:
    owner = Kit(other.service).begin()
    owner.put_pieces(film)
    other.begin()
    path = f"/v1/films/{film.film}"
    refused = [
        other.put_key(film.film, b"abc"),
        other.put_part(film.film, 9, b"abc"),
        other.send("GET", f"{path}/parts"),
        other.send("GET", f"{path}/receipt"),
        other.send("POST", f"{path}/erased"),
        other.send("DELETE", path),
    ]
    assert {problem(answer) for answer in refused} == {"film-of-other-kit"}
    assert problem(other.put_manifest(film.film, film.token)) == "wrong-kit"
    assert owner.put_manifest(film.film, film.token).status_code == 201


def test_a_session_is_needed(service: Service, agency: Agency) -> None:
    assert problem(Kit(service).send("GET", f"/v1/films/{FILM}/parts")) == "session-expired"


def test_a_session_ends_after_an_hour(service: Service, kit: Kit) -> None:
    service.clock.forward(minutes=59)
    assert kit.put_part(FILM, 0, b"abc").status_code == 201
    service.clock.forward(minutes=2)
    answer = kit.put_part(FILM, 0, b"abc")
    assert problem(answer) == "session-expired"
    assert kit.begin().put_part(FILM, 0, b"abc").status_code == 200


def test_a_session_is_one_kits_and_one_services(other: Kit, kit: Kit) -> None:
    owner = Kit(other.service).begin()
    other.nonce = owner.nonce
    assert problem(other.put_part(FILM, 0, b"abc")) == "session-expired"
    owner.nonce = kit.nonce  # of the same agency's service, before it was restarted with a new secret
    assert problem(owner.put_part(FILM, 0, b"abc")) == "session-expired"
    owner.nonce = "rubbish"
    assert problem(owner.put_part(FILM, 0, b"abc")) == "session-expired"
