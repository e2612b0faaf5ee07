"""A recorder under a thousand random events and faults: what must never happen does not.

Supervisor, panel, spool, muxer and seals are the real ones, pins are gpiozero's MockFactory. Only the camera is driven
a second at a time, with pictures and sound that were really encoded.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.board import BOARD
from device.config import KitConfig
from device.film_starter import FilmStarter
from device.filming import Filming
from device.panel import MEANING, Gesture, Panel
from device.ports import CameraFailed, Deliver, EncodedPacket, Failed, Notice, Notify, Readings, SoundFormat, ignore
from device.recorder import Event, State
from device.sim.circuit import SimulatedCircuit
from device.spooled_film import FilmState
from device.status import RecorderStatus
from device.supervisor import Fault, Supervisor
from device.trouble import Trouble
from device.watch import Limits, Watch
from footage import durable
from footage.age import HybridIdentity
from footage.film_key import FilmKey, film_sealer, seal_film_key
from footage.manifest import Ended
from tests.device.kit import PICTURE, SECONDS, Kit, packets, sound

EVENTS = 1000
_S = 1_000_000


class SteppedCamera:
    """Films a second when told to, fails or hangs when told to."""

    def __init__(self) -> None:
        self.picture = PICTURE
        self.sound: SoundFormat | None = sound()
        self.running = self.broken = self.hangs = False
        self.released = threading.Event()
        self._deliver: Deliver
        self._failed: Failed
        self._notify: Notify
        self._second = 0

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        if self.broken:
            raise CameraFailed("The cable is loose. Plug it in.")
        self._deliver, self._failed, self._notify = deliver, failed, notify
        self.running, self._second = True, 0

    def stop(self) -> None:
        if self.hangs:
            self.released.wait()
        self.running = False

    def second(self) -> None:
        for packet in _second(self._second):
            self._deliver(packet)
        self._second += 1

    def fail(self) -> None:
        self._failed("The camera failed.")

    def notice(self, notice: Notice) -> None:
        self._notify(notice)


def _second(number: int) -> Iterator[EncodedPacket]:
    round_, second = divmod(number, SECONDS)
    for packet in packets():
        if second <= packet.at_us / _S < second + 1:
            yield packet._replace(at_us=packet.at_us + round_ * SECONDS * _S)


class World:
    """A kit, the people around it, and what goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.kit = Kit(folder)
        durable.write_file(folder / "directory.jws", self.kit.agency.signed_directory().encode())
        self.config = KitConfig(
            kit=self.kit.agency.kit,
            service="http://127.0.0.1:1",
            agency_root=self.kit.agency.root_thumbprint,
            directory=folder / "directory.jws",
        )
        self.films = 0
        self.durable: dict[str, set[str]] = {}
        self.status: RecorderStatus
        self.fault: Fault | None = None
        self.begin()

    def begin(self) -> None:
        """Start a recorder, as systemd does."""
        list(self.kit.spool.recover(self.kit.agency.kit_key))
        self.circuit, self.camera = SimulatedCircuit(BOARD), SteppedCamera()
        starter = FilmStarter(self.config, self.kit.spool)
        self.supervisor = Supervisor(
            filming_for=lambda post: Filming(self.camera, self.kit.spool, starter, self.kit.agency.kit_key, post),
            panel_for=lambda post: Panel(BOARD, post, self.circuit.pin_factory),
            spool=self.kit.spool,
            watch=Watch(self.circuit.sensors, Limits(film_seconds=30)),
            report=self.saw,
            fault=self.fault,
        )

    def saw(self, status: RecorderStatus) -> None:
        self.status = status

    def do(self, action: str) -> None:
        getattr(self, action)()
        self.settle()
        self.hold_promises()

    def settle(self) -> None:
        """Let the supervisor handle all that there is."""
        for _ in range(4):
            if self.supervisor.outcome is None:
                self.supervisor.turn(0)
        if self.supervisor.outcome is not None:
            self.supervisor.close()
            self.camera.released.set()
            failed = self.status.state == State.FAULT.value
            self.fault = Fault(Trouble.of(self.status.fault_code), self.status.fault) if failed else None
            self.begin()

    # what people do ---------------------------------------------------------------------------------------------

    def hand(self, gesture: Gesture) -> None:
        if event := MEANING.get((gesture, self.supervisor.state)):
            self.supervisor.post(event)

    def press_agree(self) -> None:
        self.hand(Gesture.AGREE_PRESSED)
        self.hand(Gesture.AGREE_RELEASED)

    def hold_agree(self) -> None:
        self.hand(Gesture.AGREE_PRESSED)
        self.hand(Gesture.AGREE_HELD)

    def press_record(self) -> None:
        self.hand(Gesture.RECORD_PRESSED)

    def begin_film(self) -> None:
        if self.supervisor.state is State.FAULT:
            self.mend()
            self.settle()
        self.press_agree()
        self.settle()
        self.press_record()

    def mark_moment(self) -> None:
        self.hand(Gesture.RECORD_RELEASED)

    def hold_record(self) -> None:
        self.hand(Gesture.RECORD_HELD)

    def switch_off(self) -> None:
        self.supervisor.shut_down()

    # what time does ---------------------------------------------------------------------------------------------

    def second(self) -> None:
        if self.camera.running:
            self.camera.second()

    def lapse(self) -> None:
        self.supervisor.post(Event.AGREEMENT_LAPSED)

    # what goes wrong --------------------------------------------------------------------------------------------

    def cut_light(self) -> None:
        self.circuit.cut_light()

    def break_camera(self) -> None:
        self.camera.broken = True

    def mend(self) -> None:
        """The kit was repaired: its owner begins anew, with its films."""
        self.supervisor.shut_down()

    def fail_camera(self) -> None:
        if self.camera.running:
            self.camera.fail()

    def hang_camera(self) -> None:
        self.camera.hangs = True

    def lose_microphone(self) -> None:
        if self.camera.running:
            self.camera.notice(Notice.MICROPHONE_AWAY)

    def drain_battery(self) -> None:
        self.circuit.drain_battery()

    def charge(self) -> None:
        self.circuit.sensors.readings = Readings()

    def report_card(self) -> None:
        self.supervisor.post(Event.CARD_FAILED)

    # what must hold ---------------------------------------------------------------------------------------------

    def hold_promises(self) -> None:
        pin = self.circuit.pin_factory.pin
        tally, consent = pin(BOARD.tally).state, all(pin(number).state for number in BOARD.consent_light)
        if self.camera.running and not self.camera.hangs:
            assert tally, "never camera power without tally"
            assert self.status.tally, "and it is sensed, not only commanded"
            assert consent, "never a film without agreement"
            assert self.supervisor.state is State.RECORDING
        if not tally:
            assert not pin(BOARD.microphone_power).state, "never microphone power without tally"
        for film in self.kit.spool.films():
            names = {str(name) for name in film.part_names()}
            if film.state is not FilmState.TAKEN_BACK:
                assert names >= self.durable.get(film.film, set()), "never a lost durable part"
            self.durable[film.film] = names

    def close(self) -> None:
        """Switch off, then read every film as the agency would."""
        self.supervisor.shut_down()
        for _ in range(100):
            if self.supervisor.outcome is None:
                self.supervisor.turn(0.01)
        self.supervisor.close()
        self.camera.released.set()
        for film in self.kit.spool.films():
            if film.state is not FilmState.TAKEN_BACK:
                verified = self.kit.verified(film)
                assert verified.manifest.ended is not Ended.SPOOL_DAMAGED
                opened = [entry.number for entry, _ in verified.opened_parts([self.kit.agency.recovery])]
                assert len(opened) == len(film.part_names()) >= len(self.durable.get(film.film, ()))
                self.films += 1


