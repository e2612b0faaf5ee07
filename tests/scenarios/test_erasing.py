"""What keeps a film on the kit though the agency has it, or seems to: named, and erased when that is over."""

from datetime import UTC, datetime, timedelta

import pytest

from device import clock
from device.spooled_film import FilmState, SpooledFilm
from device.uplink.refusals import AGAIN_SECONDS
from device.uplink.uplink import DIRECTORY_SECONDS
from footage.keys import new_key
from footage.manifest import ClockStatus
from footage.messages import timestamp
from tests.device.receipts import signed_receipt
from tests.scenarios.site import Site

PAST, FUTURE = (timestamp(datetime.now(UTC) + timedelta(days=days)) for days in (-1, 1))


def names(film: SpooledFilm) -> list[str]:
    return sorted(file.name for file in film.folder.iterdir())


def let_the_directory_expire(site: Site) -> SpooledFilm:
    """A film that was closed when the kit's directory had expired."""
    film = site.film(close=False)
    site.publish(valid_until=PAST)
    site.uplink.sync_all()
    assert site.config.accepted_directory().valid_until == PAST
    list(site.spool.recover(site.config.kit_key()))
    return film


def test_a_film_whose_directory_has_expired_is_kept_and_said_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "clock_status", lambda: ClockStatus.SYNCHRONISED)
    film = let_the_directory_expire(site)
    before = names(film)
    for _ in range(2):
        site.uplink.sync_all()
        assert film.state is FilmState.RECEIPTED, "the agency has it all the same"
        assert names(film) == sorted([*before, "receipt.jws"])
        assert "stays on the kit until IT publishes a newer directory" in site.statuses[-1].problem
        site.now += AGAIN_SECONDS
    site.publish(valid_until=FUTURE)
    site.now += DIRECTORY_SECONDS
    site.uplink.sync_all()
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.statuses[-1].problem == ""


def test_a_kit_that_does_not_know_the_time_does_not_keep_films_for_ever(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "clock_status", lambda: ClockStatus.UNSYNCHRONISED)
    let_the_directory_expire(site)
    site.uplink.sync_all()
    assert site.spool.films() == []


@pytest.mark.parametrize("spoilt", ["rubbish", "forged"])
def test_a_receipt_that_was_spoilt_on_the_card_is_asked_for_again(site: Site, spoilt: str) -> None:
    film = site.film()
    site.receipt(film)
    film.keep_receipt(spoilt if spoilt == "rubbish" else signed_receipt(film, new_key()))
    before = names(film)
    site.uplink.sync_all()
    assert film.film in site.uplink.refused
    assert names(film) == [name for name in before if name != "receipt.jws"]
    site.now += AGAIN_SECONDS
    site.uplink.sync_all()
    assert site.spool.films() == []
    assert site.uplink.counts.parts_sent == 0


@pytest.mark.parametrize("broken", ["part", "key"])
def test_a_film_that_the_card_does_not_give_out_is_named_and_holds_up_no_other(site: Site, broken: str) -> None:
    film, other = site.film(), site.film()
    if broken == "part":
        part = film.folder / str(film.part_names()[1])
        part.rename(part.with_suffix(".away"))
        part.mkdir()
    else:
        (film.folder / "film.key").unlink()
    site.uplink.sync_all()
    assert [left.film for left in site.spool.films()] == [film.film]
    assert site.uplink.refused[film.film].startswith("The card fails")
    assert not other.folder.exists()
