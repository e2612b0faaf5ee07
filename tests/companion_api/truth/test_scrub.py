"""Each fault done for real to a real store and database, and found by name; and what is no fault is not reported."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from companion_api.films.faults import MEANINGS, FaultKind
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.stores.store import StoreFailed, film_key_object, manifest_object, receipt_object
from companion_api.truth.film_check import FilmCheck
from footage.keys import new_key
from footage.manifest import sign_manifest
from footage.receipt import manifest_digest, sign_receipt
from tests.companion_api.builders import Kit, Service
from tests.companion_api.truth.builders import at_once, flip_a_bit, path_of, scrub, scrubbed, standing
from tests.footage.builders import Agency, Film, make_film

K = FaultKind


@pytest.fixture
def held(service: Service, kit: Kit, film: Film) -> Film:
    kit.put_film(film)
    return film


def test_every_fault_has_a_meaning_and_a_next_step() -> None:
    assert set(MEANINGS) == set(FaultKind)
    assert all(meaning.text and meaning.next_step for meaning in MEANINGS.values())


def test_what_was_sent_is_without_faults_whatever_its_state(service: Service, kit: Kit, agency: Agency) -> None:
    films = [make_film(agency) for _ in range(4)]
    kit.put_pieces(films[0])
    for film in films[1:]:
        kit.put_film(film)
    kit.send("POST", f"/v1/films/{films[2].film}/erased")
    kit.send("DELETE", f"/v1/films/{films[3].film}")
    row = scrub(service)
    assert standing(service) == []
    assert (row.films, row.objects) == (4, 3 * 5 + 2 * 2)
    assert row.bytes == sum(len(service.store.get(name) or b"") for name in service.store.list("films"))


def _remove(service: Service, film: str, name: str) -> None:
    path_of(service, film, name).unlink()


def _flip(service: Service, film: str, name: str) -> None:
    flip_a_bit(path_of(service, film, name))


def _cut(service: Service, film: str, name: str) -> None:
    path = path_of(service, film, name)
    path.write_bytes(path.read_bytes()[:-1])


def _empty(service: Service, film: str, name: str) -> None:
    path_of(service, film, name).write_bytes(b"")


def _swap(service: Service, film: str, name: str) -> None:
    """Put another part of the same film in its place."""
    path_of(service, film, name).write_bytes(path_of(service, film, "parts/00000").read_bytes())


DAMAGED = [
    (_remove, "parts/00001", K.PART_MISSING),
    (_flip, "parts/00001", K.PART_DAMAGED),
    (_cut, "parts/00001", K.PART_DAMAGED),
    (_empty, "parts/00003", K.PART_DAMAGED),
    (_swap, "parts/00001", K.PART_DAMAGED),
    (_remove, "film.key", K.KEY_MISSING),
    (_flip, "film.key", K.KEY_DAMAGED),
    (_remove, "manifest.jws", K.MANIFEST_MISSING),
    (_flip, "manifest.jws", K.MANIFEST_DAMAGED),
    (_remove, "receipt.jws", K.RECEIPT_MISSING),
    (_flip, "receipt.jws", K.RECEIPT_FORGED),
]


def test_a_damaged_object_is_named(service: Service, held: Film) -> None:
    """One damage after the other, each mended before the next."""
    for damage, name, kind in DAMAGED:
        path = path_of(service, held.film, name)
        good = path.read_bytes()
        damage(service, held.film, name)
        assert scrubbed(service) == [(kind, name)]
        path.write_bytes(good)
    assert scrubbed(service) == []


def test_an_open_film_is_checked_by_its_rows(service: Service, kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    for name in ("film.key", "parts/00001"):
        flip_a_bit(path_of(service, film.film, name))
    assert scrubbed(service) == [(K.KEY_DAMAGED, "film.key"), (K.PART_DAMAGED, "parts/00001")]


def test_a_sector_that_cant_be_read_is_damage_and_the_scrub_goes_on(
    service: Service, kit: Kit, agency: Agency, held: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.put_film(make_film(agency))
    bad, real = path_of(service, held.film, "parts/00002"), Path.read_bytes

    def read(path: Path) -> bytes:
        if path == bad:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", read)
        assert scrubbed(service) == [(K.PART_DAMAGED, "parts/00002")]
        assert scrub(service).films == 2


def test_a_store_that_fails_altogether_is_no_damage(
    service: Service, held: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", broken)
        with pytest.raises(StoreFailed):
            scrub(service)
    assert standing(service) == []


def test_a_manifest_of_another_signer_is_forged(service: Service, held: Film) -> None:
    """Both store and database were changed, so that they agree."""
    forged = sign_manifest(held.signed, new_key())
    service.store.replace(manifest_object(held.film), forged.encode())
    _set(service, held.film, "manifest_sha256", forged)
    assert scrubbed(service) == [(K.MANIFEST_FORGED, "manifest.jws")]


def test_a_manifest_of_another_film_is_forged(service: Service, agency: Agency, held: Film) -> None:
    other = make_film(agency)
    assert other.token is not None
    service.store.replace(manifest_object(held.film), other.token.encode())
    _set(service, held.film, "manifest_sha256", other.token)
    assert scrubbed(service) == [(K.MANIFEST_FORGED, "manifest.jws")]


def _set(service: Service, film: str, column: str, token: str) -> None:
    with service.archive.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE films SET {column} = '{manifest_digest(token)}' WHERE film = '{film}'")


def test_a_receipt_that_is_not_the_films_own_is_forged(service: Service, agency: Agency, held: Film) -> None:
    for forged in (
        sign_receipt(held.receipt(), new_key()),
        make_film(agency).signed_receipt(),
        sign_receipt(replace(held.receipt(), parts=9), agency.receipt_key),
    ):
        service.store.replace(receipt_object(held.film), forged.encode())
        assert scrubbed(service) == [(K.RECEIPT_FORGED, "receipt.jws")]


def test_a_kit_that_the_directory_has_forgotten_is_named(service: Service, agency: Agency, held: Film) -> None:
    service.agency = Agency(kit="kit-0002")
    service.agency.root, service.agency.receipt_key = agency.root, agency.receipt_key
    assert scrubbed(service) == [(K.KIT_UNKNOWN, "manifest.jws")]


def test_a_row_that_says_other_than_the_manifest_is_stale(service: Service, held: Film) -> None:
    with service.archive.database.writing() as connection:
        for statement in (
            f"UPDATE parts SET sha256 = '{'0' * 64}' WHERE number = 1",
            "UPDATE parts SET size = size + 1 WHERE number = 2",
            "DELETE FROM parts WHERE number = 0",
            f"UPDATE films SET key_sha256 = '{'0' * 64}'",
        ):
            connection.exec_driver_sql(statement)
    stale = ["film.key", "parts/00000", "parts/00001", "parts/00002"]
    assert scrubbed(service) == [(K.ROW_STALE, name) for name in stale]


def test_a_row_of_an_open_film_with_a_false_size_is_stale(service: Service, kit: Kit, film: Film) -> None:
    kit.put_pieces(film)
    with service.archive.database.writing() as connection:
        connection.exec_driver_sql("UPDATE parts SET size = size + 1 WHERE number = 2")
    assert scrubbed(service) == [(K.ROW_STALE, "parts/00002")]


def test_an_object_without_a_row_is_named_and_not_grave(service: Service, kit: Kit, film: Film) -> None:
    """As a crash between object and row leaves it, until the kit sends it again."""
    kit.put_part(film.film, 0, film.parts[0])
    service.store.put(f"films/{film.film}/parts/00001", film.parts[1])
    assert scrubbed(service) == [(K.UNLISTED_OBJECT, "parts/00001")]
    assert not MEANINGS[K.UNLISTED_OBJECT].grave
    assert kit.put_part(film.film, 1, film.parts[1]).status_code == 200
    assert scrubbed(service) == []


def test_a_film_without_a_row_is_named_wherever_its_id_stands(service: Service, kit: Kit, agency: Agency) -> None:
    for film in (make_film(agency) for _ in range(3)):
        kit.put_film(film)
    unlisted = [make_film(agency, film=film) for film in (f"{c}" * 8 + "-0000-4000-8000-000000000000" for c in "0f")]
    for film in unlisted:
        film.write(service.data / "store" / "films" / film.film)
    assert scrubbed(service) == [(K.FILM_UNLISTED, f"films/{film.film}") for film in unlisted]
    assert scrub(service).films == 5


def test_what_is_left_of_a_film_that_is_gone_is_named(service: Service, kit: Kit, held: Film) -> None:
    kit.send("DELETE", f"/v1/films/{held.film}")
    service.store.put(film_key_object(held.film), b"late")
    assert scrubbed(service) == [(K.LEFTOVER, "film.key")]


def test_the_stores_copy_of_the_directory_is_checked(service: Service, held: Film) -> None:
    service.store.replace("directory.jws", Agency().signed_directory().encode())
    assert scrubbed(service) == [(K.DIRECTORY_FORGED, "directory.jws")]
    service.store.delete(["directory.jws"])
    assert scrubbed(service) == [(K.DIRECTORY_FORGED, "directory.jws")]


def test_a_fault_stands_until_a_scrub_no_longer_finds_it(service: Service, kit: Kit, held: Film) -> None:
    path = path_of(service, held.film, "parts/00001")
    good = path.read_bytes()
    flip_a_bit(path)
    assert len(scrubbed(service)) == 1
    service.clock.forward(days=1)
    assert len(scrubbed(service)) == 1, "it is one fault, however often it is found"
    path.write_bytes(good)
    assert scrubbed(service) == []


def test_faults_of_what_nobody_knows_any_more_go_with_the_next_whole_scrub(service: Service, agency: Agency) -> None:
    film = make_film(agency)
    folder = service.data / "store" / "films" / film.film
    film.write(folder)
    assert len(scrubbed(service)) == 1
    service.store.delete(list(service.store.list(f"films/{film.film}")))
    service.clock.forward(seconds=1)
    assert scrubbed(service) == []


def _between_looks(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Let something happen between the reading of a film's rows and the reading of its objects."""
    real, pending = FilmCheck._piece, [change]

    def piece(self: FilmCheck, film: str, expected: object) -> object:
        if pending:
            pending.pop()()
        return real(self, film, expected)  # type: ignore[arg-type]

    monkeypatch.setattr(FilmCheck, "_piece", piece)


