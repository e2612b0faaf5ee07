"""The power is cut at each durable step of the service while a kit sends a film: what it acknowledged is there."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.agency import Agency, AgencyUnreachable
from device.spooled_film import SpooledFilm
from provisioning.store_films import StoredFilm
from tests.rigs.careless import careless
from tests.rigs.fast_recorder import record
from tests.rigs.footage_source import EncodedFilm
from tests.rigs.opened import KitFiles, Opener
from tests.rigs.power_cut import Disk, mounted_disk
from tests.rigs.rig_stack import NO_SERVICE, RigStack
from tests.rigs.steps import Step, sample, steps_below, tracer

pytestmark = pytest.mark.rig
FILM_SECONDS = 3
MOST_POINTS = 40
CLOSING_STEPS = 20  # manifest, receipt, the database's rows for them, and `erased`


@dataclass
class Acknowledged:
    """What the service has acknowledged to the kit."""

    key: bool = False
    parts: int = 0
    receipt: str = ""
    erased: bool = False


class Rig:
    """A service whose data lies on the disk, and a kit with one film to send."""

    def __init__(self, stack: RigStack, disk: Disk, film: SpooledFilm) -> None:
        self.stack = stack
        self.disk = disk
        self.film = film.film
        self._kit = KitFiles(film.folder)
        self._token = film.manifest()
        self._parts = [film.part(name) or b"" for name in film.part_names()]
        self._opener = Opener.of(stack)
        self._trace = stack.folder / "steps.log"

    def run(self, die_at: Step | None = None, forgotten: str = "") -> Acknowledged:
        """Start the service and send it the film until it dies, at the latest when all is sent."""
        self.stack.prefixes["service"] = [*tracer(self._trace, die_at=die_at), *careless(forgotten)]
        acknowledged = Acknowledged()
        with suppress(AgencyUnreachable, RuntimeError), self.stack.service() as address:
            self._send(address, acknowledged)
        return acknowledged

    def steps(self) -> list[Step]:
        """Return the durable steps of the service, from its start to the film's last request."""
        self.disk.make_anew()
        assert self.run().erased
        return steps_below(self._trace, self.disk.at)

    def faults_after_cut(self, acknowledged: Acknowledged, *, log_flushed: bool = False) -> list[str]:
        """Cut the power, start the service again, and return what is not as promised; then complete the film."""
        self.disk.cut(log_flushed=log_flushed)
        self.stack.prefixes["service"] = []
        with self.stack.service() as address:
            agency = self._agency(address)
            faults = [*self._lost(agency, acknowledged), *self._receipt_faults(agency, acknowledged)]
            agency.close()
            self._send(address, Acknowledged())
        if not self._opener.store_has(self.stack.store, self.film, self._token):
            faults.append("the film could not be completed")
        return faults

    def _agency(self, address: str) -> Agency:
        return Agency(address, self.stack.config.kit, self.stack.config.kit_key())

    def _send(self, address: str, acknowledged: Acknowledged) -> None:
        agency = self._agency(address)
        try:
            agency.put_key(self.film, self._kit.film_key() or b"")
            acknowledged.key = True
            for number, sealed in enumerate(self._parts):
                agency.put_part(self.film, number, sealed)
                acknowledged.parts = number + 1
            acknowledged.receipt = agency.put_manifest(self.film, self._token)
            agency.post_erased(self.film)
            acknowledged.erased = True
        finally:
            agency.close()

    def _lost(self, agency: Agency, acknowledged: Acknowledged) -> list[str]:
        held = agency.held(self.film)
        stored = StoredFilm(self.stack.store / "films" / self.film)
        faults = []
        if acknowledged.key and stored.film_key() != self._kit.film_key():
            faults.append("film.key was acknowledged and is not there")
        for number, sealed in enumerate(self._parts):
            listed = number in held.parts
            if number < acknowledged.parts and not listed:
                faults.append(f"part {number} was acknowledged and is not listed")
            if listed and held.parts[number] != hashlib.sha256(sealed).hexdigest():
                faults.append(f"part {number} is listed with another hash")
            if listed and stored.part(number) != sealed:
                faults.append(f"part {number} is listed, and its bytes are not there")
        return faults

    def _receipt_faults(self, agency: Agency, acknowledged: Acknowledged) -> list[str]:
        stored = StoredFilm(self.stack.store / "films" / self.film)
        faults = []
        if stored.receipt() is not None and not self._opener.store_has(self.stack.store, self.film, self._token):
            faults.append("there is a receipt without its film")
        if acknowledged.receipt and agency.put_manifest(self.film, self._token) != acknowledged.receipt:
            faults.append("the receipt is another one than before")
        return faults


@pytest.fixture
def rig(stack: RigStack, encoded_film: EncodedFilm, tmp_path: Path) -> Iterator[Rig]:
    stack.add_kit(NO_SERVICE)
    record(stack.config, encoded_film.first(FILM_SECONDS))
    (film,) = stack.films()
    with mounted_disk(tmp_path / "store.img", stack.data) as disk:
        yield Rig(stack, disk, film)


def test_nothing_acknowledged_is_lost_wherever_the_power_is_cut(rig: Rig) -> None:
    steps = rig.steps()
    chosen = sample(steps, MOST_POINTS, last=CLOSING_STEPS)
    print(f"{len(steps)} durable steps of the service, {len(chosen)} of them cut")
    faults, unfinished = {}, 0
    for number, step in enumerate(chosen):
        rig.disk.make_anew()
        acknowledged = rig.run(die_at=step)
        unfinished += not acknowledged.erased
        faults[f"{step}, {acknowledged}"] = rig.faults_after_cut(acknowledged, log_flushed=bool(number % 3 == 2))
    assert {step: found for step, found in faults.items() if found} == {}
    assert unfinished >= len(chosen) - 5


def test_everything_is_there_after_a_cut_right_behind_the_last_step(rig: Rig) -> None:
    assert rig.faults_after_cut(rig.run()) == []


def test_a_forgotten_fsync_of_a_part_is_caught(rig: Rig) -> None:
    with rig.stack.service():
        pass  # so that what it needs to start is durable
    acknowledged = rig.run(forgotten="file")
    assert acknowledged.parts > 2
    assert any("bytes are not there" in fault for fault in rig.faults_after_cut(acknowledged))
