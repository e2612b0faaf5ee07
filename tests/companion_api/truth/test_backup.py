"""Backups beside a service that is used: whole, of one moment, incremental, and continued after a crash."""

import errno
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from companion_api.audit.trail import entries
from companion_api.database.copying import filled_tables
from companion_api.database.database import Database
from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows
from companion_api.service import Exit, NotStarted
from companion_api.signatures import sign_message
from companion_api.stores.disk_store import DiskStore
from companion_api.truth import backup as backup_module
from companion_api.truth.backup_folder import BackupFolder, BackupNote, BackupRefused
from companion_api.truth.object_copy import Run, Stopped
from companion_api.truth.proof import proving
from companion_api.truth.scrub import scrub_all
from footage import durable
from footage.jws import MessageType
from footage.keys import new_key
from tests.companion_api.builders import Kit, Service
from tests.companion_api.command_line import run_command
from tests.companion_api.truth.builders import (
    at_once,
    back_up_into,
    ended,
    flip_a_bit,
    objects_of,
    path_of,
    rows_of,
    whole_gone_and_open,
)
from tests.footage.builders import Agency, Film, make_film


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def _note(service: Service, to: Path) -> BackupNote:
    note = BackupFolder(to).note(service.agency.verified_directory(), service.agency.root_thumbprint)
    assert note is not None
    return note


def _faults(service: Service, to: Path) -> list[str]:
    """Scrub a backup, and return its faults."""
    folder, note = BackupFolder(to), _note(service, to)
    with proving(folder, note, service.data) as archive:
        scrub_all(archive, service.agency.verified_directory(), service.agency.root_thumbprint, at_once(), anew=True)
        with archive.database.reading() as connection:
            return [f"{fault.kind} {fault.object}" for fault, _ in FaultRows(connection).standing()]


def test_a_backup_has_every_row_and_every_object(service: Service, kit: Kit, to: Path) -> None:
    whole, _, still_open = whole_gone_and_open(service, kit)
    rows = rows_of(service.archive.database)
    note, uncopied = back_up_into(service, to)
    assert uncopied.count == 0
    assert objects_of(DiskStore(to / "store")) == objects_of(service.store)
    with proving(BackupFolder(to), note, service.data) as archive:
        assert rows_of(archive.database) == rows
        with archive.database.reading() as connection:
            assert "audit" in filled_tables(connection)
    assert _faults(service, to) == []
    size = sum(len(part) for film in (whole, still_open) for part in film.parts.values())
    assert (note.films, note.parts, note.bytes) == (2, 8, size)
    with service.archive.database.reading() as connection:
        told = list(entries(connection))
    assert (note.audit_number, note.audit_hash) == (told[-2].number, told[-2].hash)
    assert told[-1].action == "backed up"
    assert told[-1].detail["database"] == note.database_sha256
    assert sorted(path.name for path in to.iterdir()) == ["backup.jws", note.database, "store"]


