"""Who holds a kit."""

from companion_api.staff.person import Role
from tests.companion_api.builders import Service, problem
from tests.companion_api.library.builders import plant_film
from tests.companion_api.staff.builders import Staff

KIT = "/v1/staff/kits/kit-0001"


def hand(by: Staff, account: str | None, kit: str = KIT) -> str:
    answer = by.send("PUT", f"{kit}/holder", {"account": account})
    return "handed" if answer.status_code == 204 else problem(answer)


def test_a_kit_goes_from_hand_to_hand_and_that_is_kept(service: Service) -> None:
    it, first, second = Staff(service, Role.IT), Staff(service, Role.PRACTITIONER), Staff(service, Role.PRACTITIONER)
    for account in (first.account, first.account, second.account, None):
        assert hand(it, account) == "handed"
        service.clock.forward(minutes=1)
    assert it.told(f"{KIT}/holders") == [
        {"held_from": "2026-11-20T10:03:00Z", "account": None},
        {"held_from": "2026-11-20T10:02:00Z", "account": second.account},
        {"held_from": "2026-11-20T10:00:00Z", "account": first.account},
    ]


def test_whoever_was_handed_the_kit_sees_its_films_from_then_on(service: Service) -> None:
    it, staff = Staff(service, Role.IT), Staff(service, Role.PRACTITIONER)
    service.clock.forward(minutes=1)
    plant_film(service, kit="kit-0001")  # filmed at 10:00
    assert hand(it, staff.account) == "handed"
    assert staff.told("/v1/staff/films")["films"] == []


def test_two_hands_within_a_second_leave_the_last(service: Service) -> None:
    it, first, second = Staff(service, Role.IT), Staff(service, Role.PRACTITIONER), Staff(service, Role.PRACTITIONER)
    assert [hand(it, first.account), hand(it, second.account)] == ["handed", "handed"]
    assert [holder["account"] for holder in it.told(f"{KIT}/holders")] == [second.account]


def test_a_kit_is_handed_to_practitioners_and_only_if_the_directory_lists_it(service: Service) -> None:
    it, supervisor = Staff(service, Role.IT), Staff(service, Role.SUPERVISOR)
    assert hand(it, supervisor.account) == "account-unfit"
    assert hand(it, None, "/v1/staff/kits/kit-9999") == "unknown-to-you"
    assert hand(it, "x") == "request-invalid"
