"""Of films that were open a moment ago it is not asked whether a part may come; what comes of it is the same."""

import pytest

from companion_api.films.faults import FaultKind
from companion_api.films.open_films import OpenFilms
from companion_api.stores.store import part_object
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.truth.builders import at_once, path_of, scrubbed, standing
from tests.footage.builders import Film


@pytest.fixture
def held(service: Service, kit: Kit, film: Film) -> Film:
    kit.put_film(film)
    return film


def _as_if_open(service: Service, film: Film, kit: Kit) -> None:
    """Another worker has closed or erased the film: this one still takes it to be open."""
    service.archive.open_films.note(film.film, kit.name)


def test_a_film_is_taken_to_be_open_from_its_first_part_to_its_manifest(service: Service, kit: Kit, film: Film) -> None:
    open_films = service.archive.open_films
    assert not open_films.has(film.film, kit.name)
    kit.put_pieces(film)
    assert open_films.has(film.film, kit.name)
    assert not open_films.has(film.film, "another")
    kit.put_manifest(film.film, film.token)
    assert not open_films.has(film.film, kit.name)


def test_a_part_for_a_film_that_was_closed_meanwhile_leaves_nothing(service: Service, kit: Kit, held: Film) -> None:
    before = list(service.store.list("films"))
    _as_if_open(service, held, kit)
    assert problem(kit.put_part(held.film, 77, b"late")) == "film-closed"
    assert list(service.store.list("films")) == before
    assert not service.archive.open_films.has(held.film, kit.name)


def test_a_part_for_a_film_that_was_taken_back_meanwhile_leaves_nothing(service: Service, kit: Kit, held: Film) -> None:
    kit.send("DELETE", f"/v1/films/{held.film}")
    _as_if_open(service, held, kit)
    assert problem(kit.put_part(held.film, 0, held.parts[0])) == "film-taken-back"
    assert not list(service.store.list("films"))


def test_a_part_that_is_held_is_not_stored_twice(service: Service, kit: Kit, held: Film) -> None:
    _as_if_open(service, held, kit)
    assert kit.put_part(held.film, 0, held.parts[0]).status_code == 200
    assert problem(kit.put_part(held.film, 0, b"other")) == "part-differs"
    assert service.store.get(part_object(held.film, 0)) == held.parts[0]
    assert standing(service) == [(FaultKind.BYTES_REFUSED, "parts/00000")]


def test_a_part_that_a_closed_film_asks_for_is_taken(service: Service, kit: Kit, held: Film) -> None:
    path_of(service, held.film, "parts/00001").unlink()
    scrubbed(service, at_once(asks_again=True))
    _as_if_open(service, held, kit)
    assert problem(kit.put_part(held.film, 1, b"other")) == "film-closed"
    assert service.store.get(part_object(held.film, 1)) is None
    _as_if_open(service, held, kit)
    assert kit.put_part(held.film, 1, held.parts[1]).status_code == 201
    assert standing(service) == []
    assert scrubbed(service) == []


def test_where_a_held_part_was_lost_only_its_own_bytes_take_its_place(service: Service, kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    service.store.delete([part_object(film.film, 1)])
    assert problem(kit.put_part(film.film, 1, b"other")) == "part-differs"
    assert service.store.get(part_object(film.film, 1)) is None
    _as_if_open(service, film, kit)
    assert kit.put_part(film.film, 1, film.parts[1]).status_code in (200, 201)
    assert kit.put_manifest(film.film, film.token).status_code == 201
    assert scrubbed(service) == [(FaultKind.BYTES_REFUSED, "parts/00001")], "the part itself is whole again"


def test_what_is_remembered_does_not_grow_for_ever() -> None:
    films = OpenFilms()
    for number in range(10_000):
        films.note(f"film {number}", "kit")
        assert films.has(f"film {number}", "kit")
    assert sum(films.has(f"film {number}", "kit") for number in range(10_000)) <= 4096
