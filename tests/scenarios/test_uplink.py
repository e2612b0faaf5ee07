"""The uplink against the real service, each in its own process or thread: what becomes of films, good and bad."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from device.errors import AgencyUnreachable
from device.spooled_film import FilmState, SpooledFilm
from device.uplink.refusals import AGAIN_SECONDS, FINAL_SECONDS
from footage.keys import new_key, thumbprint
from footage.receipt import Receipt, manifest_digest, sign_receipt
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack


def test_films_arrive_are_erased_and_open_again(site: Site) -> None:
    films = [site.film().film for _ in range(2)]
    site.uplink.run(until_empty=True)
    assert site.spool.films() == []
    outcomes = site.recovered()
    assert {outcome.film for outcome in outcomes} == set(films)
    assert all(outcome.movie and outcome.receipt_verified for outcome in outcomes)
    assert site.statuses[-1].receipts == 2
    assert site.statuses[-1].problem == ""


def test_parts_go_up_while_the_film_is_being_recorded(site: Site) -> None:
    film = site.film(close=False)
    site.uplink.sync_all()
    assert film.state is FilmState.OPEN
    assert site.agency.held(film.film).parts.keys() == {name.number for name in film.part_names()}
    list(site.spool.recover(site.config.kit_key()))
    sent = site.uplink.counts.parts_sent
    site.uplink.sync_all()
    assert site.uplink.counts.parts_sent == sent, "nothing is sent twice"
    assert [outcome.ended for outcome in site.recovered()] == ["interrupted"]


def test_a_torn_part_is_not_sent(site: Site) -> None:
    film = site.film(close=False)
    torn = film.part_names()[-1]
    whole = (film.folder / str(torn)).read_bytes()
    (film.folder / str(torn)).write_bytes(whole[:100])
    site.uplink.sync_all()
    assert torn.number not in site.agency.held(film.film).parts
    (film.folder / str(torn)).write_bytes(whole)  # it was only being written
    list(site.spool.recover(site.config.kit_key()))
    site.uplink.sync_all()
    assert site.spool.films() == []


def test_what_a_crash_left_is_gone_on_with(site: Site) -> None:
    film = site.film()
    receipt = site.receipt(film)
    assert site.agency.put_manifest(film.film, film.manifest()) == receipt
    for name in film.part_names()[:2]:
        (film.folder / str(name)).unlink()
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.uplink.counts.parts_sent == 0


def test_without_a_service_nothing_is_lost(stack: Stack) -> None:
    with stack.service() as address:
        site = Site(stack, address)
    film = site.film()
    before = sorted(file.name for file in film.folder.iterdir())
    with pytest.raises(AgencyUnreachable, match="stay on the kit"):
        site.uplink.sync_all()
    assert sorted(file.name for file in film.folder.iterdir()) == before
    with stack.service(int(address.rsplit(":", 1)[1])):
        site.uplink.sync_all()
    assert site.spool.films() == []
    site.agency.close()


def test_a_receipt_by_another_key_erases_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    film = site.film()
    stranger = new_key()

    def forged(name: str, manifest: str) -> str:
        key_id = thumbprint(stranger.public_key())
        return sign_receipt(Receipt(1, name, manifest_digest(manifest), 1, 1, "2026-11-20T10:00:00Z", key_id), stranger)

    monkeypatch.setattr(site.agency, "put_manifest", forged)
    site.uplink.sync_all()
    assert film.state is FilmState.CLOSED
    assert "does not list the key" in site.uplink.refused[film.film]
    monkeypatch.undo()
    site.now += AGAIN_SECONDS
    site.uplink.sync_all()
    assert site.spool.films() == []


def test_an_older_directory_is_refused_and_films_still_arrive(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    old = (site.stack.agency.folder / "directory.jws").read_text()
    site.publish()
    site.uplink.sync_all()
    accepted = site.config.accepted_directory()
    monkeypatch.setattr(site.agency, "directory", lambda: old)
    site.film()
    site.uplink.sync_all()
    assert "was accepted before" in site.uplink.refused["directory"]
    assert site.config.accepted_directory() == accepted
    assert site.spool.films() == []


def test_a_newer_directory_is_kept_for_the_recorder(site: Site) -> None:
    version = site.config.accepted_directory().version
    site.publish()
    site.uplink.sync_all()
    assert site.config.accepted_directory().version == version + 1


def test_a_revoked_kit_is_refused_and_keeps_its_film(site: Site) -> None:
    film = site.film()
    directory = site.stack.agency.directory()
    site.publish(kits=tuple(replace(kit, revoked=True) for kit in directory.kits))
    site.uplink.sync_all()
    assert film.state is FilmState.CLOSED
    assert site.uplink.refused[film.film].startswith("kit-revoked")


def test_a_film_that_differs_in_the_store_stays_and_is_named(site: Site) -> None:
    film = site.film()
    site.store_another_part(film)
    site.uplink.sync_all()
    assert film.state is FilmState.CLOSED
    assert site.uplink.refused[film.film].startswith("parts-missing")
    other = site.film()
    site.uplink.sync_all()
    assert other.film not in {film.film for film in site.spool.films()}, "it does not hold up the others"


@pytest.mark.parametrize("when", ["before", "half", "receipted", "erased"])
def test_a_film_taken_back_is_nowhere(site: Site, when: str) -> None:
    film = site.film(close=when != "half")
    if when in ("half", "erased"):
        site.uplink.sync_all()
    if when == "receipted":
        site.receipt(film)
    site.spool.last_film().take_back()
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.recovered() == []
    assert not (site.stack.data / "store" / "films" / film.film).exists()


def _withdraw(site: Site, film: SpooledFilm) -> None:
    command = [*site.stack.service_command(0), "--film", film.film, "--reason", "mistake", "--yes"]
    command[1] = "withdraw"
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)


def _noted(asked: list[str], name: str, method: Callable[..., object]) -> Callable[..., object]:
    def noted(*args: object) -> object:
        asked.append(name)
        return method(*args)

    return noted


def test_a_film_that_only_the_agency_erased_stays_on_the_kit_until_somebody_decides_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = site.film(close=False)
    site.uplink.sync_all()
    _withdraw(site, film)
    list(site.spool.recover(site.config.kit_key()))
    before = sorted(file.name for file in film.folder.iterdir())
    asked: list[str] = []
    for name in ("held", "put_manifest"):
        monkeypatch.setattr(site.agency, name, _noted(asked, name, getattr(site.agency, name)))
    for _ in range(3):
        site.uplink.sync_all()
        assert site.uplink.refused[film.film].startswith("film-erased: Send nothing more of it.")
    assert asked == ["put_manifest"], "it is not asked again every second"
    site.now += FINAL_SECONDS
    site.uplink.sync_all()
    assert asked == ["put_manifest", "held"]
    assert sorted(file.name for file in film.folder.iterdir()) == before, "without a receipt nothing goes"
    site.spool.last_film().take_back()
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.uplink.refused == {}


def test_a_film_that_has_its_receipt_is_erased_on_the_kit_though_the_agency_was_first(site: Site) -> None:
    film = site.film()
    site.receipt(film)
    _withdraw(site, film)
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.uplink.refused == {}


def test_a_session_that_ended_is_begun_anew(site: Site) -> None:
    site.film()
    site.agency._session._nonce = "no longer valid"
    site.uplink.sync_all()
    assert site.spool.films() == []
