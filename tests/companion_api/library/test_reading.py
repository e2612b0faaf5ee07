"""Films as staff read them: the bytes that the kit sent, for whom the table says, and nothing that has gone."""

import uuid

import pytest
from msgspec.structs import replace

from companion_api.films.archive import Archive
from companion_api.films.hold_rows import HoldReason
from companion_api.films.holds import ask_hold, confirm_hold
from companion_api.films.withdrawal import withdraw
from companion_api.library import reading
from companion_api.staff.person import Role
from companion_api.stores.store import part_object
from footage.age import open_file
from footage.erasure import Reason
from footage.film_key import open_film_key
from footage.manifest import ClockStatus
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.library.builders import LATER, hand, plant_film, plant_members
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import NOW, Agency, Film, sha256

FILMS = "/v1/staff/films"


def test_the_holder_of_the_kit_reads_what_it_sent_and_opens_it(practitioner: Staff, agency: Agency, sent: Film) -> None:
    path = f"{FILMS}/{sent.film}"
    assert sent.token is not None
    assert practitioner.send("GET", f"{path}/manifest").text == sent.token
    assert practitioner.send("GET", f"{path}/receipt").text.count(".") == 2
    key = practitioner.send("GET", f"{path}/key")
    assert key.headers["cache-control"] == "no-store"
    recipient = sent.identity.recipient.text
    identity = open_film_key(key.content, sent.film, recipient, [agency.recovery])
    for number, (_, _, plaintext) in enumerate(sent.opened):
        part = practitioner.send("GET", f"{path}/parts/{number}")
        assert part.headers["etag"] == f'"{sha256(sent.parts[number])}"'
        assert open_file(part.content, [identity]) == plaintext


def test_a_list_tells_of_films_in_numbers(practitioner: Staff, sent: Film) -> None:
    told = practitioner.told(FILMS)
    assert told == {"films": [practitioner.told(f"{FILMS}/{sent.film}")], "before": None}
    assert told["films"][0] == {
        "film": sent.film,
        "kit": sent.agency.kit,
        "state": "closed",
        "case": None,
        "received_at": NOW,
        "closed_at": NOW,
        "kind": "interaction",
        "filmed_at": NOW,
        "duration_ms": 1960,
        "size": sum(map(len, sent.parts.values())),
        "to_be_erased": False,
        "may": ["list", "see", "open", "file", "share", "unshare", "see shares"],
    }


def test_a_film_on_its_way_is_seen_but_not_opened(practitioner: Staff, kit: Kit, film: Film) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    seen = practitioner.told(f"{FILMS}/{film.film}")
    assert (seen["state"], seen["duration_ms"], seen["kind"]) == ("open", None, None)
    for what in ("manifest", "receipt", "key", "shared-key", "parts/0"):
        assert problem(practitioner.send("GET", f"{FILMS}/{film.film}/{what}")) == "receipt-not-yet"


