"""The panel on gpiozero's own MockFactory: what hands do, and what light does."""

import time
from collections.abc import Callable, Iterator

import pytest

from device.board import BOARD
from device.errors import ScriptInvalid, TallyDark
from device.lights import go_dark
from device.panel import MEANING, Gesture, Panel
from device.recorder import TABLE, Announcement, Event, State
from device.sim.circuit import SimulatedCircuit
from device.sim.script import parse_script, play
from device.trouble import Trouble

_LIGHTS = (BOARD.tally, *BOARD.consent_light, *BOARD.status_ring)


class Bench:
    """A panel on the simulated circuit, and the events that it posted."""

    def __init__(self) -> None:
        self.circuit = SimulatedCircuit(BOARD)
        self.events: list[Event] = []
        self.panel = Panel(BOARD, self.events.append, self.circuit.pin_factory)

    def wait_for(self, held: Callable[[], bool], seconds: float = 2) -> None:
        deadline = time.monotonic() + seconds
        while not held() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert held()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("device.panel.AGREE_HOLD_SECONDS", 0.3)
    monkeypatch.setattr("device.panel.RECORD_HOLD_SECONDS", 0.3)
    monkeypatch.setattr("device.sim.circuit.AGREE_HOLD_SECONDS", 0.3)
    monkeypatch.setattr("device.sim.circuit.RECORD_HOLD_SECONDS", 0.3)
    bench = Bench()
    yield bench
    bench.panel.close()


@pytest.mark.parametrize(
    ("state", "button", "held", "event"),
    [
        (State.READY, "agree", False, Event.AGREE),
        (State.READY, "agree", True, Event.TAKE_BACK),
        (State.READY, "record", False, None),
        (State.AGREED, "agree", False, Event.AGREE),
        (State.AGREED, "agree", True, Event.TAKE_BACK),
        (State.AGREED, "record", False, Event.RECORD),
        (State.RECORDING, "agree", False, Event.FAMILY_STOP),
        (State.RECORDING, "record", False, Event.MOMENT),
        (State.RECORDING, "record", True, Event.STOP),
        (State.CLOSING, "record", False, None),
        (State.FAULT, "agree", False, Event.AGREE),
        (State.FAULT, "record", False, Event.RECORD),
    ],
)
def test_what_a_press_means(bench: Bench, state: State, button: str, held: bool, event: Event | None) -> None:
    bench.panel.show(state)
    (bench.circuit.hold if held else bench.circuit.press)(button)
    assert bench.events == ([event] if event else [])


def test_holding_the_familys_button_while_filming_stops_at_once_and_then_takes_back(bench: Bench) -> None:
    bench.panel.show(State.RECORDING)
    bench.circuit.hold("agree")
    assert bench.events == [Event.FAMILY_STOP, Event.TAKE_BACK]


def test_the_press_that_starts_filming_marks_no_moment(bench: Bench) -> None:
    bench.panel.show(State.AGREED)
    pin = bench.circuit.pin_factory.pin(BOARD.record_button)
    pin.drive_low()
    bench.panel.show(State.RECORDING)
    pin.drive_high()
    assert bench.events == [Event.RECORD]


def test_gestures_mean_only_what_the_table_knows() -> None:
    known = set(TABLE) | {(State.CLOSING, Event.TAKE_BACK)}  # by then the film is closed: see the supervisor
    assert {(state, event) for (_, state), event in MEANING.items()} <= known
    assert {gesture for gesture, _ in MEANING} == set(Gesture)


def test_the_tally_is_sensed_not_commanded(bench: Bench) -> None:
    assert bench.panel.lights == {"tally": False, "consent": False}
    bench.panel.prove_tally()
    assert bench.panel.lights["tally"]
    bench.panel.tally_off()
    assert not bench.panel.lights["tally"]
    assert bench.events == [], "switching off is no failure"


def test_a_dark_tally_is_refused(bench: Bench) -> None:
    bench.circuit.cut_light()
    with pytest.raises(TallyDark):
        bench.panel.prove_tally()
    assert not bench.circuit.pin_factory.pin(BOARD.tally).state, "the camera has no power"