FAULTS = ["cut_light", "break_camera", "fail_camera", "hang_camera", "lose_microphone", "drain_battery", "report_card"]
ORDINARY = ["press_agree", "press_record", "second", "mark_moment", "hold_record", "charge"]
RARE = ["hold_agree", "lapse", "switch_off", "mend", *FAULTS]
ACTIONS = st.sampled_from(["begin_film"] * 12 + ["second"] * 30 + ORDINARY * 3 + RARE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A film's identity is made in this process, a hung camera is known at once, and a card without fsync will do."""

    def make(film: str, recipients: list[str]) -> FilmKey:
        identity = HybridIdentity.generate()
        return FilmKey(identity.recipient, seal_film_key(film, identity, film_sealer(recipients)))

    monkeypatch.setattr("device.film_starter.make_film_key", make)
    monkeypatch.setattr("device.filming.STOP_SECONDS", 0.05)
    monkeypatch.setattr("device.panel.SENSE_SECONDS", 0.02)
    monkeypatch.setattr("device.watch.FEEL_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("os.fsync", lambda _: None)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, min_size=EVENTS, max_size=EVENTS))
def test_a_thousand_events(actions: list[str]) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        began = time.monotonic()
        for action in actions:
            world.do(action)
        world.close()
        print(f"{world.films} films in {time.monotonic() - began:.1f} s")
