"""The supervisor with a real spool, the simulated camera and circuit: what each event leaves on the card."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from device.board import BOARD
from device.config import KitConfig
from device.film_starter import FilmStarter
from device.filming import Filming
from device.on_the_way import UplinkWatch
from device.panel import Panel
from device.policy import PolicyWatch
from device.recorder import Event, State
from device.sealed_film import SealedFilm
from device.sim.camera import SimulatedCamera
from device.sim.circuit import SimulatedCircuit
from device.sim.faults import Faults
from device.spooled_film import FilmState, SpooledFilm
from device.status import UPLINK_FILE, RecorderStatus, UplinkStatus, read_status, write_status
from device.supervisor import Fault, Outcome, Supervisor
from device.trouble import Trouble
from device.watch import Limits, Watch
from footage import durable
from footage.directory import Policy
from footage.manifest import ClockStatus, Ended
from footage.notes import NoteEvent, decode_note
from footage.parts import PartKind
from tests.device.kit import PICTURE, Kit
from tests.device.receipts import signed_receipt

LIMITS = Limits(agreement_seconds=60, film_seconds=60)


class Recorder:
    """A running recorder on a kit."""

    def __init__(self, folder: Path, camera: SimulatedCamera, limits: Limits, fault: Fault | None = None) -> None:
        self.kit = Kit(folder)
        self.camera = camera
        self.folder = folder
        self.outcome: Outcome | None = None
        self.signs_of_life: list[State] = []
        self.statuses: list[RecorderStatus] = []
        self.circuit = SimulatedCircuit(BOARD)
        durable.write_file(folder / "directory.jws", self.kit.agency.signed_directory().encode())
        config = KitConfig(
            kit=self.kit.agency.kit,
            service="http://127.0.0.1:1",
            agency_root=self.kit.agency.root_thumbprint,
            directory=folder / "directory.jws",
            accepted=folder / "accepted.jws",
        )
        starter = FilmStarter(config, self.kit.spool)
        self.uplink_file = folder / "run" / UPLINK_FILE
        on_the_way = UplinkWatch(lambda: read_status(self.uplink_file, UplinkStatus), self.kit.spool.is_empty)
        self.supervisor = Supervisor(
            filming_for=lambda post: Filming(camera, self.kit.spool, starter, self.kit.agency.kit_key, post),
            panel_for=lambda post: Panel(BOARD, post, self.circuit.pin_factory),
            spool=self.kit.spool,
            watch=Watch(self.circuit.sensors, limits, PolicyWatch(config).changed, on_the_way),
            report=self.statuses.append,
            fault=fault,
            alive=lambda: self.signs_of_life.append(self.supervisor.state),
        )
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.outcome = self.supervisor.run()

    def do(self, *events: Event) -> None:
        for event in events:
            self.supervisor.post(event)

    def wait_for(self, held: Callable[[RecorderStatus], bool], seconds: float = 20) -> RecorderStatus:
        deadline = time.monotonic() + seconds
        while not (self.statuses and held(self.statuses[-1])):
            assert time.monotonic() < deadline, f"last status: {self.statuses[-1:]}"
            time.sleep(0.01)
        return self.statuses[-1]

    def film_parts(self, parts: int) -> None:
        self.do(Event.AGREE, Event.RECORD)
        self.wait_for(lambda status: status.parts >= parts)

    def accept(self, **changes: object) -> None:
        """Give the kit a newer directory, as the uplink does."""
        directory = replace(self.kit.agency.directory(version=2), **changes)
        durable.write_file(self.folder / "directory.jws", self.kit.agency.signed_directory(directory).encode())

    def beeps(self) -> int:
        """How often the buzzer began to sound."""
        return sum(state.state for state in self.circuit.pin_factory.pin(BOARD.buzzer).states)

    def ring(self) -> tuple[int, ...]:
        """Which lamps shine."""
        return tuple(int(self.circuit.pin_factory.pin(pin).state) for pin in BOARD.status_ring)

    def sees(self, *rings: tuple[int, ...], seconds: float = 6) -> None:
        """Wait until the ring has shown these, one after another."""
        deadline = time.monotonic() + seconds
        for wanted in rings:
            while self.ring() != wanted:
                assert time.monotonic() < deadline, f"{wanted} was not shown"
                time.sleep(0.01)

    def sent_by_the_uplink(self, film: SpooledFilm) -> None:
        """Let a film be with the agency, and gone from the kit."""
        agency = self.kit.agency
        film.keep_receipt(signed_receipt(film, agency.receipt_key))
        film.erase(agency.verified_directory())
        film.forget(FilmState.RECEIPTED)
        write_status(self.uplink_file, UplinkStatus(0, receipts=1, last_receipt=film.film))

    def ended(self) -> Ended:
        (film,) = self.kit.spool.films()
        return self.kit.verified(film).manifest.ended

    def close(self) -> None:
        self.supervisor.shut_down()
        self.thread.join(20)
        assert not self.thread.is_alive()


Start = Callable[..., Recorder]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    recorders: list[Recorder] = []

    def begin(*, limits: Limits = LIMITS, source: Path | None = None, faults: Faults | None = None) -> Recorder:
        camera = SimulatedCamera(source, picture=PICTURE, speed=10, faults=faults or Faults())
        recorders.append(Recorder(tmp_path, camera, limits))
        return recorders[-1]

    yield begin
    for recorder in recorders:
        recorder.close()


def test_a_film_from_agreement_to_its_closing(start: Start) -> None:
    recorder = start()
    recorder.film_parts(3)
    assert recorder.statuses[-1].tally
    assert recorder.statuses[-1].consent
    recorder.do(Event.MOMENT, Event.STOP)
    recorder.wait_for(lambda status: status.state == "ready" and not status.tally and not status.consent)
    (film,) = recorder.kit.spool.films()
    opened = recorder.kit.verified(film).opened_parts([recorder.kit.agency.recovery], [PartKind.NOTE])
    assert [decode_note(plaintext).event for _, plaintext in opened] == [NoteEvent.CONSENT_GIVEN, NoteEvent.MOMENT]
    assert recorder.ended() is Ended.STOPPED


def test_without_agreement_nothing_is_filmed(start: Start) -> None:
    recorder = start()
    recorder.do(Event.RECORD, Event.MOMENT, Event.STOP)
    time.sleep(0.3)
    assert not any(status.tally for status in recorder.statuses)
    assert recorder.kit.spool.films() == []


def test_an_agreement_lapses(start: Start) -> None:
    recorder = start(limits=Limits(agreement_seconds=0.2))
    recorder.do(Event.AGREE)
    recorder.wait_for(lambda status: status.state == "agreed")
    recorder.wait_for(lambda status: status.state == "ready" and not status.consent)


def test_a_film_that_is_taken_back_while_it_runs(start: Start) -> None:
    recorder = start()
    recorder.film_parts(3)
    recorder.do(Event.STOP, Event.TAKE_BACK)
    recorder.wait_for(lambda status: status.state == "ready" and not status.consent)
    recorder.do(Event.AGREE)
    recorder.wait_for(lambda status: status.state == "agreed")
    (film,) = recorder.kit.spool.films()
    assert film.state is FilmState.TAKEN_BACK
    assert [file.name for file in film.folder.iterdir()] == ["taken-back"]


def test_switching_off_closes_the_film(start: Start) -> None:
    recorder = start()
    recorder.film_parts(3)
    recorder.close()
    assert recorder.ended() is Ended.SHUT_DOWN
    assert not recorder.circuit.pin_factory.pin(BOARD.tally).state


@pytest.mark.parametrize(
    ("faults", "ended"),
    [
        (Faults(camera_stops_at_s=2), Ended.CAMERA_STALLED),
        (Faults(camera_fails_at_s=2), Ended.CAMERA_STALLED),
    ],
)
def test_a_camera_that_gives_up(start: Start, monkeypatch: pytest.MonkeyPatch, faults: Faults, ended: Ended) -> None:
    monkeypatch.setattr("device.watch.NO_PICTURE_SECONDS", 1.0)
    recorder = start(faults=faults)
    recorder.do(Event.AGREE, Event.RECORD)
    status = recorder.wait_for(lambda status: status.state == "fault" and not status.tally)
    assert status.fault_code == "camera-stalled"
    assert "cable" in status.fault
    assert recorder.ended() is ended
    recorder.thread.join(20)
    assert recorder.outcome is Outcome.RESTART, "a new process begins afresh"


def test_a_light_that_fails_stops_the_film(start: Start) -> None:
    recorder = start()
    recorder.film_parts(3)
    recorder.circuit.cut_light()
    recorder.wait_for(lambda status: status.state == "fault" and status.fault_code == "light-failed")
    assert recorder.ended() is Ended.LIGHT_FAILED


def test_a_dark_light_prevents_the_film(start: Start) -> None:
    recorder = start()
    recorder.circuit.cut_light()
    recorder.do(Event.AGREE, Event.RECORD)
    recorder.wait_for(lambda status: status.state == "fault" and status.fault_code == "light-failed")
    assert recorder.kit.spool.films() == []


def test_an_unreadable_source_is_a_fault_that_leaves_nothing(start: Start, tmp_path: Path) -> None:
    recorder = start(source=tmp_path / "missing.mp4")
    recorder.do(Event.AGREE, Event.RECORD)
    status = recorder.wait_for(lambda status: status.state == "fault" and not status.consent)
    assert "missing.mp4" in status.fault
    assert recorder.kit.spool.films() == []
    recorder.do(Event.RECORD)
    recorder.wait_for(lambda status: status.state == State.READY.value)


def test_a_full_card_refuses_a_film(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = start()
    monkeypatch.setattr(recorder.kit.spool, "_reserve", 1 << 60)
    recorder.do(Event.AGREE, Event.RECORD)
    recorder.wait_for(lambda status: status.state == "fault" and status.fault_code == "card-full")
    assert recorder.kit.spool.films() == []


def test_a_card_that_fills_up_while_filming(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = start()
    recorder.film_parts(3)
    monkeypatch.setattr(recorder.kit.spool, "_reserve", 1 << 60)
    recorder.wait_for(lambda status: status.state == "fault" and status.fault_code == "card-full")
    assert recorder.ended() is Ended.CARD_FULL


def test_a_card_that_refuses_the_last_part_of_a_stopped_film(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = start()
    recorder.film_parts(3)

    def refuse(_film: SealedFilm) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(SealedFilm, "finish", refuse)
    recorder.do(Event.STOP)
    status = recorder.wait_for(lambda status: status.state == "fault" and not status.consent)
    assert status.fault_code == "card-failed"
    assert recorder.ended() is Ended.CARD_FAILED


def notes(recorder: Recorder) -> list[tuple[NoteEvent, str]]:
    (film,) = recorder.kit.spool.films()
    opened = recorder.kit.verified(film).opened_parts([recorder.kit.agency.recovery], [PartKind.NOTE])
    return [(note.event, note.detail) for note in (decode_note(plaintext) for _, plaintext in opened)]


def test_a_film_the_family_stops_says_so_inside(start: Start) -> None:
    recorder = start()
    recorder.film_parts(3)
    recorder.do(Event.FAMILY_STOP)
    recorder.wait_for(lambda status: status.state == "ready")
    assert recorder.ended() is Ended.STOPPED, "outside it looks like any other"
    assert notes(recorder)[-1] == (NoteEvent.STOPPED_BY_FAMILY, "")


def test_the_longest_film_ends_by_itself(start: Start) -> None:
    recorder = start(limits=Limits(film_seconds=3))
    recorder.do(Event.AGREE, Event.RECORD)
    recorder.wait_for(lambda status: status.state == "recording")
    recorder.wait_for(lambda status: status.state == "ready")
    assert recorder.ended() is Ended.TIME_UP


@pytest.mark.parametrize(
    ("fault", "ended"),
    [(SimulatedCircuit.drain_battery, Ended.BATTERY_LOW), (SimulatedCircuit.heat_up, Ended.TOO_HOT)],
)
def test_a_kit_that_fails_closes_its_film_and_begins_no_other(
    start: Start, fault: Callable[[SimulatedCircuit], None], ended: Ended
) -> None:
    recorder = start()
    recorder.film_parts(3)
    fault(recorder.circuit)
    status = recorder.wait_for(lambda status: status.state == "fault" and not status.tally)
    assert recorder.ended() is ended
    recorder.do(Event.AGREE, Event.AGREE, Event.RECORD)
    again = recorder.wait_for(lambda status: status.state == "fault" and not status.consent)
    assert again.fault_code == status.fault_code
    assert len(recorder.kit.spool.films()) == 1


def test_warnings_are_told_and_sealed_into_the_film(start: Start) -> None:
    recorder = start(faults=Faults(microphone_away=(1, 2)))
    recorder.film_parts(2)
    recorder.circuit.weaken_supply()
    recorder.wait_for(lambda status: "undervoltage" in status.warnings)
    recorder.do(Event.STOP)
    status = recorder.wait_for(lambda status: status.state == "ready")
    assert status.warnings == ("undervoltage",), "the microphone is back"
    assert (NoteEvent.WARNING, "undervoltage") in notes(recorder)
    assert (NoteEvent.WARNING, "microphone-away") in notes(recorder)


def test_another_policy_asks_for_a_new_process(start: Start) -> None:
    recorder = start()
    recorder.wait_for(lambda status: status.state == "ready")
    recorder.accept(policy=Policy(sound=False))
    recorder.thread.join(20)
    assert recorder.outcome is Outcome.RESTART


def test_a_camera_that_does_not_stop_costs_neither_the_film_nor_the_kit(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.filming.STOP_SECONDS", 0.2)
    recorder = start()
    recorder.film_parts(3)
    hang = threading.Event()
    monkeypatch.setattr(recorder.camera, "stop", hang.wait)
    recorder.do(Event.STOP)
    recorder.thread.join(20)
    hang.set()
    assert recorder.outcome is Outcome.RESTART
    assert recorder.statuses[-1].fault_code == "camera-stalled"
    assert not recorder.circuit.pin_factory.pin(BOARD.tally).state
    assert recorder.ended() is Ended.STOPPED
    monkeypatch.undo()
    recorder.camera.stop()


def test_while_filming_only_durable_parts_are_a_sign_of_life(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = start()
    recorder.film_parts(3)
    stuck = threading.Event()
    monkeypatch.setattr(SealedFilm, "add", lambda *_: stuck.wait())
    time.sleep(0.5)
    before = len(recorder.signs_of_life)
    time.sleep(1)
    assert len(recorder.signs_of_life) == before
    stuck.set()


def test_a_fault_of_the_recorder_before_is_still_shown(tmp_path: Path) -> None:
    recorder = Recorder(
        tmp_path, SimulatedCamera(picture=PICTURE), LIMITS, fault=Fault(Trouble.CAMERA_STALLED, "Check the cable.")
    )
    status = recorder.wait_for(lambda status: status.state == "fault")
    assert status.fault_code == "camera-stalled"
    recorder.do(Event.AGREE)
    assert recorder.wait_for(lambda status: status.state == "ready").fault == ""
    recorder.close()


def test_an_expired_directory_begins_no_film(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = start()
    recorder.accept(valid_until="2020-01-01T00:00:00Z")
    monkeypatch.setattr("device.clock.clock_status", lambda: ClockStatus.SYNCHRONISED)
    recorder.do(Event.AGREE, Event.RECORD)
    recorder.wait_for(lambda status: status.state == "fault" and status.fault_code == "directory-expired")
    assert recorder.kit.spool.films() == []
    monkeypatch.setattr("device.clock.clock_status", lambda: ClockStatus.UNSYNCHRONISED)
    recorder.do(Event.AGREE, Event.AGREE, Event.RECORD)
    recorder.wait_for(lambda status: status.parts > 1)


def waiting_film(recorder: Recorder) -> SpooledFilm:
    film, opening = recorder.kit.new_film()
    film.open(opening)
    film.close(Ended.STOPPED, recorder.kit.agency.kit_key)
    return film


def test_the_ring_shows_films_on_their_way_and_a_tone_says_when_all_have_arrived(start: Start) -> None:
    recorder = start()
    film = waiting_film(recorder)
    recorder.sees((1, 0, 0))
    write_status(recorder.uplink_file, UplinkStatus(1, moving=True))
    recorder.sees((0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 1, 0))
    assert recorder.beeps() == 0
    recorder.sent_by_the_uplink(film)
    recorder.sees((0, 0, 1))
    recorder.wait_for(lambda _: recorder.beeps() == 4)
    recorder.sees((1, 0, 0))
    for _ in range(300):
        time.sleep(0.01)
        assert (recorder.ring(), recorder.beeps()) == ((1, 0, 0), 4), "once"


def test_a_family_that_agrees_hears_nothing_of_an_earlier_film(start: Start) -> None:
    recorder = start()
    film = waiting_film(recorder)
    recorder.do(Event.AGREE)
    recorder.wait_for(lambda status: status.state == "agreed" and recorder.beeps() == 1)
    recorder.sent_by_the_uplink(film)
    time.sleep(2.5)
    assert (recorder.ring(), recorder.beeps()) == ((1, 1, 0), 1)
    recorder.do(Event.AGREE)
    recorder.wait_for(lambda _: recorder.beeps() >= 5)
