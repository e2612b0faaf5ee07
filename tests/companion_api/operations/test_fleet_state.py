"""How kits are, as Prometheus sees it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, insert

from companion_api.database.database import METADATA
from footage.directory import KitEntry
from footage.keys import new_key, to_jwk
from footage.messages import timestamp
from tests.companion_api.builders import Kit, Service
from tests.companion_api.kits.test_heartbeat import ADDED, BEAT, tell
from tests.companion_api.operations.test_operator_requests import metrics
from tests.footage.builders import Agency

KITS, FILMS = 500, 10_000
_HEARTBEAT = json.dumps(BEAT)


def of_kits(service: Service) -> dict[str, float]:
    """The metrics of kits by name and labels, without what all begin with."""
    told = metrics(service).items()
    return {name.removeprefix("attune_kit_"): value for name, value in told if name.startswith("attune_kit_")}


def test_what_a_kit_said_last_and_when(service: Service, kit: Kit) -> None:
    at = service.clock().timestamp()
    tell(kit, oldest_seconds=7300, selftest_at="2026-11-19T08:00:00Z", selftest_failed=["camera"])
    service.clock.forward(hours=2)
    one = '{kit="kit-0001"}'
    assert of_kits(service) == {
        f"last_seen_timestamp_seconds{one}": at,
        'info{directory="7",kit="kit-0001",software="0.1.0",system="debian-13"}': 1,
        f"pending_films{one}": 2,
        f"pending_bytes{one}": 300_000_000,
        f"to_go_bytes{one}": 250_000_000,
        f"to_go_seconds{one}": 132,
        f"sent_bytes_per_second{one}": 1_900_000,
        f"oldest_pending_seconds{one}": 7300,
        f"free_bytes{one}": 20_000_000_000,
        f"light_ok{one}": 1,
        f"selftest_timestamp_seconds{one}": at - 26 * 3600,
        f"battery_low{one}": 0,
        f"faults{one}": 2,
    }


def test_a_light_that_failed_is_seen_whoever_found_it(service: Service, kit: Kit) -> None:
    by_either: list[dict[str, Any]] = [{"selftest_light": "failed"}, {"faults": ["light-failed"]}]
    for number, found in enumerate(by_either, 2):
        tell(kit, number=number, **found)
        assert of_kits(service)['light_ok{kit="kit-0001"}'] == 0


def test_what_a_kit_does_not_know_has_no_series(service: Service, kit: Kit) -> None:
    unknown = dict.fromkeys(("battery", "selftest_light", "directory", *ADDED))
    tell(kit, **unknown, faults=[])
    told = {name.split("{")[0] for name in of_kits(service)}
    assert not told & {"battery_low", "light_ok", "selftest_timestamp_seconds", "oldest_pending_seconds"}
    assert not told & {"to_go_bytes", "to_go_seconds", "sent_bytes_per_second"}


def test_no_kit_can_make_a_scrape_fail(service: Service, kit: Kit) -> None:
    assert tell(kit, selftest_at="2026-99-99T99:99:99Z", films=2**53 - 1) == 204
    assert of_kits(service)['pending_films{kit="kit-0001"}'] == 2**53 - 1


def test_a_kit_that_never_came_is_listed_and_a_revoked_one_is_not(service: Service, agency: Agency, kit: Kit) -> None:
    tell(kit)
    revoked = replace(agency.directory().kits[0], revoked=True)
    new = KitEntry("kit-0002", to_jwk(new_key().public_key()))
    service.publish(agency.signed_directory(replace(agency.directory(version=2), kits=(revoked, new))))
    assert of_kits(service) == {'last_seen_timestamp_seconds{kit="kit-0002"}': 0}


class Asked:
    """How much was asked of a database."""

    statements = rows = 0


@contextmanager
def asked(service: Service) -> Iterator[Asked]:
    """Count the statements of SQLite, and each row that it gives."""
    engine, count = service.archive.database.engine, Asked()

    def given(_cursor: object, row: tuple[Any, ...]) -> tuple[Any, ...]:
        count.rows += 1
        return row

    def lent(connection: Any, *_: object) -> None:
        connection.row_factory = given

    def executed(*_: object) -> None:
        count.statements += 1

    event.listen(engine, "checkout", lent)
    event.listen(engine, "before_cursor_execute", executed)
    yield count
    event.remove(engine, "checkout", lent)
    event.remove(engine, "before_cursor_execute", executed)


@pytest.fixture
def large(service: Service, agency: Agency) -> Service:
    """An agency with many kits, and many films that wait for days, which are the dearest to count."""
    names = [f"kit-{number:04d}" for number in range(KITS)]
    key = to_jwk(new_key().public_key())
    directory = replace(agency.directory(version=2), kits=tuple(KitEntry(name, key) for name in names))
    service.publish(agency.signed_directory(directory))
    at = timestamp(service.clock())
    beat = {"last_seen": at, "session": 1, "number": 1, "heartbeat": _HEARTBEAT}
    films = [{"film": f"film-{n}", "kit": names[n % KITS], "state": "open", "received_at": at} for n in range(FILMS)]
    parts = [{"film": film["film"], "number": 0, "sha256": "0" * 64, "size": 1} for film in films]
    with service.archive.database.writing() as connection:
        connection.execute(insert(METADATA.tables["heartbeats"]), [{"kit": name} | beat for name in names])
        connection.execute(insert(METADATA.tables["films"]), films)
        connection.execute(insert(METADATA.tables["parts"]), parts)
    service.clock.forward(days=3)
    return service


def test_a_scrape_of_many_kits_and_films_asks_a_few_questions_and_reads_a_row_a_kit(large: Service) -> None:
    with asked(large) as count:
        answer = large.send("GET", "/metrics")
    families = {family.name: family.samples for family in text_string_to_metric_families(answer.text)}
    assert len(families["attune_kit_last_seen_timestamp_seconds"]) == KITS
    assert len(families["attune_kit_pending_films"]) == KITS
    assert [sample.value for sample in families["attune_films_incomplete"]] == [FILMS]
    assert count.statements <= 10
    assert KITS <= count.rows <= KITS + 20