def test_a_browser_that_has_a_part_is_not_sent_it_again(practitioner: Staff, sent: Film) -> None:
    path = f"{FILMS}/{sent.film}/parts/1"
    first = practitioner.send("GET", path)
    assert first.headers["cache-control"] == "private, immutable, max-age=86400"
    assert first.headers["vary"] == "Cookie"
    again = practitioner.send("GET", path, if_none_match=f'"other", {first.headers["etag"]}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert practitioner.send("GET", path, if_none_match='"other"').content == sent.parts[1]


def test_a_part_that_the_film_has_not_is_named(practitioner: Staff, sent: Film) -> None:
    assert problem(practitioner.send("GET", f"{FILMS}/{sent.film}/parts/99")) == "part-unknown"


def test_a_film_that_the_family_took_back_is_a_date_and_nothing_else(practitioner: Staff, kit: Kit, sent: Film) -> None:
    kit.send("DELETE", f"/v1/films/{sent.film}")
    seen = practitioner.told(f"{FILMS}/{sent.film}")
    assert (seen["state"], seen["duration_ms"], seen["kind"], seen["size"]) == ("taken back", None, None, None)
    for what in ("manifest", "receipt", "key", "shared-key", "parts/0"):
        assert problem(practitioner.send("GET", f"{FILMS}/{sent.film}/{what}")) == "film-taken-back"


def test_a_film_that_is_taken_back_while_it_is_read_is_named_so(
    practitioner: Staff, kit: Kit, sent: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading._held

    def after_take_back(archive: Archive, *args: object) -> bytes:
        monkeypatch.setattr(reading, "_held", real)
        kit.send("DELETE", f"/v1/films/{sent.film}")
        return real(archive, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "_held", after_take_back)
    assert problem(practitioner.send("GET", f"{FILMS}/{sent.film}/parts/0")) == "film-taken-back"


def test_a_part_that_the_store_has_lost_is_a_failure_and_not_an_unknown_part(
    service: Service, practitioner: Staff, sent: Film
) -> None:
    service.store.delete([part_object(sent.film, 1)])
    assert problem(practitioner.send("GET", f"{FILMS}/{sent.film}/parts/1")) == "store-failed"


def test_a_kit_that_changed_hands_shows_a_film_to_whoever_filmed_it(
    service: Service, practitioner: Staff, kit: Kit, film: Film
) -> None:
    successor = Staff(service, Role.PRACTITIONER)
    service.clock.forward(minutes=30)  # the film began at NOW, and arrives after the kit was handed on
    hand(service, service.agency.kit, successor, service.archive.timestamp())
    kit.begin().put_film(film)
    assert [seen["film"] for seen in practitioner.told(FILMS)["films"]] == [film.film]
    assert successor.told(FILMS)["films"] == []


@pytest.mark.parametrize(
    ("clock", "started_at"),
    [(ClockStatus.UNSYNCHRONISED, NOW), (ClockStatus.SYNCHRONISED, "2027-01-01T00:00:00Z")],
)
def test_a_clock_that_can_not_be_believed_leaves_a_film_to_whoever_held_the_kit_when_it_came(
    service: Service, practitioner: Staff, kit: Kit, film: Film, clock: ClockStatus, started_at: str
) -> None:
    film.sign(replace(film.signed, opening=replace(film.signed.opening, clock=clock, started_at=started_at)))
    successor = Staff(service, Role.PRACTITIONER)
    service.clock.forward(minutes=30)
    hand(service, service.agency.kit, successor, service.archive.timestamp())
    kit.begin().put_film(film)
    assert [seen["filmed_at"] for seen in successor.told(FILMS)["films"]] == [None]
    assert practitioner.told(FILMS)["films"] == []


def test_long_lists_come_in_pages(service: Service, practitioner: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion_api.library.reading.PAGE", 2)
    monkeypatch.setattr("companion_api.library.film_requests.PAGE", 2)
    films = {plant_film(service, kit=service.agency.kit) for _ in range(5)}
    found, before, pages = [], "", 0
    while before is not None:
        page = practitioner.told(f"{FILMS}?before={before}" if before else FILMS)
        found += [seen["film"] for seen in page["films"]]
        before, pages = page["before"], pages + 1
    assert (sorted(found), pages) == (sorted(films), 3)


def test_a_list_can_be_of_one_case(service: Service, lead: Staff) -> None:
    of_case = plant_film(service, kit="kit-0001", case="A-1")
    plant_film(service, kit="kit-0001", case="A-2")
    assert [seen["film"] for seen in lead.told(f"{FILMS}?case=A-1")["films"]] == [of_case]


@pytest.mark.parametrize("query", ["case=a", "before=x"])
def test_a_question_without_its_form_is_refused(lead: Staff, query: str) -> None:
    assert problem(lead.send("GET", f"{FILMS}?{query}")) == "request-invalid"


def test_a_film_of_before_descriptions_has_none_and_is_read_nevertheless(service: Service, practitioner: Staff) -> None:
    film = plant_film(service, kit=service.agency.kit)
    with service.archive.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM film_descriptions")
    assert practitioner.told(f"{FILMS}/{film}")["kind"] is None
    assert practitioner.send("GET", f"{FILMS}/{film}/key").content == b"key"


def test_reading_holds_one_part_in_memory(
    service: Service, practitioner: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = plant_film(service, kit=service.agency.kit)
    got: list[str] = []
    real = service.store.get

    def counted(key: str) -> bytes | None:
        got.append(key)
        return real(key)

    monkeypatch.setattr(service.store, "get", counted)
    practitioner.send("GET", f"{FILMS}/{film}/parts/0")
    assert got == [part_object(film, 0)]


def test_unknown_films_are_unknown(practitioner: Staff) -> None:
    assert problem(practitioner.send("GET", f"{FILMS}/{uuid.uuid4()}")) == "unknown-to-you"


def _held(service: Service, subject: str) -> None:
    hold = ask_hold(service.eraser, "staff:one", subject, HoldReason.COURT, "X-1")
    confirm_hold(service.eraser, "staff:two", hold.hold)


@pytest.mark.parametrize(("held", "refusal"), [(False, "film-erased"), (True, "film-held")])
def test_a_film_that_is_withdrawn_is_shown_to_nobody_also_while_a_hold_keeps_it(
    service: Service, practitioner: Staff, supervisor: Staff, sent: Film, held: bool, refusal: str
) -> None:
    path = f"{FILMS}/{sent.film}"
    wanted = {"expires_at": LATER, "reason": "supervision"}
    assert practitioner.send("PUT", f"{path}/shares/{supervisor.account}", wanted).status_code == 204
    if held:
        _held(service, f"film:{sent.film}")
    withdraw(service.eraser, [sent.film], Reason.FAMILY_ASKED, "operator")
    assert practitioner.told(path)["to_be_erased"]
    for what in ("manifest", "receipt", "key", "shared-key", "parts/0"):
        assert problem(practitioner.send("GET", f"{path}/{what}")) == refusal
        assert problem(supervisor.send("GET", f"{path}/{what}")) == "unknown-to-you"
    assert problem(practitioner.send("PUT", f"{path}/shares/{supervisor.account}", wanted)) == refusal
    assert practitioner.told(f"{path}/shares") == []


def test_a_film_does_not_leave_a_case_that_is_held(service: Service, lead: Staff) -> None:
    film = plant_film(service, kit="kit-0001", case="A-1")
    plant_members(service, "A-2", [])
    _held(service, "case:A-1")
    assert problem(lead.send("PUT", f"{FILMS}/{film}/case", {"case": "A-2"})) == "film-held"
    assert lead.told(f"{FILMS}/{film}")["case"] == "A-1"
