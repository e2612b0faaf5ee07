"""Backups are older than erasures: whatever comes back is erased again."""

import shutil
import uuid
from pathlib import Path

import pytest
from msgspec.structs import replace

from companion_api.audit.trail import entries
from companion_api.films.film_states import FilmState
from companion_api.films.replay import replay
from companion_api.films.withdrawal import withdraw
from footage.erasure import Reason, sign_erasure
from footage.keys import new_key, thumbprint
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.films.agency_life import (
    CASE,
    LEAD,
    certificate,
    check_erased,
    filed,
    is_whole,
    row,
)
from tests.companion_api.test_crashes import Fuse, PowerCut
from tests.footage.builders import make_film
from tests.footage.test_erasure import certificate as made_certificate


class Backup:
    """A copy of store and database, as they were; the journal stands elsewhere."""

    def __init__(self, service: Service, folder: Path) -> None:
        """Copy while the service is down: it may open as it likes afterwards."""
        self.service = service
        self.folder = folder / "backup"
        service.close()
        shutil.copytree(service.data, self.folder, ignore=shutil.ignore_patterns("erasures"))
        service._open()

    def restore(self, *parts: str) -> None:
        """Put the named parts back (all, if none is named), and open the service on them."""
        self.put_back(*parts)
        self.service._open()

    def put_back(self, *parts: str) -> None:
        self.service.close()
        for part in parts or ("store", "companion.sqlite3"):
            for old in self.service.data.glob(f"{part}*"):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            for held in self.folder.glob(f"{part}*"):
                (shutil.copytree if held.is_dir() else shutil.copy)(held, self.service.data / held.name)


def test_what_was_erased_since_the_backup_does_not_come_back(service: Service, kit: Kit, tmp_path: Path) -> None:
    withdrawn, kept = filed(service), filed(service)
    taken_back, opened, unseen = (make_film(service.agency) for _ in range(3))
    kit.put_film(taken_back)
    kit.put_pieces(opened)
    backup = Backup(service, tmp_path)
    kit = Kit(service).begin()
    for film in (taken_back, unseen):
        assert kit.send("DELETE", f"/v1/films/{film.film}").status_code == 204
    withdraw(service.eraser, [withdrawn.film, opened.film], Reason.FAMILY_ASKED, LEAD)
    later = filed(service)  # came after the backup, and is erased too: the database does not know it at all
    withdraw(service.eraser, [later.film], Reason.MISTAKE, LEAD)
    gone = (withdrawn, opened, later, taken_back, unseen)
    before = {film.film: certificate(service, film.film) for film in gone}
    backup.restore()
    for film in (withdrawn, opened, later):
        assert check_erased(service, film.film) == before[film.film]
    for film in (taken_back, unseen):
        assert check_erased(service, film.film, FilmState.TAKEN_BACK) == before[film.film]
    assert is_whole(service, kept)
    assert row(service, kept.film).case == CASE
    kit = Kit(service).begin()
    assert problem(kit.put_key(later.film, later.sealed_key or b"")) == "film-erased"
    assert problem(kit.put_part(unseen.film, 0, unseen.parts[0])) == "film-taken-back"
    with service.archive.database.reading() as connection:
        replayed = [entry.subject for entry in entries(connection) if entry.action == "erasure replayed"]
    assert sorted(replayed) == sorted(f"film:{film.film}" for film in gone)
    assert replay(service.eraser) == replay(service.eraser, thorough=True) == ([], [], {}, {})


@pytest.mark.parametrize("restored", ["store", "companion.sqlite3"])
def test_one_half_that_is_restored_alone_brings_nothing_back(service: Service, tmp_path: Path, restored: str) -> None:
    film = filed(service)
    backup = Backup(service, tmp_path)
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    erasure = certificate(service, film.film)
    backup.restore(restored)
    assert replay(service.eraser, thorough=True).failed == {}
    assert check_erased(service, film.film) == erasure


def test_a_journal_that_was_lost_is_written_again_from_the_store(service: Service) -> None:
    films = [filed(service) for _ in range(2)]
    withdraw(service.eraser, [film.film for film in films], Reason.FAMILY_ASKED, LEAD)
    service.journal.delete([f"{film.film}.jws" for film in films])
    assert sorted(replay(service.eraser).copied) == sorted(film.film for film in films)
    for film in films:
        check_erased(service, film.film)
    assert replay(service.eraser).copied == []


def test_an_erasure_under_way_at_the_backup_is_certified_as_it_was(service: Service, tmp_path: Path) -> None:
    film = filed(service)
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, 0, after=True)
        with pytest.raises(PowerCut):
            withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    backup = Backup(service, tmp_path)
    erasure = check_erased(service, film.film)
    service.clock.forward(days=9)
    backup.restore()
    assert check_erased(service, film.film) == erasure


@pytest.mark.parametrize("done", range(1, 9))
def test_a_replay_that_ends_in_a_power_cut_is_gone_on_with(service: Service, tmp_path: Path, done: int) -> None:
    """Steps: migration; certificate in journal and store; tombstone; film.key; the rest; certificates again; row."""
    film = filed(service)
    backup = Backup(service, tmp_path)
    withdraw(service.eraser, [film.film], Reason.FAMILY_ASKED, LEAD)
    erasure = certificate(service, film.film)
    backup.put_back()
    with pytest.MonkeyPatch.context() as patched:
        Fuse(patched, done, after=False)
        with pytest.raises(PowerCut):
            service._open()
    service._open()
    assert check_erased(service, film.film) == erasure


@pytest.mark.parametrize("flaw", ["a stranger's", "another film's", "no certificate", "cut off"])
def test_a_certificate_that_proves_nothing_erases_nothing(service: Service, flaw: str) -> None:
    """Whoever can write to the journal's disk must not be able to destroy films by it."""
    film = filed(service)
    true, stranger = made_certificate(service.agency, film.film), new_key()
    tokens = {
        "a stranger's": sign_erasure(replace(true, receipt_key=thumbprint(stranger.public_key())), stranger),
        "another film's": sign_erasure(replace(true, film=str(uuid.uuid4())), service.agency.receipt_key),
        "no certificate": "erase it",
        "cut off": sign_erasure(true, service.agency.receipt_key)[:-9],
    }
    service.journal.put(f"{film.film}.jws", tokens[flaw].encode())
    replayed = replay(service.eraser, thorough=True)
    assert replayed.unproven.keys() == {film.film}
    assert replayed.unproven[film.film]
    assert is_whole(service, film)
    service.restart()
    assert is_whole(service, film)


def test_what_else_lies_in_the_journal_is_left_alone(service: Service) -> None:
    service.journal.put("readme.txt", b"certificates of erasures")
    assert replay(service.eraser) == ([], [], {}, {})
