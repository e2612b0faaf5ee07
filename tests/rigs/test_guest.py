"""A kit in an arm64 guest: Linux' own GPIO chip pressed from outside, a light that fails, a card whose power is cut.

One boot gives a visit of five chapters (`tests.rigs.guest.visit`), and the tests look at what it left. The recorder is
`kit-device recorder --rig bench`; of the kit only the camera is simulated.
"""

import random
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path

import pytest

from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.rigs.announced import MANIFEST
from tests.rigs.fast_recorder import kit_spool
from tests.rigs.guest.circuit import without_blips
from tests.rigs.guest.visit import FILM_PARTS, Visit, play_visit
from tests.rigs.guest.write_log import CutCard, WriteLog
from tests.rigs.opened import Opener
from tests.rigs.power_cut import mounted_image
from tests.rigs.promised import broken_promises

pytestmark = pytest.mark.rig
LEAST_POINTS = 40
SEED = 3
KEPT = (0.0, 0.0, 0.5)
"""Of the pages that were written and not flushed: none, twice, then half of them, here and there."""


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return play_visit(tmp_path_factory.mktemp("guest"))


class Rig:
    """Cuts the card's power at points of its log, and starts the kit again on what is left."""

    def __init__(self, visit: Visit, log: WriteLog, folder: Path) -> None:
        self.log = log
        self.card = CutCard(log, visit.folder / "blank.img", folder)
        self._config = visit.stack.config
        self._opener = Opener.of(visit.stack)
        self._endings = visit.endings
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
                ended = self._endings.get(film, Ended.INTERRUPTED)
                if film in closed and MANIFEST not in parts:
                    ended = Ended.INTERRUPTED
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
    log = WriteLog(visit.folder / "writes.log")
    log.read_on()
    yield Rig(visit, log, tmp_path)
    log.close()


def test_buttons_and_lights_work_on_the_kernels_own_chip(visit: Visit) -> None:
    print(f"ready {visit.seconds_to_ready:.1f} s after power-on")
    lit = visit.chapters["light failed"].lit
    assert not {"tally", "consent", "microphone"} & lit["ready"]
    assert "consent" in lit["agreed"]
    assert not {"tally", "microphone"} & lit["agreed"]
    assert {"tally", "consent", "microphone"} <= lit["recording"]


def test_the_familys_button_stops_the_film_and_the_other_marks_a_moment(visit: Visit) -> None:
    names = visit.chapters["stopped"].acknowledged
    assert names[-1] == MANIFEST
    kinds = [PartName.parse(name).kind for name in names[:-1]]
    assert kinds.count(PartKind.NOTE) == 3, "the agreement, the moment, and who stopped"


def test_nothing_is_filmed_without_the_recording_light(visit: Visit) -> None:
    chapter = visit.chapters["refused"]
    assert chapter.status is not None
    assert chapter.status.fault_code == "light-failed"
    assert chapter.acknowledged == []
    assert not {"tally", "consent", "microphone"} & chapter.lit["fault"]


def test_a_recording_light_that_fails_ends_the_film_and_keeps_it(visit: Visit) -> None:
    chapter = visit.chapters["light failed"]
    assert chapter.status is not None
    assert chapter.status.fault_code == "light-failed"
    assert not {"tally", "consent", "microphone"} & chapter.lit["fault"]
    assert chapter.acknowledged[-1] == MANIFEST, "the light went dark only after all of the film was durable"
    assert len(chapter.acknowledged) > FILM_PARTS


def test_the_microphone_never_has_power_without_the_light(visit: Visit) -> None:
    lit: set[str] = set()
    powered = 0
    for light, is_lit in without_blips(visit.changes):
        lit = lit | {light} if is_lit else lit - {light}
        powered += "microphone" in lit
        assert "tally" in lit or "microphone" not in lit
    assert powered


def test_lights_left_by_a_killed_recorder_go_dark_before_anything_else(visit: Visit) -> None:
    chapter = visit.chapters["killed"]
    print("after the kill:", ", ".join(f"{name} in {took:.1f} s" for name, took in chapter.seconds.items()))
    # Until it dies the recorder still blinks its ring: the guest's clock is not set, and it says so.
    went = list(dropwhile(lambda change: change[0] == "ring", without_blips(chapter.changes)))
    first_lit = next((number for number, (_, lit) in enumerate(went) if lit), len(went))
    left = {(light, False) for light in ("tally", "consent", "microphone")}
    assert left <= set(went[:first_lit]), went
    assert MANIFEST not in chapter.acknowledged_in_the_dark
    assert chapter.acknowledged[-1] == MANIFEST, "only then the next start closed the film"


def test_no_acknowledged_part_is_lost_wherever_the_power_is_cut(visit: Visit, rig: Rig) -> None:
    chapter = visit.chapters["light failed"]
    marks = [index + 1 for index in rig.log.marks if chapter.begin <= index < chapter.end]
    points = sorted({*rig.log.flushes(chapter.begin, chapter.end), *marks})
    faults = {}
    for number, point in enumerate(points):
        faults[point] = rig.faults_after_cut(point, KEPT[number % len(KEPT)])
    print(f"{len(points)} points in {chapter.end - chapter.begin} requests, {rig.card.dropped} pages dropped")
    assert len(points) >= LEAST_POINTS
    assert rig.card.dropped
    assert {point: found for point, found in faults.items() if found} == {}


def test_all_films_are_as_they_ended_and_a_forgotten_fsync_is_caught(visit: Visit, rig: Rig) -> None:
    careless = visit.chapters["careless"]
    faults = rig.faults_after_cut(careless.end, kept=0)
    assert faults.keys() == {careless.film}
    assert any("acknowledged" in fault for fault in faults[careless.film])
