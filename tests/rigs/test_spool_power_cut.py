"""The power is cut at each durable step of a whole film: what the spool had acknowledged is there, and opens."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footage.errors import FootageError
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.rigs.careless import careless
from tests.rigs.fast_recorder import MANIFEST, kit_spool
from tests.rigs.footage_source import FRAME_RATE
from tests.rigs.opened import KitFiles, Opener, decoded
from tests.rigs.power_cut import Disk, mounted_disk
from tests.rigs.rig_stack import NO_SERVICE, RigStack
from tests.rigs.steps import Step, steps_below, tracer

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
        self.stack.prefixes["recorder"] = [*tracer(self._trace, die_at=die_at), *careless(forgotten)]
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
        return [
            *_lost(folder, acknowledged),
            *_unexplained(folder),
            *self._unopened(folder, ended=Ended.INTERRUPTED if manifests else Ended.STOPPED, acknowledged=acknowledged),
        ]

    def _unopened(self, folder: Path, *, ended: Ended, acknowledged: dict[str, str]) -> list[str]:
        try:
            manifest, movie = self._opener.open(folder.name, KitFiles(folder))
        except FootageError as reason:
            return [f"the film does not open: {reason.code}"]
        faults = []
        if manifest.ended is not ended or (MANIFEST in acknowledged and ended is not Ended.STOPPED):
            faults.append(f"the film is {manifest.ended.value}, not {ended.value}")
        durable = len(acknowledged) - (MANIFEST in acknowledged)
        if not durable <= len(manifest.parts) <= durable + 1:
            faults.append(f"{len(manifest.parts)} parts are there, {durable} were acknowledged")
        if any(part.kind is PartKind.MEDIA for part in manifest.parts):
            frames = decoded(movie)
            if frames["h264"] * 1000 // FRAME_RATE != manifest.duration_ms or not frames["aac"]:
                faults.append(f"{frames} were decoded of {manifest.duration_ms} ms")
        return faults


def _lost(folder: Path, acknowledged: dict[str, str]) -> list[str]:
    faults = []
    for name, digest in acknowledged.items():
        file = folder / ("manifest.jws" if name == MANIFEST else name)
        if not file.exists():
            faults.append(f"{name} was acknowledged and is gone")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            faults.append(f"{name} was acknowledged and has other bytes")
    return faults


def _unexplained(folder: Path) -> list[str]:
    explained = {"film.key", "opening.json", "manifest.jws"}
    names = {file.name for file in folder.iterdir()} - explained
    parts = {name for name in names if name.endswith(".age")}
    numbers = sorted(PartName.parse(name).number for name in parts)
    faults = [f"unexplained: {name}" for name in names - parts]
    return faults if numbers == list(range(len(numbers))) else [*faults, f"the parts are {numbers}"]


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
