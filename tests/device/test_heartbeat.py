"""What a heartbeat says of a kit in each state. `tests/scenarios/test_heartbeat.py` sends them."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from device import software
from device.heartbeat import Heartbeat, heartbeat
from device.kit_status import FilmOnKit, KitStatus, Said
from device.selftest.memory import LastSelftest, last_selftest, remember
from device.selftest.outcome import Result, Verdict
from device.standing import Standing
from device.status import UplinkStatus
from footage.manifest import ClockStatus

NOW = "2026-11-20T12:00:00Z"
STATUS = KitStatus(
    kit="kit-0001",
    key="k" * 43,
    standing=Standing.LISTED,
    directory_version=7,
    directory_until=None,
    recorder="ready",
    tally=False,
    consent=False,
    film="",
    film_seconds=0.0,
    fault=None,
    warnings=(),
    uplink=UplinkStatus(0),
    room_bytes=5_000_000_000,
    room_minutes=1000,
    films=(),
)


def beat(
    selftest: LastSelftest | None = None, clock: ClockStatus = ClockStatus.SYNCHRONISED, **changes: object
) -> Heartbeat:
    return heartbeat(replace(STATUS, **changes), selftest, at=NOW, known_time=clock, number=1)


def film(number: int, started_at: str | None) -> FilmOnKit:
    return FilmOnKit(f"film {number}", "closed", 10, 4_000_000, started_at)


def test_a_kit_that_is_well() -> None:
    said = beat()
    assert (said.recorder, said.battery, said.faults) == ("running", "well", [])
    assert (said.directory, said.free_bytes, said.films, said.oldest_seconds) == (7, 5_000_000_000, 0, None)
    assert (said.at, said.clock) == (NOW, "synchronised")


def test_faults_by_code_and_nothing_in_words() -> None:
    said = beat(
        fault=Said("light-failed", "The recording light does not shine."),
        warnings=(Said("clock-not-set", "words"), Said("battery-low", "words"), Said("what is this", "words")),
        uplink=UplinkStatus(3, problem_code="refused", problem="film x: words"),
    )
    assert said.faults == ["battery-low", "clock-not-set", "light-failed", "recorder-failed", "refused"]
    assert said.battery == "low"


def test_that_the_agency_was_not_reached_is_no_news_to_it() -> None:
    assert beat(uplink=UplinkStatus(1, problem_code="captive-portal", problem="words")).faults == []


def test_how_far_films_are() -> None:
    said = beat(uplink=UplinkStatus(2, bytes_to_go=250_000_000, bytes_per_second=1_900_000, seconds_to_go=132))
    assert (said.bytes_to_go, said.bytes_per_second, said.seconds_to_go) == (250_000_000, 1_900_000, 132)
    said = beat(uplink=UplinkStatus(1, bytes_to_go=5))
    assert (said.bytes_to_go, said.bytes_per_second, said.seconds_to_go) == (5, None, None)
    said = beat(uplink=None)
    assert (said.bytes_to_go, said.bytes_per_second, said.seconds_to_go) == (None, None, None)


def test_without_a_recorder_nobody_knows_the_battery() -> None:
    said = beat(recorder=None, uplink=None)
    assert (said.recorder, said.battery) == ("stopped", None)


def test_films_with_the_age_of_the_oldest_whose_beginning_is_known() -> None:
    films = (film(1, None), film(2, "2026-11-20T11:00:00Z"), film(3, "2026-11-20T11:59:00Z"))
    said = beat(films=films)
    assert (said.films, said.film_bytes, said.oldest_seconds) == (3, 12_000_000, 3600)
    assert beat(films=films[:1]).oldest_seconds is None
    assert beat(films=(film(1, "2026-11-20T13:00:00Z"),)).oldest_seconds == 0


def test_a_kit_that_does_not_know_the_time_tells_no_age() -> None:
    said = beat(films=(film(1, "2026-11-20T11:00:00Z"),), clock=ClockStatus.UNSYNCHRONISED)
    assert (said.clock, said.oldest_seconds) == ("unsynchronised", None)


@pytest.mark.parametrize(
    ("found", "light", "failed"),
    [
        ({"tally": "ok", "camera": "ok"}, "ok", []),
        ({"tally": "light-failed", "camera": "ok"}, "failed", ["tally"]),
        ({"sound": "sound-silent", "camera": "picture-dark"}, None, ["camera", "sound"]),
    ],
)
def test_what_the_last_self_test_found(found: dict[str, str], light: str | None, failed: list[str]) -> None:
    said = beat(selftest=LastSelftest(NOW, found))
    assert (said.selftest_at, said.selftest_light, said.selftest_failed) == (NOW, light, failed)


def test_a_self_test_is_remembered_part_by_part(tmp_path: Path) -> None:
    assert last_selftest(tmp_path) is None
    ok, error, skip = Result("tally", Verdict.OK, "t"), Result("card", Verdict.ERROR, "t", "card-slow"), Verdict.SKIP
    remember(tmp_path, [ok, error, Result("buttons", skip, "t")], NOW)
    assert last_selftest(tmp_path) == LastSelftest(NOW, {"tally": "ok", "card": "card-slow"})
    remember(tmp_path, [Result("card", Verdict.OK, "t")], None)
    assert last_selftest(tmp_path) == LastSelftest(None, {"tally": "ok", "card": "ok"})
    remember(tmp_path, [Result("tally", skip, "t")], NOW)
    assert last_selftest(tmp_path) == LastSelftest(None, {"tally": "ok", "card": "ok"}), "nothing was tested"


def test_software_and_system_are_short_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", software.software())
    assert re.fullmatch(r"[a-z0-9.-]+", software.system())
    release = {"ID": "Some System", "VERSION_ID": '13 "trixie"'}
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    assert software.system() == "some-system-13--trixie-"
