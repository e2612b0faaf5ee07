"""The daily upkeep: what is due goes, on its day and not before; what needs somebody's eye is shown."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from msgspec.structs import replace

from companion_api.commands.upkeep import as_json, as_text, outcome
from companion_api.films.upkeep import CLOCK_JUMP_DAYS, Report, preview, upkeep
from companion_api.films.withdrawal import films_of_case, withdraw
from companion_api.service import Exit
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import StoreFailed
from footage.directory import Policy
from footage.erasure import Reason
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.films.agency_life import (
    CASE,
    LEAD,
    check_erased,
    end_work,
    file_in,
    filed,
    is_whole,
    told,
)
from tests.companion_api.test_crashes import Fuse, PowerCut
from tests.footage.builders import Film, make_film


def after_days(service: Service, days: int) -> Report:
    """Let days go by, and return what the upkeep says then."""
    service.clock.forward(days=days)
    return upkeep(service.eraser, 7, trust_clock=True)


def publish(service: Service, version: int, policy: Policy) -> None:
    directory = replace(service.agency.directory(version=version), policy=policy)
    service.publish(service.agency.signed_directory(directory))
    service.directory.refresh()


def test_a_film_goes_two_months_after_the_work_ended_and_not_a_day_before(service: Service) -> None:
    film, other = filed(service), filed(service, case="B-2")
    end_work(service)
    report = after_days(service, 60)
    assert report.erased == []
    assert is_whole(service, film)
    assert [line.due_at for line in report.coming] == ["2027-01-20T10:00:00Z"]
    last = after_days(service, 1)
    assert [(line.film, line.case, line.reason) for line in last.erased] == [(film.film, CASE, Reason.WORK_ENDED)]
    erasure = check_erased(service, film.film)
    assert (erasure.decided_by, erasure.reason) == ("service", Reason.WORK_ENDED)
    assert is_whole(service, other)
    assert told(service, f"film:{film.film}")[-2:] == [("service", "erasure decided"), ("service", "erased")]
    assert after_days(service, 1) == Report(service.archive.timestamp()), "nothing twice"


def test_a_film_without_a_case_goes_when_it_is_too_old(service: Service, kit: Kit, film: Film) -> None:
    whole = filed(service, case=None)
    kit.put_pieces(film)
    publish(service, 2, Policy(max_age_days=20))
    after_days(service, 19)
    assert is_whole(service, whole)
    report = after_days(service, 1)
    assert {(line.film, line.state) for line in report.erased} == {(whole.film, "closed"), (film.film, "open")}
    assert check_erased(service, film.film).reason is Reason.TOO_OLD
    assert problem(Kit(service).begin().put_part(film.film, 9, b"late")) == "film-erased"


def test_an_incomplete_film_is_shown_every_day_until_then(service: Service, kit: Kit, film: Film) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    first, second, third = (after_days(service, 1) for _ in range(3))
    assert first.incomplete == []
    assert [line.film for line in second.incomplete] == [line.film for line in third.incomplete] == [film.film]
    assert second.incomplete[0].due_at == "2028-11-19T10:00:00Z"
    kit.begin()
    kit.put_film(film)
    assert after_days(service, 1).incomplete == []


def test_a_shorter_time_holds_for_all_films_and_a_longer_for_new_ones(service: Service) -> None:
    before = filed(service)
    upkeep(service.eraser, 7)
    publish(service, 2, Policy(erase_after_days=30))
    after_days(service, 1)
    between = filed(service)
    publish(service, 3, Policy(erase_after_days=90))
    after_days(service, 1)
    service.clock.forward(seconds=1)
    after = filed(service)
    end_work(service)
    gone = [{line.film for line in after_days(service, days).erased} for days in (29, 1, 59, 1)]
    assert gone == [set(), {before.film, between.film}, set(), {after.film}]


def test_work_that_goes_on_after_all_keeps_its_films(service: Service) -> None:
    film = filed(service)
    end_work(service)
    after_days(service, 60)
    end_work(service, ended=False)
    after_days(service, 5)
    assert is_whole(service, film)


def test_work_taken_up_again_while_the_upkeep_runs_keeps_its_films(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = filed(service)
    end_work(service)
    after_days(service, 60)
    service.clock.forward(days=1)
    real = type(service.eraser).deciding

    def reopened_first(self: object) -> object:
        end_work(service, ended=False)
        return real(service.eraser)

    with monkeypatch.context() as patched:
        patched.setattr(type(service.eraser), "deciding", reopened_first)
        report = upkeep(service.eraser, 7)
    assert (report.erased, report.failed) == ([], {})
    assert is_whole(service, film)


def test_a_preview_tells_all_and_changes_nothing(service: Service, kit: Kit, film: Film) -> None:
    due, soon = filed(service), filed(service, case="B-2")
    end_work(service)
    kit.put_part(film.film, 0, film.parts[0])
    after_days(service, 10)
    end_work(service, "B-2")
    service.clock.forward(days=51 - CLOCK_JUMP_DAYS)
    upkeep(service.eraser, 7)
    service.clock.forward(days=CLOCK_JUMP_DAYS)
    before = {name: service.store.get(name) for name in service.store.list("")}
    report = preview(service.eraser, 30)
    assert [line.film for line in report.erased] == [due.film]
    assert [line.film for line in report.coming] == [soon.film]
    assert [line.film for line in report.incomplete] == [film.film]
    assert report.doubt is None
    assert {name: service.store.get(name) for name in service.store.list("")} == before
    assert is_whole(service, due)
    with service.archive.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM erasures").scalar() == 0


def test_a_clock_that_jumped_erases_nothing_until_somebody_says_that_it_is_right(service: Service) -> None:
    film = filed(service)
    end_work(service)
    upkeep(service.eraser, 7)
    service.clock.forward(days=5000)
    for _ in range(2):  # asking again does not make it right
        report = upkeep(service.eraser, 7)
        assert "2026-11-20T10:00:00Z" in (report.doubt or "")
        assert report.erased == []
        assert outcome(report) is Exit.CLOCK_DOUBTFUL
    assert is_whole(service, film)
    assert [line.film for line in preview(service.eraser, 7).erased] == [film.film], "this is what it would do"
    assert upkeep(service.eraser, 7, trust_clock=True).doubt is None
    check_erased(service, film.film)


def test_a_clock_in_1970_erases_nothing(service: Service) -> None:
    film = filed(service)
    end_work(service)
    after_days(service, 60)
    service.clock.now = service.clock.now.replace(year=1970)
    assert upkeep(service.eraser, 7).erased == []
    assert is_whole(service, film)


def test_the_first_upkeep_believes_the_audit_trail(service: Service) -> None:
    filed(service)
    service.clock.forward(days=CLOCK_JUMP_DAYS)
    assert upkeep(service.eraser, 7).doubt is None
    service.clock.forward(days=CLOCK_JUMP_DAYS, seconds=1)
    assert upkeep(service.eraser, 7).doubt is not None


def test_what_was_withdrawn_goes_on_though_the_clock_is_doubted(service: Service) -> None:
    film = filed(service)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, 0, after=True)
        with pytest.raises(PowerCut):
            withdraw(service.eraser, films_of_case(service.archive, CASE), Reason.FAMILY_ASKED, LEAD)
    service.clock.forward(days=5000)
    assert upkeep(service.eraser, 7).doubt is not None
    check_erased(service, film.film)


def test_a_case_is_withdrawn_at_once_and_whole(service: Service) -> None:
    films, other = [filed(service) for _ in range(3)], filed(service, case="B-2")
    opened = make_film(service.agency)
    Kit(service).begin().put_part(opened.film, 0, opened.parts[0])
    file_in(service, opened.film)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, 1, after=False)  # after the tombstones, before anything is destroyed
        with pytest.raises(PowerCut):
            withdraw(service.eraser, films_of_case(service.archive, CASE), Reason.FAMILY_ASKED, LEAD)
    kit = Kit(service).begin()
    for film in (*films, opened):
        assert problem(kit.send("GET", f"/v1/films/{film.film}/parts")) == "film-erased", "all of them, at once"
    gone = withdraw(service.eraser, films_of_case(service.archive, CASE), Reason.FAMILY_ASKED, LEAD).gone
    assert gone == sorted(film.film for film in (*films, opened))
    for film in (*films, opened):
        assert check_erased(service, film.film).case == CASE
    assert is_whole(service, other)


def test_several_upkeeps_at_once_are_harmless(service: Service) -> None:
    films = [filed(service) for _ in range(5)]
    end_work(service)
    service.clock.forward(days=61)
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda _: upkeep(service.eraser, 7, trust_clock=True), range(4)))
    assert all(report.failed == {} for report in reports)
    for film in films:
        check_erased(service, film.film)
        assert told(service, f"film:{film.film}").count(("service", "erased")) == 1


def test_what_can_not_be_erased_is_named_and_the_rest_goes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = sorted((filed(service) for _ in range(2)), key=lambda film: film.film)
    end_work(service)
    after_days(service, 60)
    real: Callable[[DiskStore, list[str]], None] = DiskStore.delete

    def failing(self: DiskStore, keys: list[str]) -> None:
        if any(bad.film in key for key in keys):
            raise StoreFailed("a bad sector")
        real(self, keys)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "delete", failing)
        report = after_days(service, 1)
        assert report.failed == {bad.film: "a bad sector"}
        assert outcome(report) is Exit.ERASURE_UNFINISHED
        assert [line.film for line in report.erased] == [good.film]
    assert outcome(after_days(service, 1)) is Exit.STOPPED
    check_erased(service, bad.film)


def test_the_report_is_a_table_for_people_and_json_for_programs(service: Service, kit: Kit, film: Film) -> None:
    gone = filed(service)
    end_work(service)
    kit.put_part(film.film, 0, film.parts[0])
    service.journal.put(f"{film.film}.jws", b"no certificate")
    service.clock.forward(days=61)
    report = upkeep(service.eraser, 7, trust_clock=True)
    text = as_text(report, dry_run=False)
    assert text.startswith("1 films erased now, because their time was over\nFILM ")
    assert f"\n{gone.film}  kit-0001  A-17  closed  2026-11-20T10:00:00Z  2027-01-20T10:00:00Z  work ended" in text
    assert "1 films incomplete for days: look for their kits" in text
    assert f"1 films have a certificate that proves nothing, and were not touched\n  {film.film}  This is not" in text
    assert outcome(report) is Exit.CERTIFICATE_UNPROVEN
    told = msgspec.json.decode(as_json(report))
    assert (told["erased"][0]["film"], told["erased"][0]["reason"]) == (gone.film, "work ended")
    assert told["unproven"].keys() == {film.film}
    assert as_text(Report("2026-11-20T10:00:00Z"), dry_run=True) == "Nothing to do."
