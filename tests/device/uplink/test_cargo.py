"""What the kit has for the agency, in bytes, and that folders which did not change are not looked through again."""

import os
import time
from pathlib import Path

import pytest

from device.spooled_film import FilmState, SpooledFilm
from device.uplink.cargo import Cargo, Cargoes
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.device.kit import Kit


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


def filmed(kit: Kit, *sizes: int) -> SpooledFilm:
    film, opening = kit.new_film()
    film.open(opening)
    for number, size in enumerate(sizes):
        add(film, number, size)
    return film


def add(film: SpooledFilm, number: int, size: int) -> None:
    sealed = b"x" * size
    film.add_part(PartName.of(number, PartKind.MEDIA, 1000, sealed), sealed)


def much_later() -> int:
    return time.time_ns() + 10**9


def test_all_that_goes_to_the_agency_and_nothing_else(kit: Kit) -> None:
    film = filmed(kit, 1000, 1)
    key = (film.folder / "film.key").stat().st_size
    assert Cargoes().one(film) == Cargo(film.film, FilmState.OPEN, key, {0: 1000, 1: 1}, 0)
    film.close(Ended.STOPPED, kit.agency.kit_key)
    manifest = len(film.manifest())
    assert Cargoes().one(film) == Cargo(film.film, FilmState.CLOSED, key, {0: 1000, 1: 1}, manifest)


def test_a_folder_is_looked_through_only_when_it_has_changed(kit: Kit) -> None:
    cargoes, film = Cargoes(much_later), filmed(kit, 1000)
    (first,) = cargoes.of([film])
    assert cargoes.of([film])[0] is first
    add(film, 1, 500)
    (second,) = cargoes.of([film])
    assert second.parts == {0: 1000, 1: 500}
    assert cargoes.one(film) is second


def test_what_changes_within_a_tick_of_the_file_systems_clock_is_seen(kit: Kit) -> None:
    """The folder's time is the same before and after, so it proves nothing."""
    film = filmed(kit, 1000)
    at = film.folder.stat().st_mtime_ns
    cargoes = Cargoes(lambda: at)
    cargoes.of([film])
    add(film, 1, 500)
    os.utime(film.folder, ns=(at, at))
    assert cargoes.of([film])[0].parts == {0: 1000, 1: 500}


def test_a_part_that_was_half_written_is_measured_again(kit: Kit) -> None:
    cargoes, film = Cargoes(much_later), filmed(kit, 10)
    sealed = b"x" * 1000
    path = film.folder / str(PartName.of(1, PartKind.MEDIA, 1000, sealed))
    path.write_bytes(sealed[:300])
    assert cargoes.of([film])[0].parts == {0: 10, 1: 300}
    path.write_bytes(sealed)
    film.close(Ended.STOPPED, kit.agency.kit_key)
    assert cargoes.of([film])[0].parts == {0: 10, 1: 1000}


def test_states_are_those_of_the_film(kit: Kit) -> None:
    cargoes, film = Cargoes(much_later), filmed(kit, 10)
    assert cargoes.one(film).state is FilmState.OPEN
    film.close(Ended.STOPPED, kit.agency.kit_key)
    assert cargoes.one(film).state is FilmState.CLOSED
    film.keep_receipt("receipt")
    assert cargoes.one(film).state is FilmState.RECEIPTED
    film.take_back()
    assert cargoes.one(film) == Cargo(film.film, FilmState.TAKEN_BACK, 0, {}, 0)


def test_films_that_are_gone_are_left_out_and_forgotten(kit: Kit) -> None:
    cargoes, film, other = Cargoes(much_later), filmed(kit, 10), filmed(kit, 20)
    assert [cargo.parts for cargo in cargoes.of([film, other])] == [{0: 10}, {0: 20}]
    film.take_back()
    film.forget(FilmState.TAKEN_BACK)
    assert [cargo.parts for cargo in cargoes.of([film, other])] == [{0: 20}]
