"""The power is cut at each durable step of a whole film: what the spool had acknowledged is there, and opens."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footage.manifest import Ended
from tests.rigs.announced import MANIFEST
from tests.rigs.careless import careless
from tests.rigs.fast_recorder import kit_spool
from tests.rigs.opened import Opener
from tests.rigs.power_cut import Disk, mounted_disk
from tests.rigs.promised import broken_promises
from tests.rigs.rig_stack import NO_SERVICE, RigStack
from tests.rigs.steps import Step, kill_at, steps_below, tracer

pytestmark = pytest.mark.rig
LEAST_POINTS = 40


class Rig:
    """A kit whose spool lies on the disk."""

    def __init__(self, stack: RigStack, disk: Disk, encoded_film: Path) -> None:
        self.stack = stack
        self.disk = disk
        self._command = ["tests.rigs.fast_recorder", str(stack.kit_toml), str(encoded_film)]
        self._opener = Opener.of(stack)
        self._trace = stack.folder / "steps.log"

    def record(self, die_at: Step | None = None, forgotten: str = "") -> dict[str, str]:
        """Record a film on an empty disk; return what the spool acknowledged before it died."""
        self.disk.make_anew()
        self.stack.prefixes["recorder"] = [*tracer(self._trace, die_at and kill_at(die_at)), *careless(forgotten)]
        code, out = self.stack.run("recorder", self._command)
        assert bool(code) is bool(die_at), self.stack.log("recorder")
        return dict(json.loads(line) for line in out.splitlines())

    def steps(self, forgotten: str = "") -> list[Step]:
        """Return the durable steps of a whole film."""
        self.record(forgotten=forgotten)
        return steps_below(self._trace, self.disk.at)

    def faults_after_cut(self, acknowledged: dict[str, str], *, log_flushed: bool = False) -> list[str]:
        """Cut the power, start the kit again, and return what is not as promised."""
        self.disk.cut(log_flushed=log_flushed)
        manifests = list(kit_spool(self.stack.config).recover(self.stack.config.kit_key()))
        films = list((self.disk.at / "films").iterdir())
        if not films:
            return ["the film is gone"] if acknowledged else []
        (folder,) = films
        ended = Ended.INTERRUPTED if manifests and MANIFEST not in acknowledged else Ended.STOPPED
        return broken_promises(folder, acknowledged, ended, self._opener)


@pytest.fixture
def rig(stack: RigStack, encoded_film_file: Path, tmp_path: Path) -> Iterator[Rig]:
    stack.add_kit(NO_SERVICE)
    with mounted_disk(tmp_path / "card.img", stack.config.spool) as disk:
        yield Rig(stack, disk, encoded_film_file)


def test_no_acknowledged_part_is_lost_wherever_the_power_is_cut(rig: Rig) -> None:
    steps = rig.steps()
    print(f"{len(steps)} durable steps of one film")
    assert len(steps) >= LEAST_POINTS
    faults = {}
    for number, step in enumerate(steps):
        acknowledged = rig.record(die_at=step)
        faults[f"{step}, {len(acknowledged)} acknowledged"] = rig.faults_after_cut(
            acknowledged, log_flushed=bool(number % 4 == 3)
        )
    assert {step: found for step, found in faults.items() if found} == {}


def test_a_whole_film_is_there_after_a_cut_right_behind_its_last_step(rig: Rig) -> None:
    acknowledged = rig.record()
    assert MANIFEST in acknowledged
    assert rig.faults_after_cut(acknowledged) == []


@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_a_forgotten_fsync_is_caught(rig: Rig, forgotten: str) -> None:
    acknowledged = rig.record(forgotten=forgotten)
    assert MANIFEST in acknowledged
    assert any("acknowledged" in fault for fault in rig.faults_after_cut(acknowledged))