def test_a_film_that_is_taken_back_meanwhile_is_no_fault(
    service: Service, kit: Kit, held: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    _between_looks(monkeypatch, lambda: _ok(kit.send("DELETE", f"/v1/films/{held.film}").status_code))
    assert scrubbed(service) == []


def test_a_film_that_arrives_meanwhile_is_no_fault(
    service: Service, kit: Kit, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first part's object is listed, and its row comes after the row was looked for."""
    film = make_film(agency)
    service.store.put(f"films/{film.film}/parts/00000", film.parts[0])
    arrives = [film]

    def settle() -> None:
        kit.put_film(arrives.pop())

    manner = at_once()
    assert scrubbed(service, type(manner)(manner.spent, settle=settle)) == []
    assert not arrives


def _ok(status: int) -> None:
    assert status in (200, 201, 204)


def test_a_stopped_scrub_goes_on_where_it_stopped(service: Service, kit: Kit, agency: Agency) -> None:
    for _ in range(5):
        kit.put_film(make_film(agency))
    seen: list[int] = []
    manner = at_once()
    first = scrub(service, type(manner)(seen.append, lambda: len(seen) >= 3 * 7, settle=manner.settle))
    assert (first.ended_at, first.films) == (None, 3)
    second = scrub(service, anew=False)
    assert second.number == first.number
    assert second.ended_at is not None
    assert (second.films, second.objects) == (5, 35)
    third = scrub(service, anew=False)
    assert (third.number, third.films) == (first.number + 1, 5)


def test_a_crash_costs_no_more_than_the_last_seconds(service: Service, kit: Kit, agency: Agency) -> None:
    for _ in range(5):
        kit.put_film(make_film(agency))
    read: list[int] = []

    def spent(count: int) -> None:
        read.append(count)
        if len(read) == 30:
            raise InterruptedError

    ticks = iter(range(0, 1000, 10))
    manner = type(at_once())(spent, settle=lambda: None, clock=lambda: float(next(ticks)))
    with pytest.raises(InterruptedError):
        scrub(service, manner)
    second = scrub(service, anew=False)
    assert (second.number, second.films, second.objects) == (1, 5, 35)


def test_a_scrub_begins_anew_if_it_is_told_so(service: Service, held: Film) -> None:
    manner = at_once()
    stopped = scrub(service, type(manner)(manner.spent, lambda: True, settle=manner.settle))
    assert stopped.films == 0
    assert scrub(service, anew=True).number == stopped.number + 1


def test_a_listed_part_that_a_row_lacks_is_expected_all_the_same(service: Service, held: Film) -> None:
    with service.archive.database.writing() as connection:
        FilmRows(connection).remove_part(held.film, 1)
        FilmRows(connection).add_part(held.film, HeldPart(77, "0" * 64, 1))
    path_of(service, held.film, "parts/00001").unlink()
    assert scrubbed(service) == [(K.PART_MISSING, "parts/00001"), (K.PART_MISSING, "parts/00077")]
