"""A card that is full, slow, or dying: a film ends by its name, what was written stays, and the kit goes on."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device.recorder import State
from device.status import RecorderStatus
from footage.manifest import Ended, Manifest
from tests.rigs.opened import KitFiles, Opener, decoded
from tests.rigs.power_cut import Disk, mounted_disk
from tests.rigs.rig_stack import RigStack, kill, wait_until

pytestmark = pytest.mark.rig

MILLISECONDS_A_PICTURE = 40
CARD_MIB = 24
ROOM_BYTES = 2_500_000  # five seconds or so
FILM_ON = "press agree\nwait 0.5\npress record\nwait 3600\n"
FILM_3_SECONDS = "press agree\nwait 0.5\npress record\nwait 1\nhold record\nwait 0.5\n"
FILM_7_SECONDS = "press agree\nwait 0.5\npress record\nwait 5\nhold record\nwait 0.5\n"
SEEN = "wait 0.5\npress agree\nwait 0.3\n"  # the fault of the recorder before, which nobody has seen yet
SWITCH_ON = "wait 0.5\n"


class Rig:
    """A kit whose spool lies on a small card."""

    def __init__(self, stack: RigStack, card: Disk) -> None:
        self.stack = stack
        self.card = card
        self._opener = Opener.of(stack)

    def fill(self) -> None:
        """Leave no more room on the card than for a few seconds of film."""
        ballast = os.open(self.card.at / "ballast", os.O_CREAT | os.O_WRONLY)
        os.posix_fallocate(ballast, 0, self.card.free - self.stack.config.reserve_bytes - ROOM_BYTES)
        os.fsync(ballast)
        os.close(ballast)

    @contextmanager
    def recorder(self, script: str, *tracer: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the recorder in the background; its status is the new one's."""
        (self.stack.config.status / "recorder.json").unlink(missing_ok=True)
        self.stack.prefixes["recorder"] = tracer
        with self.stack.program("recorder", self.stack.recorder_command(self._script(script))) as recorder:
            yield recorder
            kill(recorder)

    def record(self, script: str, *tracer: str) -> None:
        """Run the recorder to its end."""
        self.stack.prefixes["recorder"] = tracer
        code, _ = self.stack.run("recorder", self.stack.recorder_command(self._script(script)))
        assert code == 0, self.stack.log("recorder")

    def wait_for_fault(self) -> RecorderStatus:
        """Wait until the recorder has come to a fault, and return what it says."""
        wait_until(lambda: (status := self.stack.recorder_status()) is not None and status.state == State.FAULT.value)
        status = self.stack.recorder_status()
        assert status is not None
        return status

    def films(self) -> list[Manifest]:
        """Open every film on the kit, and check that each decodes to its end."""
        manifests = []
        for film in self.stack.films():
            manifest, movie = self._opener.open(film.film, KitFiles(film.folder))
            assert decoded(movie)["h264"] * MILLISECONDS_A_PICTURE == manifest.duration_ms
            manifests.append(manifest)
        return manifests

    def parts(self) -> dict[str, bytes]:
        """Return all parts on the card, by name."""
        return {file.name: file.read_bytes() for film in self.stack.films() for file in film.folder.glob("*.age")}

    def _script(self, text: str) -> Path:
        file = self.stack.folder / "script.txt"
        file.write_text(text)
        return file


@pytest.fixture
def rig(stack: RigStack, tmp_path: Path) -> Iterator[Rig]:
    with stack.service() as service:
        stack.add_kit(service)
        with mounted_disk(tmp_path / "card.img", stack.config.spool, CARD_MIB) as card:
            yield Rig(stack, card)


def test_a_full_card_ends_the_film_and_the_uplink_makes_room_for_the_next(rig: Rig) -> None:
    rig.fill()
    with rig.recorder(FILM_ON):
        status = rig.wait_for_fault()
    assert status.fault_code == "card-full"
    assert "dock" in status.fault
    assert not status.tally
    rig.card.cut()  # all of it was durable
    (full,) = rig.films()
    assert full.ended is Ended.CARD_FULL
    assert full.duration_ms >= 1_000
    assert rig.card.free > rig.stack.config.reserve_bytes // 2, "the reserve is not for films"
    assert rig.stack.run("uplink", rig.stack.uplink_command("--until-empty"))[0] == 0
    rig.record(SEEN + FILM_3_SECONDS)
    assert [film.ended for film in rig.films()] == [Ended.STOPPED]


def test_a_card_that_is_full_from_the_beginning_takes_no_film_and_says_so(rig: Rig) -> None:
    rig.fill()
    room = rig.card.at / "rest"
    room.write_bytes(bytes(ROOM_BYTES + 100_000))
    with rig.recorder(FILM_ON):
        status = rig.wait_for_fault()
    assert status.fault_code == "card-full"
    assert rig.films() == []


def test_a_card_without_room_for_a_whole_film_begins_none(rig: Rig) -> None:
    settings = rig.stack.kit_toml.read_text()
    rig.stack.kit_toml.write_text(settings.replace("room_minutes = 0", "room_minutes = 15"))
    with rig.recorder(FILM_ON):
        status = rig.wait_for_fault()
    assert status.fault_code == "card-full"
    assert rig.films() == []


def test_one_failed_write_ends_the_film_and_keeps_what_was_written(rig: Rig) -> None:
    # The film-writer's 11th fsync is that of its fifth part's file or folder; no other thread makes so many.
    failing = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=11")
    with rig.recorder(FILM_ON, *failing):
        status = rig.wait_for_fault()
    assert status.fault_code == "card-failed"
    rig.card.cut()
    (film,) = rig.films()
    assert film.ended is Ended.CARD_FAILED
    assert len(film.parts) >= 4
    rig.record(SEEN + FILM_3_SECONDS)
    assert sorted(film.ended.value for film in rig.films()) == ["card failed", "stopped"]


def test_a_card_that_dies_keeps_its_parts_and_the_next_start_closes_the_film(rig: Rig) -> None:
    with rig.recorder(FILM_ON):
        rig.stack.wait_until_filmed(3_500)
        before = rig.parts()
        rig.card.shut_down()
        status = rig.wait_for_fault()
    assert status.fault_code == "card-failed"
    assert "next start" in status.fault
    rig.card.unmount()
    rig.card.mount()
    rig.record(SWITCH_ON)
    (film,) = rig.films()
    assert film.ended is Ended.INTERRUPTED
    assert len(before) >= 4
    assert before.items() <= rig.parts().items()


def test_a_card_slower_than_the_film_loses_nothing(rig: Rig) -> None:
    # Two fsyncs a part: each second of film takes the card 1.2 s.
    slow = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=600000")
    rig.record(FILM_7_SECONDS, *slow)
    (film,) = rig.films()
    assert film.ended is Ended.STOPPED
    assert film.duration_ms >= 3_500, "some seconds went by before the slow card let it begin"
