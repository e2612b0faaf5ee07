"""Erasing: the power may fail at every step, uploads may be under way; nothing is left, and all of it is certified."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import httpx
import pytest
from msgspec.structs import replace

from companion_api.films.erasure import SWEEP_HOURS
from companion_api.films.film_states import FilmState
from companion_api.films.withdrawal import one_film, withdraw
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import StoreFailed
from footage.erasure import Destroyed, Reason
from footage.manifest import ClockStatus
from footage.receipt import manifest_digest
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.films.agency_life import (
    CASE,
    LEAD,
    certificate,
    check_erased,
    file_in,
    filed,
    is_whole,
    row,
    told,
)
from tests.companion_api.test_crashes import Fuse, PowerCut
from tests.footage.builders import NOW, Agency, Film, make_film

T = TypeVar("T")
STEPS = 6  # tombstone; film.key; the rest; certificate in the journal, in the store; row


def _withdraw(service: Service, film: Film, reason: Reason = Reason.FAMILY_ASKED) -> None:
    withdraw(service.eraser, one_film(service.archive, film.film), reason, LEAD)


def test_the_certificate_tells_what_was_destroyed(service: Service) -> None:
    film = filed(service)
    service.clock.forward(days=3)
    _withdraw(service, film)
    erasure = check_erased(service, film.film)
    assert (erasure.film, erasure.kit, erasure.case) == (film.film, service.agency.kit, CASE)
    assert (erasure.reason, erasure.decided_by) == (Reason.FAMILY_ASKED, LEAD)
    assert (erasure.filmed_at, erasure.duration_ms) == (NOW, film.signed.duration_ms)
    assert erasure.decided_at == erasure.erased_at == "2026-11-23T10:00:00Z"
    assert erasure.destroyed == Destroyed(
        film_key=True, manifest=manifest_digest(film.token or ""), parts=4, bytes=film.signed.size
    )
    database = service.archive.database.engine.dialect.name
    assert (erasure.store, erasure.database, erasure.backups_until) == ("disk", database, "2026-12-28T10:00:00Z")


def test_a_date_of_a_clock_that_was_not_set_is_not_certified(service: Service, film: Film) -> None:
    opening = replace(film.signed.opening, started_at="1970-01-01T00:00:41Z", clock=ClockStatus.UNSYNCHRONISED)
    film.sign(replace(film.signed, opening=opening))
    Kit(service).begin().put_film(film)
    _withdraw(service, film)
    erasure = certificate(service, film.film)
    assert (erasure.filmed_at, erasure.duration_ms) == (None, film.signed.duration_ms)


def test_a_film_that_never_became_whole_is_erased_as_well(service: Service, kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    _withdraw(service, film)
    erasure = check_erased(service, film.film)
    assert (erasure.filmed_at, erasure.duration_ms, erasure.destroyed.manifest) == (None, None, None)
    assert (erasure.destroyed.film_key, erasure.destroyed.parts) == (True, 4)


def test_the_audit_trail_tells_who_decided_and_when_it_was_done(service: Service) -> None:
    film = filed(service)
    _withdraw(service, film)
    _withdraw(service, film, Reason.MISTAKE)  # the first word holds
    assert told(service, f"film:{film.film}")[-2:] == [(LEAD, "erasure decided"), ("service", "erased")]
    assert certificate(service, film.film).reason is Reason.FAMILY_ASKED


@pytest.mark.parametrize("done", range(STEPS))
def test_a_film_is_erased_whenever_the_power_fails(service: Service, done: int) -> None:
    """The power fails when so many steps are done, and before the next."""
    film = filed(service)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, done, after=False)
        with pytest.raises(PowerCut):
            _withdraw(service, film)
    left = set(service.store.list(f"films/{film.film}"))
    assert (f"films/{film.film}/film.key" in left, bool(left)) == (done < 2, done < 3), "the key goes first"
    service.restart()
    if done == 0:
        assert is_whole(service, film), "nothing was decided, so nothing is lost"
        _withdraw(service, film)
    erasure = check_erased(service, film.film)
    assert erasure.reason is Reason.FAMILY_ASKED
    service.clock.forward(days=1)
    service.restart()
    assert certificate(service, film.film) == erasure, "there is one certificate for ever"
    assert told(service, f"film:{film.film}").count(("service", "erased")) == 1


@pytest.mark.parametrize("done", range(1, STEPS))
def test_a_film_is_taken_back_whenever_the_power_fails(service: Service, kit: Kit, film: Film, done: int) -> None:
    kit.put_film(film)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, done, after=False)
        assert kit.send("DELETE", f"/v1/films/{film.film}").status_code == 500
    service.restart()
    erasure = check_erased(service, film.film, FilmState.TAKEN_BACK)
    assert (erasure.reason, erasure.decided_by) == (Reason.TAKEN_BACK, f"kit:{kit.name}")
    assert Kit(service).begin().send("DELETE", f"/v1/films/{film.film}").status_code == 204


def test_a_kit_is_told_by_name_and_may_forget_what_it_has_a_receipt_for(service: Service, kit: Kit) -> None:
    film = filed(service)
    _withdraw(service, film)
    path = f"/v1/films/{film.film}"
    refused = [
        kit.put_key(film.film, film.sealed_key or b""),
        kit.put_part(film.film, 0, film.parts[0]),
        kit.put_part(film.film, 99, b"more"),
        kit.put_manifest(film.film, film.token),
        kit.send("GET", f"{path}/parts"),
        kit.send("GET", f"{path}/receipt"),
    ]
    assert {(answer.status_code, problem(answer)) for answer in refused} == {(410, "film-erased")}
    assert kit.send("POST", f"{path}/erased").status_code == 204
    assert kit.send("DELETE", path).status_code == 204
    assert check_erased(service, film.film).reason is Reason.FAMILY_ASKED


@pytest.mark.parametrize("sent", ["a part", "the manifest"])
def test_bytes_on_their_way_do_not_outlive_the_erasure(
    service: Service, kit: Kit, film: Film, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The film is withdrawn between the object and its row."""
    kit.put_pieces(film)
    real = DiskStore.put

    def then_withdrawn(self: DiskStore, key: str, data: bytes) -> object:
        outcome = real(self, key, data)
        with monkeypatch.context() as undone:
            undone.setattr(DiskStore, "put", real)
            _withdraw(service, film)
            real(self, key, data)  # as if the object came after all was destroyed
        return outcome

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "put", then_withdrawn)
        answer = kit.put_part(film.film, 7, b"late") if sent == "a part" else kit.put_manifest(film.film, film.token)
    assert problem(answer) == "film-erased"
    check_erased(service, film.film)


