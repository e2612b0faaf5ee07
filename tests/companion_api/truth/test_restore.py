"""Restores: everything of one moment, nothing that was erased since, only into nothing, and continued after a crash."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from companion_api.audit.trail import entries
from companion_api.database import copying
from companion_api.database.database import METADATA, NOT_IN_BACKUPS, Database
from companion_api.database.migration import migrate
from companion_api.service import Exit, NotStarted
from companion_api.stores.disk_store import DiskStore
from companion_api.truth import restore as restore_module
from companion_api.truth.backup_folder import BackupFolder
from footage import durable
from tests.companion_api.builders import Kit, Service, sqlite
from tests.companion_api.command_line import run_command
from tests.companion_api.truth.builders import (
    back_up_into,
    ended,
    flip_a_bit,
    objects_of,
    rows_of,
    scrubbed,
    whole_gone_and_open,
)
from tests.footage.builders import Agency, Film, make_film


class Rebuilt:
    """Another machine of the agency, on which nothing is yet."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.folder = folder
        self.data = folder / "data"
        self.to = folder / "backup"

    def restore(self, *arguments: str, erasures: Path | None = None) -> int:
        """Run the command, with the live journal unless another is named."""
        journal = erasures or self.service.data / "erasures"
        return ended(
            self.service, "restore", "--from", str(self.to), *arguments, DATA=self.data, ERASURES=journal
        )  # fmt: skip

    def refused(self, *arguments: str, erasures: Path | None = None) -> NotStarted:
        with pytest.raises(NotStarted) as refusal:
            self.restore(*arguments, erasures=erasures)
        return refusal.value

    @contextmanager
    def service_there(self) -> Iterator[Service]:
        """Open a service on what was restored."""
        agency = self.service.agency
        service = Service(self.folder, agency)
        try:
            yield service
        finally:
            service.close()

    def rows(self) -> dict[str, list[object]]:
        with closing(Database(sqlite(self.data / "companion.sqlite3"))) as database:
            return rows_of(database)

    def objects(self) -> dict[str, bytes]:
        return objects_of(DiskStore(self.data / "store"))


@pytest.fixture
def rebuilt(service: Service, tmp_path: Path) -> Rebuilt:
    (tmp_path / "rebuilt").mkdir()
    return Rebuilt(service, tmp_path / "rebuilt")


def test_everything_comes_back(service: Service, kit: Kit, rebuilt: Rebuilt) -> None:
    whole_gone_and_open(service, kit)
    rows = rows_of(service.archive.database)
    back_up_into(service, rebuilt.to)
    assert rebuilt.restore() == 0
    restored = rebuilt.rows()
    told = restored.pop("audit")
    assert told[: len(rows["audit"])] == rows.pop("audit")
    assert [entry.action for entry in told[-2:]] == ["restored", "scrubbed"]  # type: ignore[attr-defined]
    del restored["scrubs"], rows["scrubs"]
    assert restored == rows
    assert rebuilt.objects() == objects_of(service.store)
    assert sorted(path.name for path in rebuilt.data.iterdir()) == ["companion.sqlite3", "in-use", "store"]


def test_kits_go_on_with_what_was_restored(service: Service, kit: Kit, agency: Agency, rebuilt: Rebuilt) -> None:
    """A film that was open in the backup, one that came after it, and one that was whole."""
    whole, begun, later = (make_film(agency) for _ in range(3))
    receipt = kit.put_film(whole)
    kit.put_part(begun.film, 0, begun.parts[0])
    back_up_into(service, rebuilt.to)
    kit.put_film(begun)
    kit.put_film(later)
    assert rebuilt.restore("--no-prove") == 0
    with rebuilt.service_there() as restored:
        again = Kit(restored).begin()
        assert again.put_film(whole) == receipt
        for film in (begun, later):
            assert again.put_film(film)
            assert again.have(film.film)["state"] == "closed"
        assert scrubbed(restored) == []


