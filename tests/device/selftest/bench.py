"""A kit on the test stand, all simulated, with real keys, card and codecs; and hands that help or do not."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from device.board import BOARD
from device.config import KitConfig
from device.ports import Camera, PictureFormat
from device.rig import Rig
from device.selftest.hands import Hands, Look, Press
from device.selftest.outcome import Result
from device.selftest.parts import PARTS, run
from device.selftest.stand import Stand
from device.sim.camera import SimulatedCamera
from device.sim.circuit import SimulatedCircuit
from device.sim.hands import SimulatedHands
from device.spool import Spool
from footage.directory import Directory, Policy
from footage.keys import key_to_pem
from tests.footage.builders import Agency

SMALL = PictureFormat(640, 360, 25, 1_000_000)


class NoHands:
    """Nobody is there."""

    def do(self, request: Press | Look) -> None: ...


class SwappedHands:
    """Each button's wires end at the other."""

    def __init__(self, circuit: SimulatedCircuit) -> None:
        self._hands = SimulatedHands(circuit)

    def do(self, request: Press | Look) -> None:
        if isinstance(request, Press):
            request = request._replace(button="record" if request.button == "agree" else "agree")
        self._hands.do(request)


class Bench:
    """A stand whose rig has `camera`, and what it asked people."""

    def __init__(self, folder: Path, camera: Camera | None = None, *, reserve: int = 1 << 20) -> None:
        self.folder = folder
        self.agency = Agency()
        self.circuit = SimulatedCircuit(BOARD)
        self.hands: Hands = SimulatedHands(self.circuit)
        self.asked: list[str] = []
        self.camera = camera or SimulatedCamera(picture=SMALL, speed=None)
        self.config = KitConfig(
            kit=self.agency.kit,
            service="http://127.0.0.1:1",
            agency_root=self.agency.root_thumbprint,
            key=folder / "kit.key.pem",
            directory=folder / "directory.jws",
            accepted=folder / "accepted.jws",
            spool=folder / "spool",
            status=folder / "run",
            profile="360p25",
        )
        self.config.key.write_bytes(key_to_pem(self.agency.kit_key))
        self.config.key.chmod(0o600)
        self.publish(lambda directory: directory)
        self.spool = Spool(self.config.spool, reserve=reserve, last_film=folder / "run" / "last-film")
        self.stand = Stand(self.config, self.spool, BOARD, self._rig, self.asked.append)

    def publish(self, change: Callable[[Directory], Directory]) -> None:
        """Give the kit a directory that is changed so."""
        self.config.directory.write_text(self.agency.signed_directory(change(self.agency.directory())))

    def without_sound(self) -> None:
        """Let the agency want no sound."""
        self.publish(lambda directory: replace(directory, policy=Policy(sound=False)))

    def test(self, *names: str, hands: bool = True) -> list[Result]:
        """Test these parts, or all."""
        return list(run(self.stand, names or list(PARTS), hands=hands))

    def result(self, name: str) -> Result:
        """Test one part."""
        (result,) = self.test(name)
        return result

    def code(self, name: str) -> str:
        """The code that testing one part gives; empty if it is well."""
        return self.result(name).code

    def is_on(self, pin: int) -> bool:
        """Whether a pin is high."""
        return bool(self.circuit.pin_factory.pin(pin).state)

    def _rig(self, sound: bool) -> Rig:
        if not sound:
            self.camera.sound = None
        return Rig(self.camera, self.circuit.sensors, self.circuit.pin_factory, hands=self.hands)
