"""The newest heartbeat of each kit is kept, and tells when the kit was seen; nothing old or replayed does."""

import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from companion_api.kits.fleet import KitOverview, fleet
from companion_api.kits.heartbeat import Heartbeat
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import NOW, Agency, make_film

BEAT: dict[str, Any] = {
    "number": 1,
    "at": "1970-01-01T00:05:00Z",
    "clock": "unsynchronised",
    "software": "0.1.0",
    "system": "debian-13",
    "directory": 7,
    "recorder": "running",
    "battery": "well",
    "free_bytes": 20_000_000_000,
    "films": 2,
    "film_bytes": 300_000_000,
    "oldest_seconds": None,
    "selftest_at": None,
    "selftest_light": "ok",
    "selftest_failed": [],
    "faults": ["clock-not-set"],
    "bytes_to_go": 250_000_000,
    "bytes_per_second": 1_900_000,
    "seconds_to_go": 132,
}
ADDED = ("bytes_to_go", "bytes_per_second", "seconds_to_go")  # since the first version, so older kits lack them


def tell(kit: Kit, **changes: object) -> int:
    return send(kit, BEAT | changes).status_code


def send(kit: Kit, beat: object) -> httpx.Response:
    return kit.send("PUT", f"/v1/kits/{kit.name}/status", json.dumps(beat).encode())


def seen(service: Service) -> KitOverview:
    (kit,) = fleet(service.archive, service.directory.published.directory)
    return kit


def numbers(service: Service) -> tuple[str | None, int | None]:
    kit = seen(service)
    return kit.last_seen, kit.heartbeat.number if kit.heartbeat else None


def test_what_a_kit_says_is_kept_with_the_services_own_time(service: Service, kit: Kit) -> None:
    assert tell(kit) == 204
    assert seen(service).last_seen == NOW, "a kit's clock may stand in 1970"
    assert seen(service).heartbeat == Heartbeat.model_validate_json(json.dumps(BEAT))
    service.restart()
    assert seen(service).last_seen == NOW


def test_a_newer_one_takes_its_place(service: Service, kit: Kit) -> None:
    tell(kit)
    service.clock.forward(minutes=5)
    tell(kit, number=2, faults=[])
    assert numbers(service) == ("2026-11-20T10:05:00Z", 2)


@pytest.mark.parametrize("number", [0, 1])
def test_one_that_is_replayed_or_late_changes_nothing(service: Service, kit: Kit, number: int) -> None:
    tell(kit, faults=["light-failed"])
    service.clock.forward(minutes=5)
    assert tell(kit, number=number, faults=[]) == 204
    assert numbers(service) == (NOW, 1)
    assert seen(service).heartbeat.faults == ["light-failed"]  # type: ignore[union-attr]


def test_one_of_an_older_session_changes_nothing(service: Service, agency: Agency) -> None:
    old = Kit(service).begin()
    service.clock.forward(minutes=5)
    new = Kit(service).begin()
    tell(new, number=3)
    service.clock.forward(minutes=5)
    assert tell(old, number=9000) == 204
    assert numbers(service) == ("2026-11-20T10:05:00Z", 3)
    assert tell(new, number=4) == 204
    assert numbers(service) == ("2026-11-20T10:10:00Z", 4)


def test_a_kit_that_was_switched_on_again_counts_from_the_beginning(service: Service, kit: Kit) -> None:
    tell(kit, number=9000)
    service.clock.forward(minutes=5)
    tell(kit.begin(), number=1)
    assert numbers(service) == ("2026-11-20T10:05:00Z", 1)


def test_only_a_heartbeat_counts_as_seen(service: Service, kit: Kit) -> None:
    """A request for a session has no nonce: whoever has one could send it again for ever."""
    kit.begin()
    assert seen(service).last_seen is None
    kit.put_film(make_film(service.agency))
    assert (seen(service).last_seen, seen(service).last_film) == (None, NOW)


def test_what_a_newer_kit_says_besides_is_left_out(service: Service, kit: Kit) -> None:
    assert tell(kit, battery_percent=50, note="words") == 204
    assert seen(service).heartbeat.model_dump(mode="json") == BEAT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", -1),
        ("number", 2**53),
        ("number", "1"),
        ("number", 1.5),
        ("at", "yesterday"),
        ("clock", "fast"),
        ("software", "a version of words"),
        ("software", "1" * 33),
        ("system", "Debian GNU/Linux"),
        ("directory", True),
        ("recorder", "dancing"),
        ("battery", 50),
        ("free_bytes", -1),
        ("films", None),
        ("oldest_seconds", -5),
        ("bytes_to_go", -1),
        ("bytes_per_second", 1.5),
        ("seconds_to_go", "soon"),
        ("selftest_light", "dim"),
        ("selftest_failed", ["Mrs Smith's lamp"]),
        ("faults", ["x"] * 33),
        ("faults", ["x" * 41]),
        ("faults", ["child crying\n"]),
    ],
)
def test_what_is_no_figure_or_code_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Heartbeat.model_validate_json(json.dumps(BEAT | {name: value}))


def test_what_an_older_kit_does_not_say_is_unknown(service: Service, kit: Kit) -> None:
    assert send(kit, {name: value for name, value in BEAT.items() if name not in ADDED}).status_code == 204
    said = seen(service).heartbeat
    assert said is not None
    assert [getattr(said, name) for name in ADDED] == [None] * 3


@pytest.mark.parametrize("name", [name for name in BEAT if name not in ADDED])
def test_nothing_else_may_be_missing(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Heartbeat.model_validate_json(json.dumps({key: value for key, value in BEAT.items() if key != name}))


def test_a_refusal_names_what_is_wrong_and_repeats_no_words(service: Service, kit: Kit) -> None:
    answer = send(kit, BEAT | {"faults": ["Mrs Smith's lamp"]})
    assert problem(answer) == "request-invalid"
    assert "faults.0: " in answer.json()["detail"]
    assert "Smith" not in answer.text
    assert seen(service).heartbeat is None


def test_a_body_that_is_too_large(kit: Kit) -> None:
    assert problem(send(kit, BEAT | {"more": "x" * 20_000})) == "body-too-large"


@pytest.mark.parametrize(
    ("faults", "selftest", "light"),
    [([], None, None), ([], "ok", "ok"), ([], "failed", "failed"), (["light-failed"], "ok", "failed")],
)
def test_the_light_is_judged_by_films_and_self_tests(
    faults: list[str], selftest: str | None, light: str | None
) -> None:
    said = BEAT | {"faults": faults, "selftest_light": selftest}
    assert Heartbeat.model_validate_json(json.dumps(said)).light == light
