"""Bodies and paths that are not what they should be. Each has its name, and none leaves anything behind."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from companion_api.kits.kit_requests import MAX_MANIFEST_SIZE
from companion_api.kits.upload import Upload
from companion_api.problems import DIGEST_MISMATCH, Refusal
from footage.errors import MessageMalformed
from footage.http_signatures import content_digest
from footage.jws import MessageType, sign
from footage.keys import new_key
from footage.manifest import sign_manifest
from footage.messages import FilmId, Message, decode
from footage.parts import MAX_PART_SIZE
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import Agency, Film, make_film, sha256

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
PART = f"/v1/films/{FILM}/parts/0"


@pytest.fixture(autouse=True)
def _nothing_under_way(service: Service) -> object:
    yield
    assert not list((service.data / "store" / ".arriving").iterdir())


def test_the_largest_part_is_taken_and_one_byte_more_is_not(service: Service, kit: Kit) -> None:
    assert kit.put_part(FILM, 0, bytes(MAX_PART_SIZE)).status_code == 201
    assert problem(kit.put_part(FILM, 1, bytes(MAX_PART_SIZE + 1))) == "body-too-large"
    assert problem(kit.put_manifest(FILM, "x" * (MAX_MANIFEST_SIZE + 1))) == "body-too-large"
    assert list(service.store.list("films")) == [f"films/{FILM}/parts/00000"]


@pytest.mark.parametrize("announced", ["2", "4", "0", str(MAX_PART_SIZE), "rubbish", "-3"])
def test_a_length_that_lies_is_refused(service: Service, kit: Kit, announced: str) -> None:
    headers = kit.headers("PUT", PART, b"abc", content_length=announced)
    assert problem(service.send("PUT", PART, headers, b"abc")) == "body-incomplete"


def test_an_endless_body_is_cut_off(service: Service, kit: Kit) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    headers = kit.headers("PUT", PART, b"abc")
    assert problem(service.send("PUT", PART, headers, endless)) == "body-too-large"


def test_a_digest_that_is_not_the_bodys_is_refused(service: Service, kit: Kit) -> None:
    assert problem(kit.send("PUT", PART, b"abc", content_digest=content_digest(b"other"))) == "digest-mismatch"
    assert not list(service.store.list("films"))


@pytest.mark.parametrize(
    "digest", ["", "sha-256=:AAAA:", content_digest(b"abc") + ", md5=:AAAA:", content_digest(b"abc").upper()]
)
def test_a_digest_of_another_form_is_refused(digest: str) -> None:
    assert Upload.verified(b"abc", content_digest(b"abc")).sha256 == sha256(b"abc")
    with pytest.raises(Refusal, match="must be one sha-256") as refusal:
        Upload.verified(b"abc", digest)
    assert refusal.value.problem is DIGEST_MISMATCH


def test_a_body_that_changed_on_the_way_is_refused(service: Service, kit: Kit) -> None:
    assert problem(service.send("PUT", PART, kit.headers("PUT", PART, b"abc"), b"abd")) == "digest-mismatch"


def test_an_empty_part_is_refused(kit: Kit) -> None:
    assert problem(kit.put_part(FILM, 0, b"")) == "body-empty"


BAD_FILMS = ["x", FILM.upper(), FILM.replace("-4", "-1", 1), FILM + "%0A", "..%2F..%2Fetc", "%00", FILM + "0"]


@pytest.mark.parametrize("film", BAD_FILMS)
def test_a_film_id_of_another_form_is_refused(service: Service, kit: Kit, film: str) -> None:
    if not film.startswith(".."):
        assert problem(kit.send("GET", f"/v1/films/{film}/parts")) == "request-invalid"
    else:  # an encoded slash makes another path
        assert problem(kit.send("GET", f"/v1/films/{film}/parts")) == "not-found"
    with pytest.raises(MessageMalformed):  # the service and the messages agree on the form
        decode(_OfFilm, b'{"film": "%s"}' % film.encode())


class _OfFilm(Message, frozen=True):
    film: FilmId


@pytest.mark.parametrize("number", ["-1", "x", "00", "01", "1.0", "100000", "%2B1", "%D9%A1"])
def test_a_part_number_of_another_form_is_refused(kit: Kit, number: str) -> None:
    path = f"/v1/films/{FILM}/parts/{number}"
    assert problem(kit.send("PUT", path, b"abc")) == "request-invalid"


def test_what_is_not_there_and_what_is_not_done_have_their_problems(service: Service) -> None:
    assert problem(service.send("GET", "/v1/nothing")) == "not-found"
    refused = service.send("PATCH", "/v1/directory")
    assert problem(refused) == "method-not-allowed"
    assert refused.headers["allow"] == "GET"


@pytest.mark.parametrize("garbage", ["garbage", "a.b.c", "\x00", "e30.e30.e30", "\u00fc" * 9, "{}"])
def test_a_manifest_that_is_none_is_refused(kit: Kit, garbage: str) -> None:
    assert problem(kit.put_manifest(FILM, garbage)) == "message-malformed"


def test_a_signed_message_of_another_kind_is_no_manifest(kit: Kit, agency: Agency) -> None:
    assert problem(kit.put_manifest(FILM, sign(MessageType.RECEIPT, b"{}", agency.kit_key))) == "message-malformed"


def test_a_manifest_signed_by_another_key_is_refused(kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    assert problem(kit.put_manifest(film.film, sign_manifest(film.signed, new_key()))) == "manifest-forged"


def test_a_manifest_of_an_unknown_kit_is_refused(kit: Kit, film: Film) -> None:
    film.sign(replace(film.signed, opening=replace(film.signed.opening, kit="kit-9999")))
    assert problem(kit.put_manifest(film.film, film.token)) == "kit-unknown"


def test_a_manifest_of_another_film_is_refused(kit: Kit, agency: Agency, film: Film) -> None:
    kit.put_pieces(film)
    assert problem(kit.put_manifest(film.film, make_film(agency).token)) == "wrong-film"
