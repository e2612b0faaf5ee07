"""The path of a film, and that every request of it may be repeated."""

from pathlib import Path

import pytest

from footage.directory import read_directory
from footage.film import verify_film
from footage.manifest import Ended
from footage.receipt import read_receipt
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import Agency, Film, FilmFolder, make_film, sha256


def test_a_film_comes_in_is_receipted_and_can_be_recovered(service: Service, kit: Kit, agency: Agency) -> None:
    film = make_film(agency)
    receipt = read_receipt(kit.put_film(film), agency.verified_directory(), film=film.film, manifest=film.token or "")
    assert (receipt.parts, receipt.bytes, receipt.stored_at) == (4, film.signed.size, "2026-11-20T10:00:00Z")
    assert kit.send("POST", f"/v1/films/{film.film}/erased").status_code == 204

    store = service.data / "store"  # from here on: only the store and the recovery identity
    directory = read_directory((store / "directory.jws").read_text(), agency.root_thumbprint)
    recovered = verify_film(film.film, FilmFolder(store / "films" / film.film), directory)
    opened = [plaintext for _, plaintext in recovered.opened_parts([agency.recovery])]
    assert opened == [plaintext for _, _, plaintext in film.opened]


def test_every_request_may_be_repeated(kit: Kit, film: Film) -> None:
    path = f"/v1/films/{film.film}"
    assert film.sealed_key is not None
    assert [kit.put_key(film.film, film.sealed_key).status_code for _ in range(2)] == [201, 200]
    for number, sealed in film.parts.items():
        assert [kit.put_part(film.film, number, sealed).status_code for _ in range(2)] == [201, 200]
    closings = [kit.put_manifest(film.film, film.token) for _ in range(3)]
    assert [answer.status_code for answer in closings] == [201, 200, 200]
    receipts = {answer.content for answer in closings} | {kit.send("GET", f"{path}/receipt").content}
    assert len(receipts) == 1
    assert closings[0].headers["content-type"] == "application/jose"
    assert kit.put_key(film.film, film.sealed_key).status_code == 200
    assert kit.put_part(film.film, 0, film.parts[0]).status_code == 200
    assert [kit.send("POST", f"{path}/erased").status_code for _ in range(2)] == [204, 204]
    assert kit.put_manifest(film.film, film.token).content == closings[0].content


def test_the_have_list_tells_what_need_not_be_sent(service: Service, kit: Kit, film: Film) -> None:
    assert kit.have(film.film) == {"film": film.film, "key": None, "parts": [], "begun": [], "state": "open"}
    kit.put_part(film.film, 2, film.parts[2])
    kit.put_part(film.film, 0, film.parts[0])
    parts = [{"number": n, "sha256": sha256(film.parts[n]), "size": len(film.parts[n])} for n in (0, 2)]
    assert kit.have(film.film)["parts"] == parts
    kit.put_film(film)
    service.restart()
    held = Kit(service).begin().have(film.film)
    assert held["state"] == "closed"
    assert held["key"] == film.signed.opening.film_key
    assert len(held["parts"]) == len(film.parts)


def test_a_manifest_of_a_film_that_is_not_whole_names_what_lacks(kit: Kit, agency: Agency, film: Film) -> None:
    refused = kit.put_manifest(film.film, film.token)
    assert problem(refused) == "parts-missing"
    assert (refused.json()["missing"], refused.json()["differing"]) == ([0, 1, 2, 3], [])
    assert refused.json()["key"] == "missing"

    kit.put_pieces(film)
    other = make_film(agency, film=film.film)
    refused = kit.put_manifest(film.film, other.token)
    assert problem(refused) == "parts-missing"
    assert (refused.json()["missing"], refused.json()["differing"]) == ([], [0, 1, 2, 3])
    assert refused.json()["key"] == "differing"
    assert problem(kit.send("GET", f"/v1/films/{film.film}/receipt")) == "receipt-not-yet"
    assert kit.put_manifest(film.film, film.token).status_code == 201


def test_a_film_is_closed_once(kit: Kit, film: Film) -> None:
    first = film.token
    kit.put_film(film)
    film.sign(film.signed)  # the same content, signed again, is another manifest
    assert film.token != first
    assert problem(kit.put_manifest(film.film, film.token)) == "manifest-differs"
    assert problem(kit.put_part(film.film, 9, b"late")) == "film-closed"
    assert kit.put_manifest(film.film, first).status_code == 200


def test_a_film_whose_card_lost_a_part_is_closed_although_the_service_has_it(kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    parts = film.signed.parts
    film.sign(type(film.signed)(film.signed.opening, Ended.SPOOL_DAMAGED, (*parts[:2], *parts[3:])))
    assert kit.put_manifest(film.film, film.token).status_code == 201


def test_a_kit_may_not_erase_before_the_receipt(kit: Kit, film: Film) -> None:
    path = f"/v1/films/{film.film}/erased"
    assert problem(kit.send("POST", path)) == "film-unknown"
    kit.put_pieces(film)
    assert problem(kit.send("POST", path)) == "film-open"


@pytest.mark.parametrize("what", ["key", "parts/0"])
def test_other_bytes_never_replace_what_is_held(service: Service, kit: Kit, film: Film, what: str) -> None:
    kit.put_pieces(film)
    refused = kit.send("PUT", f"/v1/films/{film.film}/{what}", b"other bytes")
    assert problem(refused) == ("key-differs" if what == "key" else "part-differs")
    folder = FilmFolder(service.data / "store" / "films" / film.film)
    assert (folder.film_key(), folder.part(0)) == (film.sealed_key, film.parts[0])


def test_no_temporary_file_stays(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    assert not list(Path(service.data / "store" / ".arriving").iterdir())