def test_what_a_crashed_upload_left_is_swept_away(service: Service) -> None:
    film = filed(service)
    _withdraw(service, film)
    service.store.put(f"films/{film.film}/parts/00007", b"written by a worker that was killed just then")
    assert service.eraser.go_on() == {}
    assert list(service.store.list(f"films/{film.film}")), "it is looked at again only when uploads have surely ended"
    service.clock.forward(hours=SWEEP_HOURS, seconds=1)
    assert service.eraser.go_on() == {}
    check_erased(service, film.film)
    service.store.put(f"films/{film.film}/parts/00007", b"by nobody that we know of")
    service.eraser.go_on()
    assert list(service.store.list(f"films/{film.film}")), "once is enough: a scrub names what comes from elsewhere"


def _race(requests: list[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(requests)) as threads:
        return [future.result() for future in [threads.submit(request) for request in requests]]


def test_withdrawing_wins_against_everything_under_way(service: Service, agency: Agency) -> None:
    kit = Kit(service).begin()
    for _ in range(3):
        film = make_film(agency)
        path = f"/v1/films/{film.film}"
        kit.put_part(film.film, 0, film.parts[0])

        def withdrawing(film: Film = film) -> int:
            _withdraw(service, film)
            return 204

        sending: list[Callable[[], httpx.Response]] = [
            *(partial(kit.put_part, film.film, number, sealed) for number, sealed in film.parts.items()),
            partial(kit.put_key, film.film, film.sealed_key or b""),
            partial(kit.put_manifest, film.film, film.token),
            partial(kit.send, "GET", f"{path}/parts"),
            partial(kit.send, "DELETE", path),
        ]
        racers: list[Callable[[], int]] = [partial(_status, send) for send in sending]
        assert set(_race([*racers, withdrawing, withdrawing])) <= {200, 201, 204, 409, 410, 503}
        check_erased(service, film.film, row(service, film.film).state)


def _status(send: Callable[[], httpx.Response]) -> int:
    return send().status_code


def test_of_several_that_go_on_at_once_all_keep_the_one_certificate(service: Service) -> None:
    films = [filed(service) for _ in range(3)]
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, 0, after=True)
        with pytest.raises(PowerCut):
            withdraw(service.eraser, [film.film for film in films], Reason.ORDERED, LEAD)
    _race([service.eraser.go_on] * 4)
    for film in films:
        check_erased(service, film.film)
        assert told(service, f"film:{film.film}").count(("service", "erased")) == 1


