"""Legal holds: by two people, against everything that erases, and what waited goes when they end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from companion_api.films.erasure_rows import ErasureRows
from companion_api.films.film_states import FilmState
from companion_api.films.hold_rows import Hold, HoldReason, HoldRows, HoldState
from companion_api.films.holds import ask_hold, ask_release, confirm_hold, confirm_release
from companion_api.films.upkeep import preview, upkeep
from companion_api.films.withdrawal import withdraw
from companion_api.problems import Refusal
from footage.erasure import Reason
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.films.agency_life import (
    CASE,
    LEAD,
    OFFICER,
    check_erased,
    end_work,
    filed,
    is_whole,
    row,
    told,
)
from tests.companion_api.test_crashes import Fuse, PowerCut
from tests.footage.builders import Film


def held(service: Service, subject: str) -> Hold:
    """A hold in force."""
    hold = ask_hold(service.eraser, LEAD, subject, HoldReason.COURT, "C12/2026")
    return confirm_hold(service.eraser, OFFICER, hold.hold)


def release(service: Service, hold: Hold) -> None:
    ask_release(service.eraser, OFFICER, hold.hold)
    assert confirm_release(service.eraser, LEAD, hold.hold).state is HoldState.RELEASED


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        act()
    assert refusal.value.detail
    return refusal.value.problem.code


def test_it_takes_two_to_hold_and_two_to_let_go(service: Service) -> None:
    film, eraser = filed(service), service.eraser
    subject = f"film:{film.film}"
    hold = ask_hold(eraser, LEAD, subject, HoldReason.COURT, "C12/2026")
    assert hold.state is HoldState.ASKED
    assert refused(lambda: confirm_hold(eraser, LEAD, hold.hold)) == "hold-needs-another"
    assert refused(lambda: confirm_release(eraser, OFFICER, hold.hold)) == "hold-stands"
    in_force = confirm_hold(eraser, OFFICER, hold.hold)
    assert confirm_hold(eraser, OFFICER, hold.hold) == in_force
    assert refused(lambda: confirm_release(eraser, LEAD, hold.hold)) == "hold-stands"
    asked = ask_release(eraser, OFFICER, hold.hold)
    assert ask_release(eraser, LEAD, hold.hold) == asked, "the first who asked stays the one who asked"
    assert refused(lambda: confirm_release(eraser, OFFICER, hold.hold)) == "hold-needs-another"
    assert confirm_hold(eraser, OFFICER, hold.hold) == asked, "a confirmation that is repeated late releases nothing"
    released = confirm_release(eraser, LEAD, hold.hold)
    assert released.state is HoldState.RELEASED
    for act in (confirm_hold, ask_release, confirm_release):
        assert refused(lambda act=act: act(eraser, LEAD, hold.hold)) == "hold-ended"  # type: ignore[misc]
    assert told(service, subject)[-4:] == [
        (LEAD, "hold asked"),
        (OFFICER, "hold confirmed"),
        (OFFICER, "release asked"),
        (LEAD, "hold released"),
    ]
    with service.archive.database.reading() as connection:
        assert HoldRows(connection).holds() == [released]
    assert is_whole(service, film)


def test_what_one_person_asked_for_holds_nothing_and_can_be_dropped(service: Service) -> None:
    film = filed(service)
    hold = ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COMPLAINT, "7")
    assert ask_release(service.eraser, LEAD, hold.hold).state is HoldState.RELEASED
    ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COMPLAINT, "7")
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    check_erased(service, film.film)


@pytest.mark.parametrize("subject", ["film", "case"])
def test_nothing_erases_what_is_held(service: Service, kit: Kit, subject: str) -> None:
    film = filed(service)
    hold = held(service, f"case:{CASE}" if subject == "case" else f"film:{film.film}")
    withdrawn = withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    assert withdrawn == ([], [film.film])
    end_work(service)
    service.clock.forward(days=5000)
    upkeep(service.eraser, 30, trust_clock=True)
    kit.begin()
    answer = kit.send("DELETE", f"/v1/films/{film.film}")
    assert (answer.status_code, problem(answer)) == (409, "film-held")
    service.restart()
    assert is_whole(service, film)
    release(service, hold)
    erasure = check_erased(service, film.film)
    assert erasure.reason is Reason.FAMILY_ASKED, "the first word"
    assert (erasure.decided_at, erasure.erased_at) == ("2026-11-20T10:00:00Z", service.archive.timestamp())
    kit.begin()
    assert kit.send("DELETE", f"/v1/films/{film.film}").status_code == 204, "now the kit may forget it too"


def test_a_take_back_in_time_holds_though_the_hold_ends_late(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    kit.send("POST", f"/v1/films/{film.film}/erased")
    hold = held(service, f"film:{film.film}")
    assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "film-held"
    service.clock.forward(days=40)
    kit.begin()
    assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "film-held", "and not: too late"
    release(service, hold)
    check_erased(service, film.film, FilmState.TAKEN_BACK)


def test_of_two_holds_each_keeps_the_film(service: Service) -> None:
    film = filed(service)
    first, second = held(service, f"film:{film.film}"), held(service, f"case:{CASE}")
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    release(service, first)
    assert is_whole(service, film)
    release(service, second)
    check_erased(service, film.film)


def test_a_held_film_that_nobody_wants_gone_stays_when_the_hold_ends(service: Service) -> None:
    film = filed(service)
    release(service, held(service, f"film:{film.film}"))
    assert is_whole(service, film)
    assert row(service, film.film).state is FilmState.CLOSED


def test_what_is_derived_goes_at_once_though_the_film_is_held(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, removed = filed(service), []
    monkeypatch.setattr("companion_api.films.erasure.FOLLOWS", (lambda _connection, of: removed.append(of),))
    held(service, f"film:{film.film}")
    for _ in range(2):
        withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    assert removed == [film.film]
    with service.archive.database.reading() as connection:
        assert ErasureRows(connection).erasure(film.film) is not None, "whoever wants to read it is told by this"


def test_the_upkeep_shows_what_only_a_hold_keeps(service: Service) -> None:
    withdrawn, due, young = filed(service), filed(service, case="B-2"), filed(service, case="B-2")
    for film in (withdrawn, due, young):
        held(service, f"film:{film.film}")
    withdraw(service.eraser, [withdrawn.film], Reason.CHILD_ASKED, LEAD)
    assert [(line.film, line.reason) for line in preview(service.eraser, 30).held] == [
        (withdrawn.film, Reason.CHILD_ASKED)
    ]
    service.clock.forward(days=731)
    lines = upkeep(service.eraser, 30, trust_clock=True).held
    assert {line.film for line in lines} == {withdrawn.film, due.film, young.film}
    assert all(line.held for line in lines)


def test_a_hold_and_a_withdrawal_at_once_leave_one_truth(service: Service) -> None:
    for _ in range(4):
        film = filed(service)
        hold = ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COURT, "1")
        with ThreadPoolExecutor(4) as threads:
            confirmed = [threads.submit(_confirmed, service, hold) for _ in range(2)]
            withdrawn = [threads.submit(withdraw, service.eraser, [film.film], Reason.MISTAKE, LEAD) for _ in range(2)]
        outcomes = {future.result() for future in confirmed}
        assert len(outcomes) == 1, "both who confirm learn the same"
        if outcomes == {HoldState.IN_FORCE}:
            assert [future.result().held for future in withdrawn] == [[film.film]] * 2
            assert is_whole(service, film)
            release(service, hold)
        check_erased(service, film.film)


def _confirmed(service: Service, hold: Hold) -> HoldState | str:
    try:
        return confirm_hold(service.eraser, OFFICER, hold.hold).state
    except Refusal as refusal:
        return refusal.problem.code


def test_of_two_who_confirm_at_once_one_is_the_second_person(service: Service) -> None:
    film = filed(service)
    third = LEAD[:-1] + "3"
    hold = ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COURT, "1")
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda actor: confirm_hold(service.eraser, actor, hold.hold), (OFFICER, third)))
    assert found[0] == found[1]
    confirmed = [actor for actor, action in told(service, f"film:{film.film}") if action == "hold confirmed"]
    assert confirmed == [found[0].confirmed_by]


@pytest.mark.parametrize("done", range(3))
def test_a_hold_that_ends_in_a_power_cut_lets_go_all_the_same(service: Service, done: int) -> None:
    """Steps: the hold's end, then those of the erasure."""
    film = filed(service)
    hold = held(service, f"film:{film.film}")
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    ask_release(service.eraser, LEAD, hold.hold)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, done, after=False)
        with pytest.raises(PowerCut):
            confirm_release(service.eraser, OFFICER, hold.hold)
    service.restart()
    if done == 0:
        assert is_whole(service, film), "the hold stands"
        confirm_release(service.eraser, OFFICER, hold.hold)
    check_erased(service, film.film)


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("film:00000000-0000-4000-8000-000000000000", "film-unknown"),
        ("case:NONE", "case-unknown"),
        ("kit:kit-0001", "film-unknown"),
    ],
)
def test_what_is_not_there_can_not_be_held(service: Service, subject: str, code: str) -> None:
    assert refused(lambda: ask_hold(service.eraser, LEAD, subject, HoldReason.COURT, "1")) == code


def test_what_is_gone_can_not_be_held(service: Service) -> None:
    film = filed(service)
    hold = ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COURT, "1")
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    assert refused(lambda: confirm_hold(service.eraser, OFFICER, hold.hold)) == "film-erased", "it came too late"
    again = lambda: ask_hold(service.eraser, LEAD, f"film:{film.film}", HoldReason.COURT, "1")  # noqa: E731
    assert refused(again) == "film-erased"


def test_a_hold_that_is_not_there_is_named(service: Service) -> None:
    assert refused(lambda: confirm_hold(service.eraser, LEAD, "none")) == "unknown-to-you"
