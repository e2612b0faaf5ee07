"""What a scrub found damaged is sent again by a kit that still has it, with the requests that kits make anyway."""

import pytest

from companion_api.audit.trail import entries
from companion_api.films.damage import Wanted, ask_again, wanted_parts
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import FilmRows
from companion_api.stores.store import part_object
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.truth.builders import at_once, flip_a_bit, path_of, scrubbed, standing
from tests.footage.builders import Film

ASKS = at_once(asks_again=True)


@pytest.fixture
def held(service: Service, kit: Kit, film: Film) -> Film:
    kit.put_film(film)
    return film


def _told(service: Service) -> list[str]:
    with service.archive.database.reading() as connection:
        return [f"{entry.actor} {entry.action}" for entry in entries(connection)]


@pytest.mark.parametrize("damage", ["flip", "remove"])
def test_a_part_that_a_closed_film_lost_is_sent_again(service: Service, kit: Kit, held: Film, damage: str) -> None:
    path = path_of(service, held.film, "parts/00001")
    if damage == "flip":
        flip_a_bit(path)
    else:
        path.unlink()
    scrubbed(service, ASKS)
    assert wanted_parts(service.archive, held.film) == Wanted([1], False)
    assert [part["number"] for part in kit.have(held.film)["parts"]] == [0, 2, 3]
    assert problem(kit.send("GET", f"/v1/films/{held.film}/receipt")) == "receipt-not-yet"
    missing = kit.put_manifest(held.film, held.token)
    assert (missing.status_code, missing.json()["missing"]) == (409, [1])
    assert kit.put_part(held.film, 1, held.parts[1]).status_code == 201
    assert standing(service) == []
    assert not wanted_parts(service.archive, held.film)
    again = kit.put_manifest(held.film, held.token)
    assert again.status_code == 200
    assert again.content == service.store.get(f"films/{held.film}/receipt.jws"), "a film has one receipt for ever"
    assert scrubbed(service, ASKS) == []
    told = [word for word in _told(service) if word != "service scrubbed"]
    by_kit = [f"kit:{kit.name} {action}" for action in ("receipt issued", "sent again")]
    assert told == [by_kit[0], "service fault found", "service asked again", by_kit[1]]


def test_a_lost_key_is_sent_again(service: Service, kit: Kit, held: Film) -> None:
    flip_a_bit(path_of(service, held.film, "film.key"))
    scrubbed(service, ASKS)
    assert wanted_parts(service.archive, held.film) == Wanted([], True)
    assert kit.have(held.film)["key"] is None
    assert held.sealed_key is not None
    assert kit.put_key(held.film, held.sealed_key).status_code == 201
    assert kit.put_manifest(held.film, held.token).status_code == 200
    assert scrubbed(service, ASKS) == []


def test_only_the_very_part_that_the_manifest_lists_is_taken(service: Service, kit: Kit, held: Film) -> None:
    flip_a_bit(path_of(service, held.film, "parts/00001"))
    scrubbed(service, ASKS)
    assert problem(kit.put_part(held.film, 1, held.parts[2])) == "film-closed"
    assert problem(kit.put_part(held.film, 4, held.parts[1])) == "film-closed"
    assert problem(kit.put_key(held.film, b"another")) == "key-differs"


def test_evidence_is_kept_and_goes_with_the_film(service: Service, kit: Kit, held: Film) -> None:
    path = path_of(service, held.film, "parts/00001")
    flip_a_bit(path)
    damaged = path.read_bytes()
    scrubbed(service, ASKS)
    (aside,) = service.store.list(f"films/{held.film}/set-aside")
    assert service.store.get(aside) == damaged
    kit.send("DELETE", f"/v1/films/{held.film}")
    assert list(service.store.list("films")) == []


def test_an_open_film_just_lacks_what_was_damaged(service: Service, kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    flip_a_bit(path_of(service, film.film, "parts/00001"))
    scrubbed(service, ASKS)
    assert scrubbed(service, ASKS) == []
    assert kit.put_part(film.film, 1, film.parts[1]).status_code == 201
    assert kit.put_manifest(film.film, film.token).status_code == 201


def test_nothing_is_asked_of_a_kit_that_has_erased_its_copy(service: Service, kit: Kit, held: Film) -> None:
    kit.send("POST", f"/v1/films/{held.film}/erased")
    path = path_of(service, held.film, "parts/00001")
    flip_a_bit(path)
    found = scrubbed(service, ASKS)
    assert len(found) == 1
    assert path.exists()
    assert len(kit.have(held.film)["parts"]) == 4


def test_nothing_is_set_aside_if_the_manifest_is_lost_too(service: Service, held: Film) -> None:
    flip_a_bit(path_of(service, held.film, "parts/00001"))
    path_of(service, held.film, "manifest.jws").unlink()
    assert len(scrubbed(service, ASKS)) == 2
    assert path_of(service, held.film, "parts/00001").exists()


def test_a_crash_while_setting_aside_is_continued(
    service: Service, kit: Kit, held: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is gone, and its row is still there."""
    flip_a_bit(path_of(service, held.film, "parts/00001"))
    with monkeypatch.context() as patched:
        patched.setattr(FilmRows, "remove_part", _power_cut)
        with pytest.raises(InterruptedError):
            scrubbed(service, ASKS)
    assert not path_of(service, held.film, "parts/00001").exists()
    scrubbed(service, ASKS)
    assert kit.put_part(held.film, 1, held.parts[1]).status_code == 201
    assert scrubbed(service, ASKS) == []


def _power_cut(*_: object) -> None:
    raise InterruptedError


def test_what_is_set_aside_does_not_outlive_a_take_back(
    service: Service, kit: Kit, held: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The film is taken back after the damaged object was copied."""
    flip_a_bit(path_of(service, held.film, "parts/00001"))
    real = type(service.store).put

    def then_taken_back(store: object, key: str, data: bytes) -> object:
        with monkeypatch.context() as undone:
            undone.setattr(type(service.store), "put", real)
            assert kit.send("DELETE", f"/v1/films/{held.film}").status_code == 204
        return real(service.store, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(type(service.store), "put", then_taken_back)
        scrubbed(service, ASKS)
    assert list(service.store.list("films")) == []


def test_the_fault_of_a_mended_object_is_forgotten_and_no_other(service: Service, kit: Kit, held: Film) -> None:
    for number in (1, 2):
        flip_a_bit(path_of(service, held.film, f"parts/0000{number}"))
    scrubbed(service, ASKS)
    kit.put_part(held.film, 1, held.parts[1])
    with service.archive.database.reading() as connection:
        (left,) = FaultRows(connection).standing(held.film)
    assert left.fault.object == part_object(held.film, 2)


def test_a_film_that_is_unknown_wants_nothing(service: Service, film: Film) -> None:
    assert not wanted_parts(service.archive, film.film)
    assert ask_again(service.archive, film.film, [Fault(FaultKind.KEY_MISSING, film.film, "film.key")]) == []
