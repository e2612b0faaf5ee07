"""Nothing that a recorder writes can be seen or heard: every byte that it wrote is searched."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs.opened import KitFiles, Opener
from tests.rigs.plaintext_search import SAMPLE, Plaintext
from tests.rigs.rig_stack import NO_SERVICE, RigStack, the_program
from tests.rigs.written import Written, tracer

pytestmark = pytest.mark.rig

CUT_SHORT = "press agree\nwait 0.5\npress record\nwait 4\npress record\nwait 3600\n"
STOPPED = "press agree\nwait 0.5\npress record\nwait 1.5\nhold record\n"
ELSEWHERE = ("/dev/null", "pipe:[")


@dataclass
class Recorded:
    """A kit on which two films were recorded, with all that was written meanwhile."""

    stack: RigStack
    written: Written
    plaintext: Plaintext
    films: list[bytes]

    @property
    def kit(self) -> Path:
        return self.stack.kit_toml.parent

    def found(self) -> dict[str, list[str]]:
        """Search what was written, and all files of the kit."""
        places = {f"written to {path}": bytes(data) for path, data in self.written.data.items()}
        places |= {str(file): file.read_bytes() for file in self.kit.rglob("*") if file.is_file()}
        return {place: found for place, data in places.items() if (found := self.plaintext.found_in(data))}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One film cut short by kill -9 and closed at the next start, then one that was stopped."""
    stack = RigStack(tmp_path_factory.mktemp("kit") / "stack")
    stack.add_kit(NO_SERVICE)
    written = Written()
    _record(stack, written, CUT_SHORT, kill_after_ms=5_000)
    _record(stack, written, STOPPED)
    opener = Opener.of(stack)
    opened = {film.film: opener.open(film.film, KitFiles(film.folder)) for film in stack.films()}
    assert sorted(manifest.ended.value for manifest, _ in opened.values()) == ["interrupted", "stopped"]
    assert max(manifest.duration_ms for manifest, _ in opened.values()) >= 4_000
    films = [movie for _, movie in opened.values()]
    return Recorded(stack, written, Plaintext(films), films)


def _record(stack: RigStack, written: Written, script: str, kill_after_ms: int = 0) -> None:
    log, file = stack.folder / "written.log", stack.folder / "script.txt"
    file.write_text(script)
    stack.prefixes["recorder"] = tracer(log)
    with stack.program("recorder", stack.recorder_command(file)) as recorder:
        if kill_after_ms:
            stack.wait_until_filmed(kill_after_ms)
            the_program(recorder).kill()
        recorder.wait(60)
    written.add(log)


def test_no_byte_of_a_film_was_written_unsealed(recorded: Recorded) -> None:
    sealed = sum(len(data) for path, data in recorded.written.data.items() if "/spool/" in path)
    assert sealed > sum(map(len, recorded.films)), "all of both films went through this trace"
    assert recorded.found() == {}


def test_only_the_kits_own_folders_were_written_to(recorded: Recorded) -> None:
    own = (str(recorded.stack.config.spool), str(recorded.stack.config.status))
    print("written to:", len(recorded.written.paths), "paths")
    assert [path for path in recorded.written.paths if not path.startswith((*own, *ELSEWHERE))] == []
    assert recorded.written.memory_files == set()
    logs = str(recorded.stack.logs)
    assert [path for path in recorded.written.data if not path.startswith((*own, *ELSEWHERE, logs))] == []


@pytest.mark.parametrize("leak", ["beginning", "middle", "sample", "annex b", "identity"])
def test_what_leaked_would_be_found(recorded: Recorded, leak: str) -> None:
    film = recorded.films[0]
    middle = len(film) // 2 // SAMPLE * SAMPLE
    leaked = {
        "beginning": film[:40],
        "middle": film[middle + 3 : middle + 3 + 2 * SAMPLE],
        "sample": film[middle : middle + SAMPLE],
        "annex b": b"\0\0\0\1\x65\x88",
        "identity": (recorded.stack.agency.folder / "recovery.txt").read_bytes().splitlines()[-1],
    }[leak]
    noise = bytes(recorded.written.data[next(path for path in recorded.written.data if ".new-" in path)])
    assert recorded.plaintext.found_in(noise) == []
    planted = recorded.kit / "run" / "leak.tmp"
    planted.write_bytes(noise[:1001] + leaked + noise[1001:])
    try:
        assert list(recorded.found()) == [str(planted)]
    finally:
        planted.unlink()
