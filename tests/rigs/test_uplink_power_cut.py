"""The power is cut at each durable step of the uplink's erasing and of taking back.

No film is erased before the service holds it whole under a receipt; no film that was taken back comes back.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.agency import Agency
from device.spooled_film import SpooledFilm
from footage.manifest import Manifest
from tests.rigs.careless import careless
from tests.rigs.fast_recorder import kit_spool, record
from tests.rigs.footage_source import EncodedFilm
from tests.rigs.opened import KitFiles, Opener
from tests.rigs.power_cut import Disk, mounted_disk
from tests.rigs.rig_stack import RigStack
from tests.rigs.steps import Step, kill_at, steps_below, tracer
from tests.rigs.take_back import ACKNOWLEDGED

pytestmark = pytest.mark.rig
FILM_SECONDS = 3


class Rig:
    """A kit whose spool lies on the disk, with one closed film, and the agency's service beside it."""

    def __init__(self, stack: RigStack, disk: Disk, encoded: EncodedFilm, service: str) -> None:
        self.stack = stack
        self.disk = disk
        self.opener = Opener.of(stack)
        self.taken_back: list[str] = []
        self.whole: list[str] = []
        self._service = service
        self._encoded = encoded
        self._trace = stack.folder / "steps.log"
        self._new_film()

    def _new_film(self) -> None:
        self.manifest: Manifest = record(self.stack.config, self._encoded)
        self.film = self.manifest.opening.film
        self.token = KitFiles(self.folder).manifest() or b""

    @property
    def folder(self) -> Path:
        """The film's folder on the kit."""
        return self.disk.at / "films" / self.film

    def new_film(self, *, at_the_service: bool = False) -> None:
        """Put another closed film on the kit; the service may hold it already, its receipt lost on the way."""
        self._new_film()
        if at_the_service:
            agency = Agency(self._service, self.stack.config.kit, self.stack.config.kit_key())
            film = SpooledFilm(self.folder)
            agency.put_key(self.film, film.film_key())
            for name in film.part_names():
                agency.put_part(self.film, name, film.part(name) or b"")
            agency.put_manifest(self.film, self.token.decode())
            agency.close()

    def uplink(self, die_at: Step | None = None, forgotten: str = "") -> None:
        """Run the uplink until the spool is empty, or until it dies."""
        _, *options = self.stack.uplink_command("--until-empty")
        self._run("uplink", ["tests.rigs.steady_uplink", *options], die_at, forgotten)

    def take_back(self, die_at: Step | None = None, forgotten: str = "") -> bool:
        """Take the film back; return whether the kit acknowledged it."""
        out = self._run("take-back", ["tests.rigs.take_back", str(self.stack.kit_toml)], die_at, forgotten)
        return ACKNOWLEDGED in out

    def switch_on(self) -> None:
        """Do what a recorder does at its start."""
        assert list(kit_spool(self.stack.config).recover(self.stack.config.kit_key())) == []

    def steps(self) -> list[Step]:
        """Return the durable steps of what ran last."""
        return steps_below(self._trace, self.disk.at)

    def erasing_faults(self) -> list[str]:
        """Return what is not as promised on the kit right now: what is erased must be receipted, and be held."""
        kit = KitFiles(self.folder)
        faults = []
        held = self.opener.store_has(self.stack.store, self.film, self.token.decode())
        receipted = self.opener.is_receipted(kit.receipt(), self.film, self.token.decode())
        if kit.receipt() is not None and not receipted:
            faults.append("the kit keeps a receipt that is not true")
        if _files(self.folder) and not self.opener.is_whole(self.film, kit) and not receipted:
            faults.append("the kit erased without keeping a receipt")
        if not self.opener.is_whole(self.film, kit) and not held:
            faults.append("the kit erased a film that the service does not hold")
        return faults

    def end_faults(self) -> list[str]:
        """Return what is not as promised when the uplink has come to its end."""
        left = [film.film for film in self.stack.films()]
        faults = [f"left on the kit: {left}"] if left else []
        if self.opener.store_has(self.stack.store, self.film, self.token.decode()):
            self.whole.append(self.film)
        else:
            faults.append("the service does not hold the film whole")
        return faults

    def taken_back_faults(self) -> list[str]:
        """Return what is left of a film that was taken back."""
        self.taken_back.append(self.film)
        places = (self.folder, self.stack.store / "films" / self.film)
        return [f"left in {place}: {list(place.rglob('*'))}" for place in places if place.exists() and _files(place)]

    def recover_faults(self) -> list[str]:
        """Open the whole store as `kit recover` does; return what it opened too much or too little."""
        out = self.stack.folder / "recovered"
        command = ["provisioning", "recover", "--store", str(self.stack.data), "--out", str(out)]
        code, text = self.stack.run("recover", [*command, "--identity", str(self.stack.agency.folder / "recovery.txt")])
        movies = sorted(movie.stem.removeprefix("film-") for movie in out.glob("*.mp4"))
        return [] if code == 0 and movies == sorted(self.whole) else [f"exit {code}: {text}"]

    def _run(self, name: str, command: list[str], die_at: Step | None, forgotten: str) -> str:
        self.stack.prefixes[name] = [*tracer(self._trace, die_at and kill_at(die_at)), *careless(forgotten)]
        code, out = self.stack.run(name, command)
        assert bool(code) is bool(die_at), f"{die_at}: exit {code}; {self.stack.log(name)}"
        return out