def test_a_tally_that_fails_while_filming_is_told(bench: Bench) -> None:
    bench.panel.prove_tally()
    bench.circuit.cut_light()
    bench.wait_for(lambda: bench.events == [Event.LIGHT_FAILED])


def test_all_lights_are_dark_at_first_and_at_last() -> None:
    bench = Bench()
    pins = [bench.circuit.pin_factory.pin(pin) for pin in _LIGHTS]
    assert not any(pin.state for pin in pins)
    bench.panel.consent(lit=True)
    bench.panel.show(State.RECORDING)
    bench.panel.prove_tally()
    assert all(pin.state for pin in pins)
    bench.panel.close()
    assert not any(pin.state for pin in pins)


def test_nothing_blinks_faster_than_once_a_second(bench: Bench) -> None:
    bench.panel.show(State.CLOSING)
    pin = bench.circuit.pin_factory.pin(BOARD.status_ring[0])
    changes, before, end = 0, pin.state, time.monotonic() + 2.2
    while time.monotonic() < end:
        changes, before = changes + (pin.state != before), pin.state
        time.sleep(0.005)
    assert 2 <= changes <= 5


def ring_lamps(bench: Bench) -> tuple[int, ...]:
    return tuple(int(bench.circuit.pin_factory.pin(pin).state) for pin in BOARD.status_ring)


def test_an_announcement_is_shown_once_and_then_the_state_again(bench: Bench) -> None:
    bench.panel.show(State.AGREED)
    assert ring_lamps(bench) == (1, 1, 0)
    bench.panel.announce(Announcement.FIVE_MINUTES)
    assert ring_lamps(bench) == (1, 0, 0)
    bench.wait_for(lambda: ring_lamps(bench) == (0, 0, 0))
    bench.wait_for(lambda: ring_lamps(bench) == (1, 1, 0))


def test_a_fault_shows_its_own_lamps(bench: Bench) -> None:
    bench.panel.show(State.FAULT, Trouble.CARD_FULL)
    assert ring_lamps(bench) == (0, 0, 1)
    bench.wait_for(lambda: ring_lamps(bench) == (0, 0, 0))
    bench.wait_for(lambda: ring_lamps(bench) == (0, 0, 1))


def test_the_buzzer_sounds_and_falls_silent(bench: Bench) -> None:
    pin = bench.circuit.pin_factory.pin(BOARD.buzzer)
    bench.panel.announce(Announcement.AGREED)
    bench.wait_for(lambda: bool(pin.state))
    bench.wait_for(lambda: not pin.state)


def test_the_microphone_has_power_only_with_the_tally(bench: Bench) -> None:
    power = bench.circuit.pin_factory.pin(BOARD.microphone_power)
    assert not power.state
    bench.panel.prove_tally()
    assert power.state
    bench.panel.tally_off()
    assert not power.state


def test_without_sound_the_microphone_never_has_power() -> None:
    circuit = SimulatedCircuit(BOARD)
    panel = Panel(BOARD, lambda _: None, circuit.pin_factory, microphone=False)
    panel.prove_tally()
    assert not circuit.pin_factory.pin(BOARD.microphone_power).state
    panel.close()


def test_going_dark_needs_no_panel() -> None:
    circuit = SimulatedCircuit(BOARD)
    outputs = (BOARD.tally, BOARD.microphone_power, BOARD.buzzer, *BOARD.consent_light, *BOARD.status_ring)
    for number in outputs:
        pin = circuit.pin_factory.pin(number)
        pin.function, pin.state = "output", True  # as a process that died left it
    go_dark(BOARD, circuit.pin_factory)
    assert not any(circuit.pin_factory.pin(number).state for number in outputs)


class TestScript:
    """Scripts are checked whole before anything is pressed."""

    def test_a_script_is_played(self, bench: Bench) -> None:
        play(parse_script("press agree  # yes\n\nwait 0.1\ncut light\n"), bench.circuit)
        assert bench.events == [Event.AGREE]

    @pytest.mark.parametrize("line", ["press stop", "wait", "wait long", "wait -1", "wait nan", "hold", "agree"])
    def test_a_line_that_is_not_understood_is_named(self, line: str) -> None:
        with pytest.raises(ScriptInvalid, match="Line 2"):
            parse_script(f"press agree\n{line}\n")
