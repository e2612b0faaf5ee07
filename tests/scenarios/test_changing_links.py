"""What a kit sends over which link, against the real service; and that another link is a new beginning."""

import threading
from collections.abc import Iterator

import pytest

from device.errors import AgencyUnreachable
from device.link_trouble import LinkTrouble
from device.uplink.backoff import MOST_SECONDS
from device.uplink.link import Link, Way
from device.uplink.metered import MEGABYTE, Held, Meter, meter_file
from device.uplink.uplink import LOOK_SECONDS, Uplink
from footage.directory import Policy
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack

NOWHERE = Link(Way.NONE)
TELEPHONE = Link(Way.WIFI, metered=True, connection="telephone")
DOCK = Link(Way.CABLE, connection="dock")


class Traveller(Site):
    """A kit whose link a test changes."""

    def __init__(self, stack: Stack, address: str) -> None:
        super().__init__(stack, address)
        self.link = TELEPHONE
        self.start()

    def start(self) -> None:
        """Start its uplink anew."""
        meter = Meter(meter_file(self.config.spool), lambda: "2026-11")
        self.uplink = Uplink(
            *(self.config, self.spool, self.agency, self.statuses.append),
            clock=lambda: self.now,
            link=lambda: self.link,
            meter=meter,
        )

    @property
    def problem(self) -> str:
        """What the status says, by code."""
        return self.statuses[-1].problem_code


@pytest.fixture
def kit(stack: Stack) -> Iterator[Traveller]:
    with stack.service() as address:
        kit = Traveller(stack, address)
        yield kit
        kit.agency.close()


def test_without_a_decision_a_telephone_carries_no_film_and_the_dock_does(kit: Traveller) -> None:
    film = kit.film()
    kit.uplink.sync_all()
    assert kit.problem == Held.NOT_ALLOWED
    assert "dock" in kit.statuses[-1].problem
    assert kit.statuses[-1].link == "hotspot"
    assert kit.agency.held(film.film).parts == {}
    kit.link = DOCK
    kit.uplink.sync_all()
    assert kit.spool.films() == []
    assert (kit.problem, kit.statuses[-1].link) == ("", "cable")


def test_a_decision_that_comes_over_the_telephone_lets_films_go(kit: Traveller) -> None:
    kit.film()
    kit.uplink.sync_all()
    kit.publish(policy=Policy(hotspot_megabytes=100))
    kit.uplink.sync_all()
    assert kit.spool.films() == []
    assert 0 < Meter(meter_file(kit.config.spool), lambda: "2026-11").spent() < 10 * MEGABYTE


def test_a_budget_that_is_spent_holds_parts_and_nothing_else(kit: Traveller) -> None:
    kit.publish(policy=Policy(hotspot_megabytes=1))
    waiting, ready, taken = kit.film(), kit.film(), kit.film()
    kit.receipt(ready)
    kit.spool.last_film().take_back()
    spent = Meter(meter_file(kit.config.spool), lambda: "2026-11")
    spent.sent(MEGABYTE)
    kit.start()
    kit.uplink.sync_all()
    assert kit.problem == Held.SPENT
    assert [film.film for film in kit.spool.films()] == [waiting.film], "what is small went"
    assert taken.film not in {film.film for film in kit.spool.films()}
    assert kit.agency.held(waiting.film).parts == {}


def test_other_links_are_not_counted(kit: Traveller) -> None:
    kit.link = DOCK
    kit.film()
    kit.uplink.sync_all()
    assert not meter_file(kit.config.spool).exists()


def test_another_link_ends_every_wait_at_once(kit: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.link = DOCK
    kit.start()
    kit.film()
    with monkeypatch.context() as away:
        for method in ("held", "directory"):
            away.setattr(kit.agency, method, _unreachable)
        for _ in range(10):
            kit.now += MOST_SECONDS
            with pytest.raises(AgencyUnreachable):
                kit.uplink.sync_all()
    kit.uplink._learning.tries.not_before = (
        kit.now + MOST_SECONDS
    )  # the longest that it draws; its clock stands still from here on
    hung_up: list[Link] = []
    monkeypatch.setattr(kit.agency, "hang_up", lambda: hung_up.append(kit.link))
    kit.link = NOWHERE
    running = threading.Thread(target=kit.uplink.run, kwargs={"until_empty": True})
    running.start()
    running.join(2 * LOOK_SECONDS)
    assert running.is_alive()
    assert (kit.statuses[-1].link, hung_up) == ("none", [])
    kit.link = DOCK._replace(connection="dock again")
    running.join(20)
    assert not running.is_alive(), "no clock had to go on"
    assert kit.spool.films() == []
    assert hung_up == [kit.link]


def _unreachable(*_: object) -> None:
    raise AgencyUnreachable(LinkTrouble.NO_NETWORK, "no route")
