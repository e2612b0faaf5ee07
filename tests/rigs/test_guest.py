"""A kit in an arm64 guest: Linux' own GPIO chip pressed from outside, a light that fails, a card whose power is cut.

One boot gives one visit of four chapters; each test looks at what it left: a film whose recording light fails, a film
whose recorder is killed, and one by a recorder that forgets to make files durable, which must be caught.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.status import RecorderStatus
from footage.manifest import Ended
from tests.rigs.announced import MANIFEST
from tests.rigs.fast_recorder import kit_spool
from tests.rigs.guest.circuit import Change, without_blips
from tests.rigs.guest.machine import Guest, running_guest
from tests.rigs.guest.write_log import CutCard, WriteLog
from tests.rigs.opened import Opener
from tests.rigs.power_cut import mounted_image
from tests.rigs.promised import broken_promises
from tests.rigs.rig_stack import NO_SERVICE, RigStack

pytestmark = pytest.mark.rig
LEAST_POINTS = 40
SEED = 3
FILM_PARTS, SHORT_FILM_PARTS = 18, 6
KEPT = (0.0, 0.0, 0.5)
"""Of the pages that were written and not flushed: none, twice, then half of them, here and there."""


@dataclass
class Chapter:
    """One film: its requests in the card's log, and what was seen."""

    begin: int
    end: int = 0
    film: str = ""
    lit: dict[str, set[str]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    status: RecorderStatus | None = None
    changes: list[Change] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Visit:
    """All that one boot left."""

    stack: RigStack
    folder: Path
    light_failed: Chapter
    killed: Chapter
    careless: Chapter

    @contextmanager
    def log(self) -> Iterator[WriteLog]:
        """Read the card's whole log."""
        log = WriteLog(self.folder / "writes.log")
        log.read_on()
        yield log
        log.close()


def start_film(guest: Guest) -> Chapter:
    """Agree, record, and look at the lights meanwhile."""
    guest.log.read_on()
    chapter, circuit = Chapter(begin=len(guest.log.requests)), guest.circuit
    guest.wait_for("ready")
    chapter.lit["ready"] = circuit.registered
    circuit.press("agree")
    circuit.wait_for("consent", lit=True)
    chapter.lit["agreed"] = circuit.registered
    circuit.press("record")
    circuit.wait_for("tally", lit=True)
    return chapter


def end_film(guest: Guest, chapter: Chapter) -> Chapter:
    """Take down what was acknowledged."""
    acknowledged = guest.acknowledged(chapter.begin)
    (chapter.film,) = {film for film, _, _ in acknowledged}
    chapter.acknowledged = [name for _, name, _ in acknowledged]
    chapter.end = len(guest.log.requests)
    return chapter


def film_until_the_light_fails(guest: Guest) -> Chapter:
    chapter = start_film(guest)
    guest.wait_for_parts(FILM_PARTS, chapter.begin)
    chapter.lit["recording"] = guest.circuit.registered
    guest.circuit.cut_light()
    guest.circuit.wait_for("tally", lit=False)
    end_film(guest, chapter)
    chapter.status = guest.wait_for("fault")
    chapter.lit["fault"] = guest.circuit.registered
    guest.circuit.mend_light()
    guest.circuit.press("agree")
    return chapter


def film_until_the_recorder_is_killed(guest: Guest) -> Chapter:
    chapter = start_film(guest)
    guest.wait_for_parts(SHORT_FILM_PARTS, chapter.begin)
    before, killed_at = len(guest.circuit.changes), time.monotonic()
    guest.kill_recorder()
    chapter.status = guest.wait_for("ready")
    chapter.changes = guest.circuit.changes[before:]
    dark_at = next(change.at for change in chapter.changes if change.light == "tally")
    chapter.seconds = {"dark": dark_at - killed_at, "ready": time.monotonic() - killed_at}
    chapter.lit["started again"] = guest.circuit.registered
    return end_film(guest, chapter)


def film_without_fsync(guest: Guest) -> Chapter:
    guest.kill_recorder(forgotten="file")
    chapter = start_film(guest)
    guest.wait_for_parts(SHORT_FILM_PARTS, chapter.begin)
    return end_film(guest, chapter)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("guest")
    stack = RigStack(folder / "stack")
    stack.add_kit(NO_SERVICE)
    with stack.kit_toml.open("a") as settings:
        settings.write('profile = "360p25"\n')  # the guest has the time for no more
    with running_guest(folder, stack.kit_toml.parent) as guest:
        light_failed = film_until_the_light_fails(guest)
        killed = film_until_the_recorder_is_killed(guest)
        careless = film_without_fsync(guest)
    return Visit(stack, folder, light_failed, killed, careless)


class Rig:
    """Cuts the card's power at points of its log, and starts the kit again on what is left."""

    def __init__(self, visit: Visit, log: WriteLog, folder: Path) -> None:
        self.log = log
        self.card = CutCard(log, visit.folder / "blank.img", folder)
        self._config = visit.stack.config
        self._opener = Opener.of(visit.stack)
        self._endings = {visit.light_failed.film: Ended.LIGHT_FAILED, visit.killed.film: Ended.INTERRUPTED}
        self._chance = random.Random(SEED)

    def faults_after_cut(self, before: int, kept: float) -> dict[str, list[str]]:
        """Cut the power before a request; return what is not as promised, by film."""
        acknowledged = self._acknowledged(before)
        with mounted_image(self.card.cut(before, kept, self._chance), self._config.spool):
            closed = {manifest.opening.film for manifest in kit_spool(self._config).recover(self._config.kit_key())}
            folders = {folder.name: folder for folder in (self._config.spool / "films").iterdir()}
            faults = {film: ["the film is gone"] for film in acknowledged.keys() - folders.keys()}
            for film, folder in folders.items():
                parts = acknowledged.get(film, {})
                is_new = film in closed and MANIFEST not in parts
                ended = Ended.INTERRUPTED if is_new else self._endings.get(film, Ended.INTERRUPTED)
                faults[film] = broken_promises(folder, parts, ended, self._opener)
        return {film: found for film, found in faults.items() if found}

    def _acknowledged(self, before: int) -> dict[str, dict[str, str]]:
        films: dict[str, dict[str, str]] = {}
        for index, mark in self.log.marks.items():
            if index < before:
                film, name, digest = mark.split()
                films.setdefault(film, {})[name] = digest
        return films


@pytest.fixture
def rig(visit: Visit, tmp_path: Path) -> Iterator[Rig]:
    with visit.log() as log:
        yield Rig(visit, log, tmp_path)


def test_buttons_and_lights_work_on_the_kernels_own_chip(visit: Visit) -> None:
    lit = visit.light_failed.lit
    assert "tally" not in lit["ready"] | lit["agreed"]
    assert "consent" in lit["agreed"] - lit["ready"]
    assert {"tally", "consent"} <= lit["recording"]


def test_a_recording_light_that_fails_ends_the_film_and_keeps_it(visit: Visit) -> None:
    chapter = visit.light_failed
    assert chapter.status is not None
    assert chapter.status.fault_code == "light-failed"
    assert not {"tally", "consent"} & chapter.lit["fault"]
    assert chapter.acknowledged[-1] == MANIFEST, "the light went dark only after all of the film was durable"
    assert len(chapter.acknowledged) > FILM_PARTS


def test_lights_left_by_a_killed_recorder_go_dark_before_any_other_shines(visit: Visit) -> None:
    went = without_blips(visit.killed.changes)
    print("after the kill:", ", ".join(f"{name} in {took:.1f} s" for name, took in visit.killed.seconds.items()))
    first_lit = next(number for number, (_, lit) in enumerate(went) if lit)
    assert {("tally", False), ("consent", False)} <= set(went[:first_lit]), went
    assert not {"tally", "consent"} & visit.killed.lit["started again"]
    assert visit.killed.acknowledged[-1] == MANIFEST, "the next start closed the film"


def test_no_acknowledged_part_is_lost_wherever_the_power_is_cut(visit: Visit, rig: Rig) -> None:
    chapter = visit.light_failed
    marks = [index + 1 for index in rig.log.marks if chapter.begin <= index < chapter.end]
    points = sorted({*rig.log.flushes(chapter.begin, chapter.end), *marks, chapter.end})
    faults = {}
    for number, point in enumerate(points):
        faults[point] = rig.faults_after_cut(point, KEPT[number % len(KEPT)])
    print(f"{len(points)} points in {chapter.end - chapter.begin} requests, {rig.card.dropped} pages dropped")
    assert len(points) >= LEAST_POINTS
    assert rig.card.dropped
    assert {point: found for point, found in faults.items() if found} == {}


def test_a_forgotten_fsync_is_caught(visit: Visit, rig: Rig) -> None:
    faults = rig.faults_after_cut(visit.careless.end, kept=0)
    assert faults.keys() == {visit.careless.film}
    assert any("acknowledged" in fault for fault in faults[visit.careless.film])
