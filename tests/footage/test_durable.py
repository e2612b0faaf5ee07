"""What can be shown without cutting power: order of syncs, all or nothing, nothing left over."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from footage import durable

NAME = "part"
Data = bytes | bytearray | memoryview


def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what is fsynced and what the folder held by then."""
    seen: list[str] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        names = sorted(file.name for file in path.iterdir()) if path.is_dir() else []
        seen.append(f"folder {names}" if path.is_dir() else f"file {path.stat().st_size}")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return seen


@pytest.mark.parametrize("data", [b"", b"x" * 3_000_000, bytearray(b"abc"), memoryview(b"abc")])
def test_the_file_is_synced_before_its_name(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = syncs(monkeypatch)
    durable.write_file(tmp_path / NAME, data)
    assert (tmp_path / NAME).read_bytes() == data
    assert seen == [f"file {len(data)}", f"folder ['{NAME}']"]


def test_writing_replaces(tmp_path: Path) -> None:
    durable.write_file(tmp_path / NAME, b"old")
    durable.write_file(tmp_path / NAME, b"new")
    assert (tmp_path / NAME).read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("fails", ["write", "fsync"])
def test_a_card_that_refuses_leaves_the_old_and_nothing_else(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable.write_file(tmp_path / NAME, b"old")

    def refuse(*_: object) -> int:
        raise OSError("no room")

    monkeypatch.setattr(os, fails, refuse)
    with pytest.raises(OSError, match="no room"):
        durable.write_file(tmp_path / NAME, b"new")
    assert (tmp_path / NAME).read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_folders_are_synced_into_the_folders_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = syncs(monkeypatch)
    durable.make_folder(tmp_path / "films" / "film")
    durable.make_folder(tmp_path / "films" / "film")
    assert seen[1:3] == ["folder ['films']", "folder ['film']"]
    assert seen[3:] == ["folder ['film']"], "again: whoever made it may not have come so far"


def test_removing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "film"
    durable.make_folder(folder)
    durable.write_file(folder / NAME, b"x")
    leftover = Path(durable.write_temporary(folder, b"y"))
    assert leftover.name.startswith(durable.TEMPORARY_PREFIX)
    durable.remove_temporaries(folder)
    seen = syncs(monkeypatch)
    durable.remove_file(folder / NAME)
    durable.remove_file(folder / NAME)
    durable.remove_folder(folder)
    assert seen == ["folder []"] * 3
    assert not folder.exists()


@pytest.fixture
def umask_of_a_group() -> Iterator[None]:
    before = os.umask(0o007)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask_of_a_group")
@pytest.mark.parametrize(("shared", "modes"), [(False, [0o700, 0o600, 0o600]), (True, [0o2770, 0o660, 0o660])])
def test_only_a_folder_that_belongs_to_its_group_is_shared(shared: bool, modes: list[int], tmp_path: Path) -> None:
    tmp_path.chmod(0o2770 if shared else 0o770)
    film = tmp_path / "films" / "film"
    durable.make_folder(film)
    durable.write_file(film / "replaced", b"x")
    durable.create_file(film / "created", b"x")
    assert [path.stat().st_mode & 0o7777 for path in (film, film / "replaced", film / "created")] == modes
