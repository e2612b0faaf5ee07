"""Recovering a store's films: each opens to a movie, or says by name why it does not."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from footage.age import HybridIdentity
from footage.manifest import Ended
from footage.notes import NoteEvent
from footage.parts import PartKind
from provisioning.__main__ import EXIT_SOME_NOT_OPENED
from provisioning.errors import RecoveryIdentityInvalid, StoreInvalid
from provisioning.recover import Outcome, read_recovery_file, recover_film
from provisioning.store_films import Store
from tests.device.kit import Kit, SpooledFiles, packets
from tests.footage.builders import make_film, small_parts


@dataclass
class Recovery:
    """A store with one real film, the recovery identity's file, and where movies go."""

    kit: Kit
    film: str
    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "data" / "store"

    @property
    def film_folder(self) -> Path:
        return self.store / "films" / self.film

    @property
    def identity(self) -> Path:
        return self.folder / "recovery.txt"

    def recover(self) -> Outcome:
        recovery = read_recovery_file(self.identity)
        store = Store(self.folder / "data")
        (film,) = store.films()
        out = self.folder / "out"
        out.mkdir(exist_ok=True)
        return recover_film(film, store.directory(recovery.root), recovery.identity, out, lambda _count: None)


@pytest.fixture
def recovery(tmp_path: Path) -> Recovery:
    kit = Kit(tmp_path / "kit")
    film = kit.sealed_film()
    for packet in packets():
        if packet.at_us > 2_000_000 and not film.at_ms > 2_000:
            film.note(NoteEvent.MOMENT)
        film.add(packet)
    film.finish()
    film.close(Ended.STOPPED, kit.agency.kit_key)
    recovery = Recovery(kit, film.spooled.film, tmp_path)
    files = SpooledFiles(film.spooled)
    (recovery.film_folder / "parts").mkdir(parents=True)
    (recovery.film_folder / "film.key").write_bytes(files.film_key() or b"")
    (recovery.film_folder / "manifest.jws").write_bytes(files.manifest() or b"")
    for entry in film.parts:
        (recovery.film_folder / "parts" / f"{entry.number:05d}").write_bytes(files.part(entry.number) or b"")
    (recovery.store / "directory.jws").write_text(kit.agency.signed_directory())
    recovery.identity.write_text(f"# agency root: {kit.agency.root_thumbprint}\n{kit.agency.recovery.text}\n")
    return recovery


def test_a_film_becomes_an_ordinary_movie(recovery: Recovery) -> None:
    outcome = recovery.recover()
    assert outcome.movie is not None, outcome.problem
    assert outcome.ended == "stopped"
    data = outcome.movie.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index stands in front"
    with av.open(str(outcome.movie)) as movie:
        assert [stream.codec_context.name for stream in movie.streams] == ["h264", "aac"]
        pictures = sum(1 for _ in movie.decode(video=0))
    assert pictures * 1000 // 25 == outcome.duration_ms
    notes = json.loads(outcome.movie.with_suffix(".json").read_text())
    assert [note["event"] for note in notes["notes"]] == ["moment"]
    assert abs(notes["notes"][0]["at_ms"] - 2000) < 200


def test_the_command_line_opens_all(recovery: Recovery) -> None:
    ended = run_recover(recovery)
    assert ended.returncode == 0, ended.stderr
    assert f"film-{recovery.film}.mp4" in ended.stdout.replace("\n", "") or recovery.film[:8] in ended.stdout
    movie = recovery.folder / "out" / f"film-{recovery.film}.mp4"
    assert movie.stat().st_mode & 0o077 == 0, "for this account alone"


@pytest.mark.parametrize(
    ("name", "code"),
    [("manifest.jws", "manifest-missing"), ("film.key", "film-key-missing"), ("parts/00001", "part-missing")],
)
def test_a_film_that_lacks_a_file_is_named_and_leaves_no_movie(recovery: Recovery, name: str, code: str) -> None:
    (recovery.film_folder / name).unlink()
    assert recovery.recover().code == code
    assert list((recovery.folder / "out").iterdir()) == []
    assert run_recover(recovery).returncode == EXIT_SOME_NOT_OPENED


def test_a_damaged_part_is_named(recovery: Recovery) -> None:
    part = recovery.film_folder / "parts" / "00002"
    part.write_bytes(part.read_bytes()[:-1])
    assert recovery.recover().code == "part-truncated"
    assert list((recovery.folder / "out").iterdir()) == []


def test_a_film_that_is_no_video_is_named(recovery: Recovery) -> None:
    for file in sorted(recovery.film_folder.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    recovery.film_folder.rmdir()
    film = make_film(recovery.kit.agency)
    film.write(recovery.store / "films" / film.film)
    assert recovery.recover().code == "film-unplayable"


@pytest.mark.parametrize("kinds", [(), (PartKind.INIT,), (PartKind.INIT, PartKind.NOTE)])
def test_a_film_that_ended_at_once_is_named_and_holds_up_nothing(
    recovery: Recovery, kinds: tuple[PartKind, ...]
) -> None:
    plaintexts = {kind: plaintext for kind, _, plaintext in small_parts()}
    film = make_film(recovery.kit.agency, parts=[(kind, 0, plaintexts[kind]) for kind in kinds])
    film.write(recovery.store / "films" / film.film)
    ended = run_recover(recovery)
    assert ended.returncode == 0, ended.stderr
    assert "nothing-filmed" in ended.stdout
    assert [movie.name for movie in (recovery.folder / "out").glob("*.mp4")] == [f"film-{recovery.film}.mp4"]


def test_another_recovery_identity(recovery: Recovery) -> None:
    root = recovery.kit.agency.root_thumbprint
    recovery.identity.write_text(f"# agency root: {root}\n{HybridIdentity.generate().text}\n")
    assert recovery.recover().code == "no-identity-matched"


@pytest.mark.parametrize("text", ["", "hello", "# only a comment", "AGE-SECRET-KEY-PQ-1QQQ"])
def test_a_file_that_holds_no_identity(recovery: Recovery, text: str) -> None:
    recovery.identity.write_text(text)
    with pytest.raises(RecoveryIdentityInvalid):
        read_recovery_file(recovery.identity)


def test_a_store_of_another_root(recovery: Recovery) -> None:
    with pytest.raises(StoreInvalid, match="another root"):
        Store(recovery.store).directory("A" * 43)


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreInvalid, match=r"directory\.jws"):
        Store(tmp_path)


def run_recover(recovery: Recovery) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provisioning", "recover", "--store", str(recovery.folder / "data")]
    command += ["--identity", str(recovery.identity), "--out", str(recovery.folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False)
