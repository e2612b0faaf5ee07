"""When waiting films are shown by lamps, by a clock of the test's own and statuses as the uplink writes them."""

import pytest

from device.films_stuck import LATE_SECONDS, LOOK_SECONDS, SOON, SOON_SECONDS, FilmsStuck
from device.link_trouble import LinkTrouble
from device.status import UplinkStatus
from device.uplink.refusals import RULES

CODES = ("no-network", "name-unknown", "service-down", "link-stalled", "clock-wrong", "kit-unknown", "refused")


class Kit:
    def __init__(self) -> None:
        self.now = 0.0
        self.status: UplinkStatus | None = None
        self.stuck = FilmsStuck(lambda: self.status, lambda: self.now)

    def shown_after(self, code: str, films: int = 2, seconds: float = 2 * LATE_SECONDS) -> float | None:
        """Return after how many seconds of a problem it is shown."""
        self.status = UplinkStatus(films, problem_code=code, problem="words")
        begun = self.now
        while self.now <= begun + seconds:
            if self.stuck.look():
                return self.now - begun
            self.now += LOOK_SECONDS
        return None


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_every_code_is_one_that_an_uplink_tells() -> None:
    assert set(LinkTrouble) | set(RULES) > SOON


@pytest.mark.parametrize("code", sorted(SOON))
def test_what_no_waiting_mends_is_shown_soon(kit: Kit, code: str) -> None:
    assert kit.shown_after(code) == SOON_SECONDS


@pytest.mark.parametrize("code", CODES)
def test_an_hour_in_the_field_is_ordinary(kit: Kit, code: str) -> None:
    assert kit.shown_after(code) == LATE_SECONDS


def test_where_no_film_waits_or_nothing_is_wrong_nothing_is_shown(kit: Kit) -> None:
    assert kit.shown_after("captive-portal", films=0) is None
    assert kit.shown_after("") is None
    kit.status = None
    assert not kit.stuck.look()


def test_a_link_that_comes_back_begins_the_wait_anew(kit: Kit) -> None:
    assert kit.shown_after("no-network", seconds=LATE_SECONDS - LOOK_SECONDS) is None
    assert kit.shown_after("", seconds=LOOK_SECONDS) is None
    assert kit.shown_after("link-stalled") == LATE_SECONDS


def test_what_is_shown_stays_until_the_agency_was_reached(kit: Kit) -> None:
    assert kit.shown_after("captive-portal")
    assert kit.shown_after("link-stalled") == 0, "the person has gone on, and the films are still here"
    assert kit.shown_after("", seconds=2 * LOOK_SECONDS) == 0, "not looked at yet"
    kit.now += LOOK_SECONDS
    assert not kit.stuck.look()
