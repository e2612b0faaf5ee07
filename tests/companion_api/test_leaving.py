"""Taking back: nothing of the film stays, comes again, or comes back after a crash."""

import uuid

import pytest

from companion_api.database.database import Database
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import TAKE_BACK_HOURS, FilmState
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import StoreFailed, film_key_object
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import NOW, Film


def _take_back(kit: Kit, film: Film) -> int:
    return kit.send("DELETE", f"/v1/films/{film.film}").status_code


def _refused(kit: Kit, film: Film) -> set[str]:
    path = f"/v1/films/{film.film}"
    assert film.sealed_key is not None
    return {
        problem(answer)
        for answer in (
            kit.put_key(film.film, film.sealed_key),
            kit.put_part(film.film, 0, film.parts[0]),
            kit.put_manifest(film.film, film.token),
            kit.send("GET", f"{path}/parts"),
            kit.send("GET", f"{path}/receipt"),
            kit.send("POST", f"{path}/erased"),
        )
    }


@pytest.mark.parametrize("sent", ["nothing", "pieces", "everything"])
def test_a_film_is_taken_back_wherever_it_stands(service: Service, kit: Kit, film: Film, sent: str) -> None:
    if sent == "pieces":
        kit.put_pieces(film)
    if sent == "everything":
        kit.put_film(film)
    assert [_take_back(kit, film) for _ in range(2)] == [204, 204]
    assert _refused(kit, film) == {"film-taken-back"}
    assert list(service.store.list("")) == ["directory.jws", f"erasures/{film.film}.jws"]
    assert not list((service.data / "store" / "films").glob("*")), "no empty folder tells of it"
    service.restart()
    assert _refused(Kit(service).begin(), film) == {"film-taken-back"}


def test_a_film_that_the_kit_has_erased_can_be_taken_back_for_a_day(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    kit.send("POST", f"/v1/films/{film.film}/erased")
    service.clock.forward(hours=TAKE_BACK_HOURS, minutes=-1)
    kit.begin()
    assert _take_back(kit, film) == 204
    assert _refused(kit, film) == {"film-taken-back"}


def test_a_film_that_the_kit_still_has_can_be_taken_back_at_any_time(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    service.clock.forward(days=30)
    kit.begin()
    assert _take_back(kit, film) == 204


def test_later_only_the_agency_can_withdraw_a_film(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    kit.send("POST", f"/v1/films/{film.film}/erased")
    service.clock.forward(hours=TAKE_BACK_HOURS, minutes=1)
    kit.begin()
    assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "take-back-too-late"
    assert service.store.get(film_key_object(film.film)) == film.sealed_key


@pytest.mark.parametrize("crash_at", [0, 1])
def test_a_crash_while_destroying_is_continued_at_the_next_start(
    service: Service, kit: Kit, film: Film, crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.put_film(film)
    real, calls = DiskStore.delete, 0

    def crashing(self: DiskStore, keys: list[str]) -> None:
        nonlocal calls
        calls += 1
        if calls > crash_at:
            raise StoreFailed("power cut")
        real(self, keys)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "delete", crashing)
        assert problem(kit.send("DELETE", f"/v1/films/{film.film}")) == "store-failed"
    left = list(service.store.list("films"))
    assert left, "the crash came before the end"
    assert (film_key_object(film.film) in left) is (crash_at == 0), "film.key goes first"
    assert problem(kit.put_part(film.film, 0, film.parts[0])) == "film-taken-back"
    service.restart()
    assert not list(service.store.list("films"))


def test_bytes_on_their_way_do_not_outlive_the_take_back(
    service: Service, kit: Kit, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The film is taken back between the object and its row."""
    kit.put_part(film.film, 0, film.parts[0])
    real = DiskStore.put

    def then_taken_back(self: DiskStore, key: str, data: bytes) -> object:
        outcome = real(self, key, data)
        with monkeypatch.context() as undone:
            undone.setattr(DiskStore, "put", real)
            assert _take_back(kit, film) == 204
            real(self, key, data)  # as if the object came after all was destroyed
        return outcome

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "put", then_taken_back)
        assert problem(kit.put_part(film.film, 1, film.parts[1])) == "film-taken-back"
    assert not list(service.store.list("films"))


def test_a_receipt_on_its_way_does_not_outlive_the_take_back(
    service: Service, kit: Kit, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.put_pieces(film)
    real = Database.writing
    pending = [True]

    def after_take_back(self: Database) -> object:
        if pending.pop() if pending else False:
            assert _take_back(kit, film) == 204
            service.store.put(f"films/{film.film}/receipt.jws", b"late")
        return real(self)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "writing", after_take_back)
        assert problem(kit.put_manifest(film.film, film.token)) == "film-taken-back"
    assert not list(service.store.list("films"))


def test_the_tombstone_keeps_no_more_than_film_kit_and_times(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    _take_back(kit, film)
    with service.archive.database.reading() as connection:
        rows = FilmRows(connection)
        assert rows.film(film.film) == (film.film, kit.name, FilmState.TAKEN_BACK, None, None, NOW, None, NOW)
        assert rows.parts(film.film) == []


def test_a_film_never_seen_leaves_a_tombstone(kit: Kit) -> None:
    film = uuid.uuid4()
    assert kit.send("DELETE", f"/v1/films/{film}").status_code == 204
    assert problem(kit.put_part(str(film), 0, b"abc")) == "film-taken-back"
