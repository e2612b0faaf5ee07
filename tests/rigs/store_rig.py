"""A service whose data lies on a disk that can be cut, and a kit that sends it a film: what is lost is told."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from device.agency import Agency, AgencyRefused, AgencyUnreachable
from device.spooled_film import SpooledFilm
from provisioning.store_films import StoredFilm
from tests.rigs.careless import careless
from tests.rigs.opened import KitFiles, Opener
from tests.rigs.power_cut import Disk
from tests.rigs.rig_stack import RigStack
from tests.rigs.steps import Fault, Step, steps_below, tracer

DISK_PROBLEMS = ("store-failed", "store-full")


@dataclass
class Acknowledged:
    """What the service has acknowledged to the kit."""

    key: bool = False
    parts: int = 0
    receipt: str = ""
    erased: bool = False
    refusals: int = 0


class StoreRig:
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
        self._writes = False

    def run(self, fault: Fault | None = None, forgotten: str = "", refusals: int = 0) -> Acknowledged:
        """Start the service and send it the film until it dies, at the latest when all is sent.

        As often as `refusals`, what it refuses because its disk fails is sent again. Raises `AgencyRefused`.
        """
        self.stack.prefixes["service"] = [*tracer(self._trace, fault, writes=self._writes), *careless(forgotten)]
        acknowledged = Acknowledged()
        with suppress(AgencyUnreachable, RuntimeError), self.stack.service() as address:
            for _ in range(refusals):
                try:
                    self._send(address, acknowledged)
                    return acknowledged
                except AgencyRefused as refusal:
                    if refusal.problem not in DISK_PROBLEMS:
                        raise
                    acknowledged.refusals += 1
            self._send(address, acknowledged)
        return acknowledged

    def steps(self, *, writes: bool = False) -> list[Step]:
        """Return the durable steps of the service, from its start to the film's last request."""
        self.disk.make_anew()
        self._writes = writes
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
                acknowledged.parts = max(acknowledged.parts, number + 1)
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