def test_a_journal_that_fails_holds_back_the_answer_and_not_the_destruction(
    service: Service, kit: Kit, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.put_film(film)
    real = DiskStore.put

    def failing(self: DiskStore, key: str, data: bytes) -> object:
        if key == f"{film.film}.jws":
            raise StoreFailed("the share is not there")
        return real(self, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "put", failing)
        assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "store-failed"
        assert not list(service.store.list(f"films/{film.film}"))
        assert "share" in service.eraser.go_on()[film.film]
    assert kit.send("DELETE", f"/v1/films/{film.film}").status_code == 204
    check_erased(service, film.film, FilmState.TAKEN_BACK)


def test_one_film_in_trouble_does_not_hold_up_the_others(service: Service) -> None:
    films = [filed(service) for _ in range(3)]
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, 0, after=True)
        with pytest.raises(PowerCut):
            withdraw(service.eraser, [film.film for film in films], Reason.ORDERED, LEAD)
    bad = sorted(film.film for film in films)[0]
    service.journal.put(f"{bad}.jws", b"this is no certificate")
    failed = service.eraser.go_on()
    assert failed.keys() == {bad}
    assert "can't be used" in failed[bad]
    for film in films:
        assert not list(service.store.list(f"films/{film.film}"))
    service.restart()
    service.journal.delete([f"{bad}.jws"])
    service.restart()
    check_erased(service, bad)


def test_an_unreadable_manifest_does_not_keep_a_film(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    film, damaged = filed(service), filed(service)
    real = DiskStore.get

    def unreadable(self: DiskStore, key: str) -> bytes | None:
        if key == f"films/{film.film}/manifest.jws":
            raise StoreFailed("a bad sector")
        return real(self, key)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "get", unreadable)
        _withdraw(service, film)
    service.store.replace(f"films/{damaged.film}/manifest.jws", b"\xff\x00 not even text")
    _withdraw(service, damaged)
    for gone in (film, damaged):
        assert check_erased(service, gone.film).filmed_at is None


def test_what_is_derived_from_a_film_goes_with_its_tombstone(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    film, removed = filed(service), []
    monkeypatch.setattr("companion_api.films.erasure.FOLLOWS", (lambda _connection, of: removed.append(of),))
    _withdraw(service, film)
    assert removed == [film.film]


def test_withdrawing_what_was_never_seen_is_refused_by_name(service: Service) -> None:
    with pytest.raises(Exception, match="still on its kit"):
        one_film(service.archive, "00000000-0000-4000-8000-000000000000")


def test_only_reasons_to_withdraw_withdraw(service: Service) -> None:
    film = filed(service)
    with pytest.raises(ValueError, match="too old"):
        _withdraw(service, film, Reason.TOO_OLD)
    file_in(service, film.film)
    assert is_whole(service, film)