def test_what_was_erased_since_the_backup_does_not_come_back(
    service: Service, kit: Kit, agency: Agency, rebuilt: Rebuilt, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, erased = make_film(agency), make_film(agency)
    for film in (kept, erased):
        kit.put_film(film)
    back_up_into(service, rebuilt.to)
    kit.send("DELETE", f"/v1/films/{erased.film}")
    put: list[str] = []
    real = DiskStore.put

    def noted(store: DiskStore, key: str, data: bytes) -> object:
        put.append(f"{store._root}/{key}")
        return real(store, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "put", noted)
        assert rebuilt.restore() == 0
    assert any(kept.film in name for name in put)
    assert not any(f"{rebuilt.data}/store/films/{erased.film}" in name for name in put), "not even for a moment"
    with rebuilt.service_there() as restored:
        assert Kit(restored).begin().put_part(erased.film, 0, erased.parts[0]).status_code == 410
        with restored.archive.database.reading() as connection:
            told = [entry.action for entry in entries(connection, subject=f"film:{erased.film}")]
    assert "erasure replayed" in told
    assert any(f"erasures/{erased.film}" in name for name in rebuilt.objects())


def test_without_the_live_journal_it_is_refused(
    service: Service, kit: Kit, agency: Agency, rebuilt: Rebuilt, tmp_path: Path
) -> None:
    before, since = make_film(agency), make_film(agency)
    for film in (before, since):
        kit.put_film(film)
    kit.send("DELETE", f"/v1/films/{before.film}")
    back_up_into(service, rebuilt.to)
    kit.send("DELETE", f"/v1/films/{since.film}")
    missing, old = tmp_path / "nowhere", tmp_path / "old"
    old.mkdir()
    for journal, said in ((missing, "is not there"), (old, "lacks 1 certificates")):
        refusal = rebuilt.refused(erasures=journal)
        assert refusal.exit_code == Exit.JOURNAL_MISSING
        assert said in str(refusal)
        assert not (rebuilt.data / "companion.sqlite3").exists()
    assert rebuilt.restore("--journal-lost", erasures=missing) == 0
    films = {name.split("/")[1] for name in rebuilt.objects() if name.startswith("films/")}
    assert films == {since.film}, "the backup knows of what was erased before it, and of nothing later"


def test_a_certificate_that_proves_nothing_stops_it(service: Service, kit: Kit, film: Film, rebuilt: Rebuilt) -> None:
    kit.put_film(film)
    back_up_into(service, rebuilt.to)
    (service.data / "erasures").mkdir(exist_ok=True)
    (service.data / "erasures" / f"{film.film}.jws").write_bytes(b"forged")
    refusal = rebuilt.refused()
    assert refusal.exit_code == Exit.CERTIFICATE_UNPROVEN
    assert film.film in str(refusal)
    assert not any(name.startswith("films/") for name in rebuilt.objects())


def test_only_nothing_is_filled(service: Service, kit: Kit, film: Film, rebuilt: Rebuilt) -> None:
    kit.put_film(film)
    back_up_into(service, rebuilt.to)
    refusal = ended_refused(service, rebuilt)
    assert refusal.exit_code == Exit.NOT_EMPTY
    assert "There is a service already" in str(refusal)
    DiskStore(rebuilt.data / "store").put("films/x", b"x")
    assert rebuilt.refused().exit_code == Exit.NOT_EMPTY
    assert rebuilt.objects() == {"films/x": b"x"}


def ended_refused(service: Service, rebuilt: Rebuilt) -> NotStarted:
    with pytest.raises(NotStarted) as refusal:
        run_command(service, "restore", "--from", str(rebuilt.to))
    return refusal.value


def test_what_is_no_finished_backup_is_refused(service: Service, rebuilt: Rebuilt) -> None:
    assert "is no folder" in str(rebuilt.refused())
    rebuilt.to.mkdir()
    assert "there is none" in str(rebuilt.refused())
    BackupFolder(rebuilt.to).begin("2026-11-20T10:00:00Z")
    assert "cut short" in str(rebuilt.refused())
    assert not (rebuilt.data / "companion.sqlite3").exists()


def test_the_backup_before_is_restored_if_the_next_was_cut_short(
    service: Service, kit: Kit, agency: Agency, rebuilt: Rebuilt
) -> None:
    first, second = make_film(agency), make_film(agency)
    kit.put_film(first)
    note, _ = back_up_into(service, rebuilt.to)
    kit.put_film(second)
    back_up_into(service, rebuilt.folder / "other")
    shutil.copytree(rebuilt.folder / "other" / "store", rebuilt.to / "store", dirs_exist_ok=True)
    BackupFolder(rebuilt.to).begin(note.at)
    assert rebuilt.restore() == 0
    assert {name.split("/")[1] for name in rebuilt.objects() if name.startswith("films/")} == {first.film}


def test_what_the_backup_lacks_is_named_and_the_rest_comes_back(
    service: Service, kit: Kit, film: Film, rebuilt: Rebuilt, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_film(film)
    back_up_into(service, rebuilt.to)
    flip_a_bit(rebuilt.to / "store" / "films" / film.film / "parts" / "00001")
    assert rebuilt.restore() == Exit.FAULTS_FOUND
    said = capsys.readouterr()
    assert f"the backup lacks films/{film.film}/parts/00001: it is damaged" in said.err
    assert "part-missing" in said.out
    with rebuilt.service_there() as restored:
        assert len(scrubbed(restored)) == 1


class PowerCut(BaseException):
    """The process ends here; nothing of ours may catch it."""


@pytest.mark.parametrize("at", [1, 3, 9, "load", "end"])
def test_a_restore_that_was_cut_short_goes_on_and_nobody_serves_before(
    service: Service, kit: Kit, agency: Agency, rebuilt: Rebuilt, at: int | str
) -> None:
    erased = make_film(agency)
    for film in (make_film(agency), erased):
        kit.put_film(film)
    back_up_into(service, rebuilt.to)
    kit.send("DELETE", f"/v1/films/{erased.film}")
    with pytest.MonkeyPatch.context() as patched:
        _cut_at(patched, at)
        with suppress(PowerCut):
            rebuilt.restore()
            pytest.fail("it was not cut")
    settings = {"DATA": rebuilt.data, "ERASURES": service.data / "erasures"}
    for command in (("scrub",), ("upkeep",), ("backup", "--to", str(rebuilt.folder / "other"))):
        with pytest.raises(NotStarted, match="restore` again: it goes on") as refused:
            run_command(service, *command, **settings)
        assert refused.value.exit_code == Exit.RESTORE_UNFINISHED
    assert rebuilt.restore() == 0
    assert not any(f"films/{erased.film}" in name for name in rebuilt.objects())
    with rebuilt.service_there() as restored:
        assert scrubbed(restored) == []
        with restored.archive.database.reading() as connection:
            assert [entry.action for entry in entries(connection)].count("restored") == 1


def _cut_at(patched: pytest.MonkeyPatch, at: int | str) -> None:
    if at == "load":
        patched.setattr(restore_module, "copy_rows", _power_cut)
    elif at == "end":
        patched.setattr(durable, "remove_file", _power_cut)
    else:
        calls = iter(range(1000))
        patched.setattr(DiskStore, "put", _fused(DiskStore.put, calls, int(at)))


def _fused(real: Callable[..., object], calls: Iterator[int], at: int) -> Callable[..., object]:
    def step(*args: object) -> object:
        if next(calls) >= at:
            raise PowerCut
        return real(*args)

    return step


def _power_cut(*_: object) -> None:
    raise PowerCut


def test_another_backup_does_not_go_on_with_a_restore(service: Service, kit: Kit, film: Film, rebuilt: Rebuilt) -> None:
    kit.put_film(film)
    back_up_into(service, rebuilt.to)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(restore_module, "copy_rows", _power_cut)
        with suppress(PowerCut):
            rebuilt.restore()
    back_up_into(service, rebuilt.to)
    assert "another backup was begun here" in str(rebuilt.refused())


def test_an_older_form_is_upgraded(service: Service, kit: Kit, film: Film, rebuilt: Rebuilt) -> None:
    """The copy is migrated before anything comes into the service."""
    kit.put_film(film)
    back_up_into(service, rebuilt.to)
    upgraded: list[str] = []
    real = migrate

    def noted(database: Database) -> None:
        upgraded.append(str(database.engine.url.database))
        real(database)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("companion_api.truth.proof.migrate", noted)
        assert rebuilt.restore("--no-prove") == 0
    assert [Path(name).name for name in upgraded] == ["restoring.sqlite3"]


def test_nobody_is_signed_in_or_invited_by_a_restore() -> None:
    left_out = {name for name, table in METADATA.tables.items() if table.info == NOT_IN_BACKUPS}
    assert left_out == {"staff_sessions", "spent_ceremonies", "invitations"}


def test_a_table_that_says_so_has_no_rows_in_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = METADATA.tables["scrubs"]
    monkeypatch.setattr(table, "info", dict(NOT_IN_BACKUPS))
    databases = [Database(sqlite(tmp_path / f"{number}.sqlite3")) for number in range(2)]
    for database in databases:
        migrate(database)
    with databases[0].writing() as connection:
        values = {"number": 1, "began_at": "", "reached": "", "films": 0, "objects": 0, "bytes": 0}
        connection.execute(table.insert().values(values))
        assert copying.filled_tables(connection) == ["scrubs"]
    with databases[0].reading() as source, databases[1].writing() as target:
        copied = copying.copy_rows(source, target)
        assert "scrubs" not in copied
        assert copying.filled_tables(target) == []
    for database in databases:
        database.close()