def test_the_next_backup_copies_what_is_new_and_erases_what_was_erased(
    service: Service, kit: Kit, agency: Agency, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, erased, new = (make_film(agency) for _ in range(3))
    kit.put_film(kept)
    kit.put_film(erased)
    back_up_into(service, to)
    kit.put_film(new)
    kit.send("DELETE", f"/v1/films/{erased.film}")
    put: list[str] = []
    real = DiskStore.put

    def noted(store: DiskStore, key: str, data: bytes) -> object:
        put.append(key)
        return real(store, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "put", noted)
        back_up_into(service, to)
    assert len(put) == 8
    assert sorted(name for name in put if new.film not in name) == [f"erasures/{erased.film}.jws"]
    assert objects_of(DiskStore(to / "store")) == objects_of(service.store)
    assert not list((to / "store" / "films").glob(f"{erased.film}*"))
    assert len(list(to.glob("database-*"))) == 1


def test_a_kit_that_sends_all_the_while_makes_no_backup_untrue(
    service: Service, kit: Kit, agency: Agency, to: Path
) -> None:
    """Whatever was on its way, the backup is of one moment: no row without its object."""
    for _ in range(3):
        kit.put_film(make_film(agency))
    films = [make_film(agency) for _ in range(12)]
    sent, over = [], threading.Event()

    def send() -> None:
        for film in films:
            if over.is_set():
                return
            kit.put_film(film)
            sent.append(film)

    sender = threading.Thread(target=send)
    sender.start()
    notes = [back_up_into(service, to) for _ in range(3)]
    over.set()
    sender.join()
    assert sent
    assert [uncopied.count for _, uncopied in notes] == [0, 0, 0]
    assert _faults(service, to) == []


def test_a_film_that_is_erased_while_it_is_copied_is_not_in_the_backup(
    service: Service, kit: Kit, agency: Agency, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = sorted((make_film(agency) for _ in range(2)), key=lambda film: film.film)
    real, late = backup_module._snapshot, make_film(agency)
    pending: list[Film] = [late]

    def then_erased(archive: Archive, file: Path) -> Database:
        if pending:
            kit.put_film(late)  # so that it is in the moment, and not copied yet
        snapshot = real(archive, file)
        if pending:
            assert kit.send("DELETE", f"/v1/films/{pending.pop().film}").status_code == 204
        return snapshot

    for film in films:
        kit.put_film(film)
    monkeypatch.setattr(backup_module, "_snapshot", then_erased)
    note, uncopied = back_up_into(service, to)
    assert (note.films, uncopied.count) == (2, 0)
    assert not list(DiskStore(to / "store").list(f"films/{late.film}"))
    assert _faults(service, to) == []


def test_what_the_store_has_lost_is_named_and_the_rest_is_copied(
    service: Service, kit: Kit, film: Film, to: Path
) -> None:
    kit.put_film(film)
    flip_a_bit(path_of(service, film.film, "parts/00001"))
    path_of(service, film.film, "parts/00002").unlink()
    _, uncopied = back_up_into(service, to)
    assert uncopied.count == 2
    assert uncopied.first == [
        f"films/{film.film}/parts/00001: it is damaged in the store",
        f"films/{film.film}/parts/00002: it is not in the store",
    ]
    assert len(objects_of(DiskStore(to / "store"))) == 1 + 5


def test_what_was_copied_before_it_was_damaged_stays_good(service: Service, kit: Kit, film: Film, to: Path) -> None:
    kit.put_film(film)
    back_up_into(service, to)
    flip_a_bit(path_of(service, film.film, "parts/00001"))
    _, uncopied = back_up_into(service, to)
    assert uncopied.count == 0
    assert _faults(service, to) == []


class PowerCut(BaseException):
    """The process ends here; nothing of ours may catch it."""


DURABLE = [(durable, "write_file"), (durable, "sync_file"), (durable, "remove_file"), (DiskStore, "put")]


NOTED = 10  # steps until the note is durable: the mark of the beginning, seven objects, database, note


@pytest.mark.parametrize("at", [0, 5, NOTED - 1, NOTED, NOTED + 1])
def test_a_crash_leaves_the_backup_before_and_the_next_call_goes_on(
    service: Service, kit: Kit, agency: Agency, to: Path, at: int
) -> None:
    kit.put_film(make_film(agency))
    before, _ = back_up_into(service, to)
    kit.put_film(make_film(agency))
    steps = [0]

    def fused(real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object) -> object:
            steps[0] += 1
            if steps[0] > at:
                raise PowerCut
            return real(*args)

        return step

    with pytest.MonkeyPatch.context() as patched:
        for owner, name in DURABLE:
            patched.setattr(owner, name, fused(getattr(owner, name)))
        with suppress(PowerCut):
            back_up_into(service, to)
    assert (steps[0] > at) is (at <= NOTED), "it came to the step, or to its end"
    assert (_note(service, to) == before) is (at < NOTED)
    unlisted = [fault.startswith("film-unlisted") for fault in _faults(service, to)]
    assert unlisted in ([], [True]), "the backup before is whole, beside what the next one had copied"
    note, uncopied = back_up_into(service, to)
    assert (note.films, uncopied.count) == (2, 0)
    assert _faults(service, to) == []
    assert sorted(path.name for path in to.iterdir()) == ["backup.jws", note.database, "store"]


def test_a_signal_stops_it_and_the_next_call_goes_on(service: Service, kit: Kit, agency: Agency, to: Path) -> None:
    for _ in range(3):
        kit.put_film(make_film(agency))
    done: list[int] = []
    with pytest.raises(Stopped):
        back_up_into(service, to, Run(done.append, stopped=lambda: len(done) > 8))
    assert BackupFolder(to).is_unfinished
    with pytest.raises(NotStarted, match="cut short; finish it"):
        run_command(service, "scrub", "--backup", str(to))
    back_up_into(service, to)
    assert not BackupFolder(to).is_unfinished
    assert _faults(service, to) == []


@pytest.mark.parametrize(("code", "at"), [(errno.ENOSPC, 0), (errno.ENOSPC, 5), (errno.EIO, 3)])
def test_a_full_or_failing_disk_is_named_and_nothing_is_lost(
    service: Service, kit: Kit, film: Film, to: Path, code: int, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.put_film(film)
    real, calls = os.posix_fallocate, iter(range(1000))

    def full(descriptor: int, offset: int, length: int) -> None:
        if next(calls) >= at:
            raise OSError(code, os.strerror(code))
        real(descriptor, offset, length)

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        with pytest.raises(NotStarted) as refused:
            run_command(service, "backup", "--to", str(to))
    assert refused.value.exit_code == Exit.DESTINATION_UNUSABLE
    assert ("is full. Make room and call again" in str(refused.value)) is (code == errno.ENOSPC)
    assert str(to) in str(refused.value)
    assert ended(service, "backup", "--to", str(to)) == 0
    assert _faults(service, to) == []


def test_the_command_backs_up_proves_and_says_so(
    service: Service, kit: Kit, film: Film, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_film(film)
    assert ended(service, "backup", "--to", str(to)) == 0
    said = capsys.readouterr().out
    assert "1 films, 4 parts" in said
    assert "7 objects" in said
    assert "no faults" in said
    assert not list(service.data.glob("proving-*"))
    assert ended(service, "backup", "--to", str(to), "--no-prove") == 0
    assert "no faults" not in capsys.readouterr().out
    assert ended(service, "scrub", "--backup", str(to)) == 0


def test_a_damaged_backup_is_found_and_copied_anew(
    service: Service, kit: Kit, film: Film, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_film(film)
    assert ended(service, "backup", "--to", str(to)) == 0
    flip_a_bit(to / "store" / "films" / film.film / "parts" / "00001")
    (to / "store" / "films" / film.film / "parts" / "00002").unlink()
    assert ended(service, "scrub", "--backup", str(to)) == Exit.FAULTS_FOUND
    said = capsys.readouterr().out
    assert "part-damaged" in said
    assert "part-missing" in said
    assert "1 damaged objects of the backup are set aside" in said
    assert ended(service, "backup", "--to", str(to)) == 0
    assert ended(service, "scrub") == 0, "the service's own store was never at fault"


def test_a_proof_that_was_stopped_goes_on(service: Service, kit: Kit, agency: Agency, to: Path) -> None:
    for _ in range(3):
        kit.put_film(make_film(agency))
    note, _ = back_up_into(service, to)
    seen: list[int] = []
    root, directory = service.agency.root_thumbprint, service.agency.verified_directory()
    manner = type(at_once())(seen.append, lambda: len(seen) >= 7, asks_again=False, settle=lambda: None)
    with proving(BackupFolder(to), note, service.data) as archive:
        assert scrub_all(archive, directory, root, manner).films == 1
    with proving(BackupFolder(to), note, service.data) as archive:
        assert scrub_all(archive, directory, root, at_once()).films == 3


def test_a_damaged_database_is_refused(service: Service, kit: Kit, film: Film, to: Path) -> None:
    kit.put_film(film)
    note, _ = back_up_into(service, to)
    flip_a_bit(to / note.database, at=5000)
    with pytest.raises(NotStarted, match=r"is damaged\. Use another backup") as refused:
        run_command(service, "scrub", "--backup", str(to))
    assert refused.value.exit_code == Exit.BACKUP_REFUSED
    (to / note.database).unlink()
    with pytest.raises(NotStarted, match="is missing"):
        run_command(service, "scrub", "--backup", str(to))


def test_a_note_that_is_forged_or_of_another_agency_is_refused(service: Service, to: Path) -> None:
    note, _ = back_up_into(service, to)
    agency = service.agency
    for forged, said in (
        (sign_message(MessageType.BACKUP, note, new_key()), "proves nothing"),
        (sign_message(MessageType.AUDIT_HEAD, note, agency.receipt_key), "proves nothing"),
        (sign_message(MessageType.BACKUP, replace(note, root="x" * 43), agency.receipt_key), "another agency"),
    ):
        (to / "backup.jws").write_bytes(forged)
        for command in (("scrub", "--backup", str(to)), ("backup", "--to", str(to))):
            with pytest.raises(NotStarted, match=said) as refused:
                run_command(service, *command)
            assert refused.value.exit_code == Exit.BACKUP_REFUSED


def test_folders_that_cant_hold_a_backup_are_refused(service: Service, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"x")
    for folder, said in (
        (tmp_path / "photos", "holds other things"),
        (service.data / "backup", "is within"),
        (service.data / "store", "is within"),
        (Path("/proc/backup"), "can't be used"),
    ):
        with pytest.raises(NotStarted, match=said):
            run_command(service, "backup", "--to", str(folder))
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["one.jpg"]
    with pytest.raises(NotStarted, match="is no folder"):
        run_command(service, "scrub", "--backup", str(tmp_path / "nowhere"))
    with pytest.raises(NotStarted, match="there is none"):
        run_command(service, "scrub", "--backup", str(tmp_path / "photos"))


def test_a_disks_own_folder_is_no_other_thing(service: Service, to: Path) -> None:
    (to / "lost+found").mkdir(parents=True)
    assert ended(service, "backup", "--to", str(to)) == 0


def test_a_backup_of_a_newer_version_is_refused(service: Service, to: Path, tmp_path: Path) -> None:
    note, _ = back_up_into(service, to)
    with closing(sqlite3.connect(to / note.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    sha256 = hashlib.sha256((to / note.database).read_bytes()).hexdigest()
    signed = sign_message(MessageType.BACKUP, replace(note, database_sha256=sha256), service.agency.receipt_key)
    (to / "backup.jws").write_bytes(signed)
    with pytest.raises(BackupRefused, match="newer version"), proving(BackupFolder(to), _note(service, to), tmp_path):
        pass
