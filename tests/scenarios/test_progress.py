"""How far films are, as the uplink says it, against what the real service holds: right to the byte."""

import itertools

import pytest

from device.spooled_film import SpooledFilm
from device.uplink.uplink import Uplink
from tests.scenarios.site import Site


@pytest.fixture
def site(site: Site) -> Site:
    seconds = itertools.count()  # each look at the clock is a second later, so each turn tells
    site.uplink = Uplink(site.config, site.spool, site.agency, site.statuses.append, clock=lambda: float(next(seconds)))
    return site


def to_send(film: SpooledFilm) -> int:
    """The bytes of a film that the agency is to have."""
    return sum(file.stat().st_size for file in film.folder.iterdir() if file.name != "opening.json")


def with_the_service(site: Site, film: SpooledFilm) -> int:
    held = site.agency.held(film.film)
    sizes = {name.number: (film.folder / str(name)).stat().st_size for name in film.part_names()}
    return sum(sizes[number] for number in held.parts) + (len(film.film_key()) if held.key else 0)


def test_an_open_film_is_as_far_as_the_service_has_it(site: Site) -> None:
    film = site.film(close=False)
    site.uplink.sync_all()
    (told,) = site.statuses[-1].films
    assert told.open
    assert told.bytes == told.bytes_there == with_the_service(site, film) == to_send(film)
    assert site.statuses[-1].seconds_to_go is None, "nobody knows how long it will be"


def test_another_uplink_knows_what_the_service_had_before(site: Site) -> None:
    film = site.film()
    site.agency.put_key(film.film, film.film_key())
    for name in film.part_names()[:3]:
        site.agency.put_part(film.film, name, film.part(name) or b"")
    before = with_the_service(site, film)
    site.uplink.run(until_empty=True)
    assert before in {status.bytes_there for status in site.statuses}
    assert site.uplink.counts.bytes_sent < site.statuses[-1].bytes_there


def test_two_films_from_nothing_to_their_receipts(site: Site) -> None:
    films = [site.film() for _ in range(2)]
    in_all = sum(map(to_send, films))
    site.uplink.run(until_empty=True)
    last = site.statuses[-1]
    assert (last.bytes_there, last.bytes_to_go, last.films, last.films_waiting) == (in_all, 0, (), 0)
    assert (last.seconds_to_go, last.moving, last.receipts) == (0, False, 2)
    there = [status.bytes_there for status in site.statuses]
    assert there == sorted(there)
    for status in site.statuses:
        for film in status.films:
            assert film.bytes_there < film.bytes, "all of it is there with its receipt only"


def test_a_film_that_is_refused_is_marked(site: Site) -> None:
    film = site.film()
    site.store_another_part(film)
    site.uplink.sync_all()
    (told,) = site.statuses[-1].films
    assert told.refused
    assert site.statuses[-1].seconds_to_go is None
