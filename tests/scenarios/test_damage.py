"""What the agency's scrub finds damaged comes again from a kit that still has it, by itself and without a wait."""

import subprocess
import sys

import pytest

from companion_api.service import Exit
from device.spooled_film import FilmState, SpooledFilm
from tests.companion_api.truth.builders import flip_a_bit
from tests.scenarios.site import Site


def damage(site: Site, film: SpooledFilm, name: str) -> None:
    """Spoil an object on the service's disk, and let a scrub run beside the service."""
    flip_a_bit(site.stack.data / "store" / "films" / film.film / name)
    command = [sys.executable, "-m", *site.stack.companion_command("scrub", "--mib-per-second", "0")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.FAULTS_FOUND, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("when", "name"),
    [("open", "parts/00001"), ("open", "film.key"), ("closed", "parts/00001"), ("receipt lost", "parts/00001")],
)
def test_what_is_damaged_there_comes_again(site: Site, when: str, name: str) -> None:
    film = site.film(close=False)
    site.uplink.sync_all()
    sent = site.uplink.counts.parts_sent
    assert sent == len(film.part_names())
    if when == "open":
        damage(site, film, name)
    list(site.spool.recover(site.config.kit_key()))
    if when == "receipt lost":  # the power went between the agency's answer and the card
        site.agency.put_manifest(film.film, film.manifest())
    if when != "open":
        damage(site, film, name)
    assert film.state is FilmState.CLOSED
    site.uplink.sync_all()
    assert site.spool.films() == [], "nothing was waited for: the test's clock stands still"
    assert site.uplink.counts.parts_sent - sent == (name != "film.key"), "and nothing else is sent again"
    assert site.uplink.refused == {}
    assert [outcome.receipt_verified for outcome in site.recovered()] == [True]
