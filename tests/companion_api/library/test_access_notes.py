"""Every access and every decision is in the audit trail, before its answer."""

import pytest

from companion_api.audit.trail import entries
from companion_api.library.access_notes import COVERED, read_noted
from companion_api.problems import UNKNOWN_TO_YOU
from companion_api.staff.authorisation import Denied
from companion_api.staff.person import Role
from companion_api.stores.store import StoreFailed
from tests.companion_api.builders import Service, problem
from tests.companion_api.library.builders import LATER, plant_film
from tests.companion_api.staff.builders import Staff

Told = tuple[str, str, dict[str, object]]


def told(service: Service, staff: Staff) -> list[Told]:
    """Return what the trail tells of somebody."""
    with service.archive.database.reading() as connection:
        return [(e.action, e.subject, e.detail) for e in entries(connection) if e.actor == staff.person.actor]


def test_reading_a_film_is_told_thing_by_thing(service: Service, practitioner: Staff) -> None:
    film = plant_film(service, kit="kit-0001")
    practitioner.send("GET", "/v1/staff/films")
    for what in ("", "/manifest", "/receipt", "/key", "/parts/0", "/shares"):
        assert practitioner.send("GET", f"/v1/staff/films/{film}{what}").status_code == 200
    assert told(service, practitioner) == [
        ("films listed", f"account:{practitioner.account}", {}),
        ("film seen", f"film:{film}", {}),
        ("manifest read", f"film:{film}", {}),
        ("receipt read", f"film:{film}", {}),
        ("key read", f"film:{film}", {}),
        ("parts read", f"film:{film}", {"first": 0}),
        ("shares seen", f"film:{film}", {}),
    ]


def test_an_entry_covers_a_minute_of_one_person_and_one_thing(
    service: Service, practitioner: Staff, lead: Staff
) -> None:
    one, two = plant_film(service, kit="kit-0001"), plant_film(service, kit="kit-0001")

    def parts_read(staff: Staff) -> int:
        return [action for action, _, _ in told(service, staff)].count("parts read")

    for _ in range(3):
        practitioner.send("GET", f"/v1/staff/films/{one}/parts/0")
    assert parts_read(practitioner) == 1
    practitioner.send("GET", f"/v1/staff/films/{two}/parts/0")
    assert parts_read(practitioner) == 2
    practitioner.send(
        "PUT", f"/v1/staff/films/{one}/shares/{lead.account}", {"expires_at": LATER, "reason": "supervision"}
    )
    lead.send("GET", f"/v1/staff/films/{one}/parts/0")
    assert parts_read(lead) == 1
    service.clock.forward(seconds=COVERED.total_seconds() - 1)
    practitioner.send("GET", f"/v1/staff/films/{one}/parts/0")
    assert parts_read(practitioner) == 2
    service.clock.forward(seconds=1)
    practitioner.send("GET", f"/v1/staff/films/{one}/parts/0")
    assert parts_read(practitioner) == 3
    service.clock.forward(hours=-1)  # a clock that was set back covers nothing
    practitioner.send("GET", f"/v1/staff/films/{one}/parts/0")
    assert parts_read(practitioner) == 4


def test_nothing_is_read_when_its_entry_can_not_be_made(
    service: Service, practitioner: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = plant_film(service, kit="kit-0001")

    def broken(*_: object, **__: object) -> None:
        raise StoreFailed("the database failed")

    monkeypatch.setattr("companion_api.library.access_notes.append", broken)
    for what in ("", "/manifest", "/receipt", "/key", "/parts/0"):
        assert problem(practitioner.send("GET", f"/v1/staff/films/{film}{what}")) == "store-failed"


def test_a_right_that_goes_between_reading_and_noting_is_gone(service: Service, practitioner: Staff) -> None:
    looks: list[bytes] = []

    def look(_: object) -> bytes:
        looks.append(b"")
        if len(looks) == 2:
            raise Denied(UNKNOWN_TO_YOU, "It has gone.", "film:f")
        return looks[-1]

    with pytest.raises(Denied):
        read_noted(service.archive, practitioner.person, "key read", "film:f", look)
    assert told(service, practitioner) == []


def test_what_is_denied_is_told_too(service: Service, practitioner: Staff) -> None:
    film = plant_film(service, kit="kit-0002")
    it = Staff(service, Role.IT)
    practitioner.send("GET", f"/v1/staff/films/{film}/key")
    it.send("GET", f"/v1/staff/films/{film}/key")
    assert told(service, practitioner) == [("denied", f"film:{film}", {"asked": "open film"})]
    assert told(service, it) == [("denied", f"account:{it.account}", {"asked": "open film"})]


def test_decisions_are_told_and_repetitions_are_none(service: Service, practitioner: Staff, lead: Staff) -> None:
    film, colleague = plant_film(service, kit="kit-0001"), Staff(service, Role.PRACTITIONER)
    for _ in range(2):
        practitioner.send("PUT", "/v1/staff/cases/A-1")
        practitioner.send("PUT", f"/v1/staff/films/{film}/case", {"case": "A-1"})
        practitioner.send("POST", "/v1/staff/cases/A-1/end")
    wanted = {"expires_at": LATER, "reason": "supervision"}
    practitioner.send("PUT", f"/v1/staff/films/{film}/shares/{colleague.account}", wanted)
    for _ in range(2):
        practitioner.send("DELETE", f"/v1/staff/films/{film}/shares/{colleague.account}")
    assert told(service, practitioner) == [
        ("case opened", "case:A-1", {}),
        ("filed", f"film:{film}", {"before": None, "case": "A-1"}),
        ("case ended", "case:A-1", {}),
        (
            "shared",
            f"film:{film}",
            {"account": colleague.account, "expires_at": LATER, "key": False, "reason": "supervision"},
        ),
        ("share ended", f"film:{film}", {"account": colleague.account}),
    ]
    for _ in range(2):
        lead.send("POST", "/v1/staff/cases/A-1/reopen")
        lead.send("PUT", f"/v1/staff/cases/A-1/members/{colleague.account}")
    for _ in range(2):
        lead.send("DELETE", f"/v1/staff/cases/A-1/members/{colleague.account}")
        lead.send("PUT", "/v1/staff/kits/kit-0001/holder", {"account": colleague.account})
    assert told(service, lead) == [
        ("case reopened", "case:A-1", {}),
        ("member added", "case:A-1", {"account": colleague.account}),
        ("member removed", "case:A-1", {"account": colleague.account}),
        ("kit handed", "kit:kit-0001", {"account": colleague.account}),
    ]
