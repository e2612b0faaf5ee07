"""Heartbeats against the real service: what it keeps of them, and that films never wait for them."""

import socket
import time
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from companion_api.kits.fleet import KitOverview, fleet
from companion_api.kits.heartbeat import Heartbeat as Kept
from device import heartbeat
from device.agency import Agency
from device.config import read_config
from device.heartbeat import Heartbeat, Heartbeats
from device.selftest.memory import remember
from device.selftest.outcome import Result, Verdict
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, write_status
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack


@pytest.fixture
def site(running: tuple[Stack, str]) -> Iterator[Site]:
    """A new kit for each test."""
    stack, address = running
    folder = stack.agency.add_kit(f"kit-{uuid.uuid4().hex[:8]}", address, simulated=True)
    site = Site(stack, address, read_config(folder / "kit.toml"))
    yield site
    site.agency.close()


@pytest.fixture
def heartbeats(site: Site) -> Heartbeats:
    return Heartbeats(site.config, site.spool, site.agency)


def kept(site: Site) -> KitOverview:
    with site.stack.archive() as archive:
        kits = fleet(archive, site.stack.agency.directory())
    return next(kit for kit in kits if kit.kit == site.config.kit)


def at(seconds: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """Let heartbeats believe that it is so many seconds later."""
    later = time.monotonic() + seconds
    monkeypatch.setattr(heartbeat, "time", SimpleNamespace(monotonic=lambda: later))
    return later


def test_kit_and_service_mean_the_same_fields() -> None:
    assert Heartbeat.__struct_fields__ == tuple(Kept.model_fields)


def test_the_agency_sees_how_a_kit_is(site: Site, heartbeats: Heartbeats) -> None:
    assert kept(site).last_seen is None
    film = site.film()
    recorder = RecorderStatus("fault", False, False, fault_code="light-failed", fault="words", warnings=())
    write_status(site.config.status / RECORDER_FILE, recorder)
    remember(site.config.spool, [Result("tally", Verdict.OK, "t"), Result("card", Verdict.ERROR, "t", "slow")], None)
    assert heartbeats.beat()
    said = kept(site).heartbeat
    assert said is not None
    assert kept(site).last_seen is not None
    assert (said.films, said.film_bytes) == (1, sum(file.stat().st_size for file in film.folder.iterdir()))
    assert (said.faults, said.light, said.selftest_failed) == (["light-failed"], "failed", ["card"])
    assert said.directory == site.config.accepted_directory().version


def test_it_is_told_when_something_changes_and_every_few_minutes(
    site: Site, heartbeats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [heartbeats.beat(), heartbeats.beat()] == [True, False]
    write_status(site.config.status / UPLINK_FILE, UplinkStatus(0, parts_sent=5))
    assert [heartbeats.beat(), heartbeats.beat()] == [True, False], "an uplink runs now"
    write_status(site.config.status / UPLINK_FILE, UplinkStatus(0, parts_sent=50))
    assert not heartbeats.beat(), "a film that goes on its way is no news"
    site.spool.claim()
    assert [heartbeats.beat(), heartbeats.beat()] == [True, False], "a recorder runs now"
    later = at(heartbeat.EVERY_SECONDS + 1, monkeypatch)
    assert heartbeats.beat()
    said = kept(site).heartbeat
    assert said is not None
    assert said.number == int(later * 1000)


def test_while_films_move_the_agency_is_told_each_minute(
    site: Site, heartbeats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = UplinkStatus(1, bytes_to_go=5_000_000, bytes_per_second=40_000, seconds_to_go=125, moving=True)
    write_status(site.config.status / UPLINK_FILE, moving)
    assert heartbeats.beat()
    said = kept(site).heartbeat
    assert said is not None
    assert (said.bytes_to_go, said.bytes_per_second, said.seconds_to_go) == (5_000_000, 40_000, 125)
    at(heartbeat.MOVING_SECONDS - 1, monkeypatch)
    assert not heartbeats.beat()
    at(heartbeat.MOVING_SECONDS + 1, monkeypatch)
    write_status(site.config.status / UPLINK_FILE, replace(moving, bytes_per_second=0, seconds_to_go=None))
    assert heartbeats.beat()
    at(heartbeat.EVERY_SECONDS, monkeypatch)
    assert not heartbeats.beat(), "on a link that stands still there is nothing new"


def test_a_revoked_kit_is_heard_no_more_and_says_so_once(
    site: Site, heartbeats: Heartbeats, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeats.beat()
    before = kept(site)
    directory = site.stack.agency.directory()
    kits = (replace(kit, revoked=kit.kit == site.config.kit) for kit in directory.kits)
    site.publish(kits=tuple(kits))
    for minutes in (10, 20):
        at(minutes * 60, monkeypatch)
        assert not heartbeats.beat()
    assert kept(site).last_seen == before.last_seen
    assert caplog.text.count("kit-revoked") == 1


def test_without_a_service_nothing_happens_and_it_is_not_asked_again_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Agency("http://127.0.0.1:1", site.config.kit, site.config.kit_key())
    heartbeats = Heartbeats(site.config, site.spool, away)
    assert not heartbeats.beat()
    monkeypatch.setattr(heartbeats, "_agency", site.agency)
    assert not heartbeats.beat()
    at(heartbeat.EVERY_SECONDS, monkeypatch)
    assert heartbeats.beat()
    away.close()


def test_films_do_not_wait_for_a_heartbeat_that_hangs(site: Site) -> None:
    film = site.film()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        hanging = Agency(f"http://127.0.0.1:{silent.getsockname()[1]}", site.config.kit, site.config.kit_key())
        with Heartbeats(site.config, site.spool, hanging).beating():
            connection, _ = silent.accept()
            assert connection.recv(4) == b"POST", "the heartbeat is under way"
            site.uplink.run(until_empty=True)
            assert film.film not in {film.film for film in site.spool.films()}
            connection.close()
