"""The power is cut at the durable steps of a backup: its folder holds the backup before, or the new one. At those of
a restore nobody opens what is half. In both cases the next call comes to its end, as it does after a full disk.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from companion_api.audit.trail import entries
from companion_api.database.database import Database
from companion_api.service import Exit
from companion_api.stores.disk_store import DiskStore
from companion_api.truth.backup_folder import BackupFolder
from footage.keys import key_to_pem
from tests.companion_api.builders import Kit, Service, sqlite
from tests.companion_api.truth.builders import objects_of
from tests.footage.builders import Agency, Film, make_film
from tests.rigs.careless import careless
from tests.rigs.power_cut import Disk, enlarge_memory_disk, mounted_disk, small_memory_disk
from tests.rigs.steps import Fault, kill_at, sample, steps_below, tracer

pytestmark = pytest.mark.rig
MOST_POINTS = 14
OF_THE_NEXT = {  # what it had begun to copy, and what of the film that was erased since it had removed
    *("film-unlisted", "part-missing", "key-missing", "manifest-missing", "receipt-missing"),
}
SMALL_KIB, LARGE_KIB = 256, 16_384


class Office:
    """A service with two films, a third that was erased after the first backup, and that backup."""

    def __init__(self, folder: Path, warm: Sequence[str]) -> None:
        self.agency = Agency()
        self.folder = folder
        self.warm = warm
        self.service = Service(folder, self.agency)
        (folder / "receipt.pem").write_bytes(key_to_pem(self.agency.receipt_key))
        self.before = folder / "before"
        self.trace = folder / "steps.log"
        kit = Kit(self.service).begin()
        self.films: list[Film] = [make_film(self.agency) for _ in range(2)]
        erased = make_film(self.agency)
        kit.put_film(self.films[0])
        kit.put_film(erased)
        assert self.run("backup", "--to", str(self.before)) == 0
        kit.put_film(self.films[1])
        kit.send("DELETE", f"/v1/films/{erased.film}")

    def run(
        self,
        *arguments: str,
        data: Path | None = None,
        fault: Fault | None = None,
        traced: bool = False,
        forgotten: str = "",
    ) -> int:
        """Run a command as a process of its own, and return how it ended."""
        given = {
            "DATA": data or self.service.data,
            "RECEIPT_KEY": self.folder / "receipt.pem",
            "ROOT": self.agency.root_thumbprint,
            "DIRECTORY": self.service.directory_file,
            "ERASURES": self.service.data / "erasures",
        }
        environment = os.environ | {f"COMPANION_API_{name}": str(value) for name, value in given.items()}
        before = [*self.warm, *(tracer(self.trace, fault) if fault or traced else []), *careless(forgotten)]
        command = [*before, sys.executable, "-m", "companion_api", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        if "Traceback" in done.stderr:
            pytest.fail(done.stderr)
        self.said = done.stdout + done.stderr
        return done.returncode


@pytest.fixture
def office(tmp_path: Path, warm: list[str]) -> Iterator[Office]:
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", warm)
    yield office
    office.service.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted_disk(tmp_path / "disk.img", tmp_path / "disk") as disk:
        yield disk


def _backup_anew(office: Office, disk: Disk) -> Path:
    """Put the backup before on an empty disk, durably."""
    disk.make_anew()
    to = disk.at / "backup"
    shutil.copytree(office.before, to)
    os.sync()
    return to


def _kinds(office: Office, to: Path) -> set[str]:
    """Scrub a backup, and return the kinds of its faults."""
    end = office.run("scrub", "--backup", str(to), "--json")
    assert end in (0, Exit.FAULTS_FOUND), office.said
    report = next(line for line in office.said.splitlines() if line.startswith("{"))
    return {fault["kind"] for fault in json.loads(report)["faults"]}


def test_a_backup_that_lost_its_power_is_the_one_before_or_the_new_one(office: Office, disk: Disk) -> None:
    agency = office.agency
    to = _backup_anew(office, disk)
    assert office.run("backup", "--to", str(to), "--no-prove", traced=True) == 0
    steps = steps_below(office.trace, to)
    chosen = sample(steps, MOST_POINTS)
    print(f"{len(steps)} durable steps of a backup, {len(chosen)} of them cut")
    before = BackupFolder(office.before).note(agency.verified_directory(), agency.root_thumbprint)
    unfinished, faults = 0, {}
    for number, step in enumerate(chosen):
        to = _backup_anew(office, disk)
        office.run("backup", "--to", str(to), "--no-prove", fault=kill_at(step))
        disk.cut(log_flushed=bool(number % 3 == 2))
        found = []
        note = BackupFolder(to).note(agency.verified_directory(), agency.root_thumbprint)
        unfinished += note == before
        kinds = _kinds(office, to) - {"film-unlisted"}  # what the next backup had begun to copy
        if kinds - (
            {"part-missing", "key-missing", "manifest-missing", "receipt-missing"} if note == before else set()
        ):
            found.append(f"the backup has faults: {kinds}")  # missing: the film that was erased since
        if office.run("backup", "--to", str(to)) != 0:
            found.append(f"the next backup failed: {office.said}")
        if objects_of(DiskStore(to / "store")) != objects_of(office.service.store):
            found.append("the next backup has other objects than the service")
        faults[str(step)] = found
    assert {step: found for step, found in faults.items() if found} == {}
    assert unfinished >= len(chosen) // 3


def test_a_forgotten_fsync_of_a_backup_is_caught(office: Office, disk: Disk) -> None:
    disk.make_anew()
    to = disk.at / "backup"
    assert office.run("backup", "--to", str(to), "--no-prove") == 0
    disk.cut()
    assert _kinds(office, to) == set()
    disk.make_anew()
    assert office.run("backup", "--to", str(to), "--no-prove", forgotten="file") == 0
    disk.cut(log_flushed=True)
    assert office.run("scrub", "--backup", str(to)) in (Exit.FAULTS_FOUND, Exit.BACKUP_REFUSED)


def test_a_restore_that_lost_its_power_goes_on(office: Office, disk: Disk) -> None:
    data, arguments = disk.at / "data", ("restore", "--from", str(office.before), "--no-prove")
    assert office.run(*arguments, data=data, traced=True) == 0
    steps = steps_below(office.trace, data)
    chosen = sample(steps, MOST_POINTS)
    print(f"{len(steps)} durable steps of a restore, {len(chosen)} of them cut")
    unfinished, faults = 0, {}
    for number, step in enumerate(chosen):
        disk.make_anew()
        office.run(*arguments, data=data, fault=kill_at(step))
        disk.cut(log_flushed=bool(number % 3 == 2))
        faults[str(step)] = _faults_of_restore(office, data)
        unfinished += "not done" in faults[str(step)]
    assert {step: found for step, found in faults.items() if set(found) - {"not done"}} == {}
    assert unfinished >= len(chosen) // 3


def _faults_of_restore(office: Office, data: Path) -> list[str]:
    found = []
    if (data / "restoring").exists():
        found.append("not done")
        if office.run("scrub", data=data) != Exit.RESTORE_UNFINISHED:
            found.append(f"a command opened what is not restored: {office.said}")
    end = office.run("restore", "--from", str(office.before), data=data)
    if end == Exit.NOT_EMPTY and "not done" not in found:
        end = office.run("scrub", data=data)  # it had come to its end
    if end != 0:
        found.append(f"the next call failed: {office.said}")
    films = {name.split("/")[1] for name in DiskStore(data / "store").list("films")}
    if films != {office.films[0].film}:
        found.append(f"other films than those of the backup that were not erased: {films}")
    with closing(Database(sqlite(data / "companion.sqlite3"))) as database, database.reading() as connection:
        if [entry.action for entry in entries(connection)].count("restored") != 1:
            found.append("it was not restored once")
    return found


def test_a_full_disk_is_named_and_the_next_call_goes_on(office: Office, tmp_path: Path) -> None:
    for film in (make_film(office.agency) for _ in range(20)):
        Kit(office.service).begin().put_film(film)
    to, data = tmp_path / "small", tmp_path / "small-data"
    with small_memory_disk(to, SMALL_KIB):
        assert office.run("backup", "--to", str(to)) == Exit.DESTINATION_UNUSABLE
        assert "is full. Make room and call again" in office.said
        enlarge_memory_disk(to, LARGE_KIB)
        assert office.run("backup", "--to", str(to)) == 0
        with small_memory_disk(data, SMALL_KIB):
            assert office.run("restore", "--from", str(to), data=data) in (
                Exit.DATA_UNUSABLE,
                Exit.DESTINATION_UNUSABLE,
            )
            assert "full" in office.said
            enlarge_memory_disk(data, LARGE_KIB)
            assert office.run("restore", "--from", str(to), data=data) == 0
