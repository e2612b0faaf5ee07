"""What is true of the disk store only: its files, and a disk that is full or fails."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from companion_api.stores import disk_store
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import Data, Put, Store, StoreFailed, StoreFull
from tests.companion_api.builders import Kit, problem, running
from tests.footage.builders import Agency, Film

KEY = "films/a/parts/00000"


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _failing(real: Callable[..., object], code: int, at: int) -> Callable[..., object]:
    """Return `real`, which fails at the call numbered `at`, from 0."""
    calls = iter(range(1_000_000))

    def call(*args: object, **kwargs: object) -> object:
        if next(calls) == at:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    return call


def test_what_a_crash_left_under_way_is_removed_at_start(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    store.put(KEY, b"x")
    (tmp_path / ".arriving" / "cut-short").write_bytes(b"half")
    assert _files(tmp_path) == [".arriving/cut-short", KEY]
    assert list(store.list("")) == [KEY], "what is under way is no object"
    DiskStore(tmp_path).prepare()
    assert _files(tmp_path) == [KEY]


@pytest.mark.parametrize("call", ["fsync", "link", "mkdir"])
@pytest.mark.parametrize(
    ("code", "named"), [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, StoreFailed)]
)
@pytest.mark.parametrize("at", range(6))
def test_a_failing_call_has_its_name_and_a_repeat_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, named: type[Exception], at: int
) -> None:
    """Whichever call of `put` fails: nothing half is left, and what is acknowledged afterwards is whole."""
    store = DiskStore(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, _failing(getattr(os, call), code, at))
        try:
            acknowledged = store.put(KEY, b"bytes") is Put.STORED
        except named:
            acknowledged = False
    assert _files(tmp_path) in ([], [KEY])
    assert store.get(KEY) == b"bytes" if acknowledged else store.get(KEY) in (None, b"bytes")
    assert store.put(KEY, b"bytes") in (Put.STORED, Put.SAME)
    assert store.get(KEY) == b"bytes"


def test_file_and_folders_are_fsynced_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskStore(tmp_path / "store")
    order: list[str] = []
    fsync, link = os.fsync, os.link

    def noted_fsync(descriptor: int) -> None:
        order.append("fsync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_link(source: str, target: str, **options: bool) -> None:
        order.append("link")
        link(source, target, **options)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "link", noted_link)
    store.put("films/a/film.key", b"x")
    (temporary,) = {step for step in order if ".new-" in step}
    assert order == [temporary, "fsync store", "fsync films", "link", "fsync a"]
    order.clear()
    store.put("films/a/film.key", b"x")
    assert order[-2:] == ["link", "fsync a"], "also what was there is durable when put returns"


def test_two_that_delete_a_film_at_once_do_not_stumble_over_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path)
    store.put(KEY, b"x")
    real = Path.rmdir

    def with_its_parent(folder: Path) -> None:
        real(folder)
        if folder.name == "parts":
            real(folder.parent)  # the other one is a step ahead

    monkeypatch.setattr(Path, "rmdir", with_its_parent)
    store.delete([KEY])
    assert list((tmp_path / "films").iterdir()) == []


def test_a_store_that_cant_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(StoreFailed, match="Check the disk"):
        DiskStore(tmp_path / "store")


class _Failing:
    """A store whose `put` fails, in front of a good one."""

    def __init__(self, store: Store, reason: Exception) -> None:
        self._store = store
        self._reason = reason
        self.replace, self.get, self.delete, self.list = store.replace, store.get, store.delete, store.list
        self.prepare = store.prepare

    def put(self, key: str, data: Data) -> Put:
        raise self._reason


@pytest.mark.parametrize(
    ("reason", "code", "status"), [(StoreFull("x"), "store-full", 507), (StoreFailed("x"), "store-failed", 503)]
)
def test_a_failing_store_is_answered_by_name(
    tmp_path: Path, agency: Agency, film: Film, reason: Exception, code: str, status: int
) -> None:
    with running(tmp_path, agency, store=_Failing(DiskStore(tmp_path / "store"), reason)) as service:
        kit = Kit(service).begin()
        answer = kit.put_part(film.film, 0, film.parts[0])
        assert (problem(answer), answer.status_code) == (code, status)
        assert kit.have(film.film)["parts"] == [], "nothing is acknowledged that was not stored"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.rig
def test_a_full_disk_refuses_and_goes_on_when_there_is_room(small_disk: Path, agency: Agency, film: Film) -> None:
    with running(small_disk, agency) as service:
        kit = Kit(service).begin()
        answers = [kit.put_part(film.film, number, bytes(200_000)) for number in range(8)]
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {201, 507}
        assert problem(answers[-1]) == "store-full"
        stored = [number for number, status in enumerate(statuses) if status == 201]
        assert [part["number"] for part in kit.have(film.film)["parts"]] == stored
        assert _files(service.data / "store" / "films") == [f"{film.film}/parts/{number:05d}" for number in stored]
        assert _files(service.data / "store" / ".arriving") == []
        subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
        assert kit.put_part(film.film, 7, bytes(200_000)).status_code == 201


def test_a_folder_with_more_names_than_are_sorted_at_once_is_listed_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path)
    names = [f"films/{film}/{name}" for film in "abcdefg" for name in ("film.key", "parts/00000", "parts/00001")]
    for name in reversed(names):
        store.put(name, b"x")
    for at_once in (1, 2, 3, 7, 8):
        monkeypatch.setattr(disk_store, "_SORTED_AT_ONCE", at_once)
        assert list(store.list("films")) == names