def _files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


@pytest.fixture
def rig(stack: RigStack, encoded_film: EncodedFilm, tmp_path: Path) -> Iterator[Rig]:
    with stack.service() as service:
        stack.add_kit(service)
        with mounted_disk(tmp_path / "card.img", stack.config.spool) as disk:
            yield Rig(stack, disk, encoded_film.first(FILM_SECONDS), service)


def test_no_film_is_erased_before_the_service_holds_it_under_a_receipt(rig: Rig) -> None:
    rig.uplink()
    faults = {"none": rig.end_faults()}
    steps = rig.steps()
    print(f"{len(steps)} durable steps of erasing one film")
    assert {step.call for step in steps} >= {"fsync", "rename", "unlink", "rmdir"}
    for number, step in enumerate(steps):
        rig.new_film()
        rig.uplink(die_at=step)
        rig.disk.cut(log_flushed=bool(number % 3 == 2))
        faults[f"{step}, after the cut"] = rig.erasing_faults()
        rig.switch_on()
        rig.uplink()
        faults[f"{step}, in the end"] = rig.end_faults()
    assert {step: found for step, found in faults.items() if found} == {}
    assert rig.recover_faults() == []


def test_a_film_that_was_taken_back_never_comes_back(rig: Rig) -> None:
    """At each step of the family's button, and of the uplink that tells the agency."""
    rig.take_back()
    button = rig.steps()
    rig.uplink()
    uplink = rig.steps()
    faults = {"none": rig.taken_back_faults()}
    print(f"{len(button)} durable steps of taking back, {len(uplink)} of the uplink's part in it")
    acknowledged = 0
    for number, step in enumerate(button):
        rig.new_film(at_the_service=bool(number % 2))
        if gone := rig.take_back(die_at=step):
            acknowledged += 1
        rig.disk.cut(log_flushed=bool(number % 3 == 2))
        rig.switch_on()
        rig.uplink()
        # A hold that was not acknowledged may have come to nothing, but not to something between.
        gone = gone or not (rig.stack.store / "films" / rig.film).exists()
        faults[f"button: {step}"] = rig.taken_back_faults() if gone else rig.end_faults()
    for number, step in enumerate(uplink):
        rig.new_film(at_the_service=bool(number % 2))
        assert rig.take_back()
        rig.uplink(die_at=step)
        rig.disk.cut(log_flushed=bool(number % 3 == 2))
        rig.switch_on()
        rig.uplink()
        faults[f"uplink: {step}"] = rig.taken_back_faults()
    assert {step: found for step, found in faults.items() if found} == {}
    assert 0 < acknowledged < len(button)
    assert rig.recover_faults() == []


def test_a_receipt_that_is_not_durable_is_caught(rig: Rig) -> None:
    rig.uplink()
    *_, manifest, _receipt = (step for step in rig.steps() if step.call == "unlink")
    rig.new_film()
    rig.uplink(die_at=manifest, forgotten="file")  # all that can be opened is gone by then
    rig.disk.cut()
    assert rig.erasing_faults() != []


def test_a_tombstone_that_is_not_durable_is_caught(rig: Rig) -> None:
    assert rig.take_back(forgotten="folder")
    rig.disk.cut()
    rig.switch_on()
    rig.uplink()
    assert rig.taken_back_faults() != []
