"""What IT sees of all kits."""

import json
import re

import pytest
from msgspec.structs import replace

from companion_api.commands.kits import as_json, as_text
from companion_api.kits.enrolment import enrol, make_enrolment
from companion_api.kits.fleet import KitOverview, fleet
from footage.directory import KitEntry
from footage.keys import new_key, thumbprint, to_jwk
from tests.companion_api.builders import Kit, Service
from tests.companion_api.kits.test_heartbeat import tell
from tests.footage.builders import Agency, make_film

HEAD = ("KIT", "STANDING", "SEEN", "SOFTWARE", "BATTERY", "LIGHT", "FILMS", "MB")
AT_WORK = ("kit-0001", "listed", "2 min", "0.1.0", "low", "failed", "2", "300")
WRONG = "light-failed, refused, selftest:camera"


@pytest.fixture
def agencys(service: Service, agency: Agency, kit: Kit) -> list[KitOverview]:
    """A kit at work, one that never reported, a revoked one, one whose token lies about, and one that waits."""
    directory = agency.directory(version=2)
    more = [KitEntry(f"kit-000{n}", to_jwk(new_key().public_key()), revoked=n == 3) for n in (2, 3)]
    directory = replace(directory, kits=(*directory.kits, *more))
    service.publish(agency.signed_directory(directory))
    make_enrolment(service.archive, directory, "operator", "kit-0004")
    made = make_enrolment(service.archive, directory, "operator", "kit-0005")
    enrol(service.archive, directory, "kit-0005", made.token, agency.root.public_key())
    kit.put_film(make_film(agency))
    service.clock.forward(days=3)
    tell(
        kit.begin(), oldest_seconds=7300, selftest_failed=["camera"], faults=["light-failed", "refused"], battery="low"
    )
    service.clock.forward(minutes=2)
    return fleet(service.archive, directory)


def test_a_line_for_each_kit(service: Service, agencys: list[KitOverview]) -> None:
    lines = as_text(agencys, service.archive.clock()).splitlines()
    assert [re.split(" {2,}", line) for line in lines] == [
        [*HEAD, "TO GO", "KB/S", "LEFT", "OLDEST", "FREE MB", "FAULTS"],
        [*AT_WORK, "250", "1900", "2 min", "2 h", "20000", WRONG],
        ["kit-0002", "listed", *"------------"],
        ["kit-0003", "revoked", *"------------"],
        ["kit-0004", "open", *"------------"],
        ["kit-0005", "waiting", *"------------"],
    ]


def test_a_rate_that_was_told_long_ago_is_not_told_as_todays(service: Service, agencys: list[KitOverview]) -> None:
    service.clock.forward(minutes=2)
    _, at_work, *_ = as_text(agencys, service.archive.clock()).splitlines()
    assert re.split(" {2,}", at_work)[2:] == ["4 min", *AT_WORK[3:], "250", "-", "-", "2 h", "20000", WRONG]


def test_programs_get_all_of_it(agency: Agency, agencys: list[KitOverview]) -> None:
    kits = {kit["kit"]: kit for kit in json.loads(as_json(agencys))}
    at_work = kits["kit-0001"]
    assert at_work["key"] == thumbprint(agency.kit_key.public_key())
    assert (at_work["last_seen"], at_work["last_film"]) == ("2026-11-23T10:00:00Z", "2026-11-20T10:00:00Z")
    assert (at_work["heartbeat"]["clock"], at_work["heartbeat"]["oldest_seconds"]) == ("unsynchronised", 7300)
    assert kits["kit-0005"]["key"] == thumbprint(agency.root.public_key())
    assert kits["kit-0004"]["key"] is None
