"""Buttons, lights, buzzer: what is broken is named, and the sense line must be able to say no."""

import pytest

from device.board import BOARD
from device.selftest.outcome import Verdict
from device.sim.hands import SimulatedHands
from tests.device.selftest.bench import Bench, NoHands, SwappedHands


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("stand", "panel"):
        monkeypatch.setattr(f"device.selftest.{module}.ANSWER_SECONDS", 0.8)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("part", "code"), [("buttons", "button-failed"), ("lights", "no-answer"), ("buzzer", "no-answer")]
)
def test_nobody_there_is_never_ok(bench: Bench, part: str, code: str) -> None:
    bench.hands = NoHands()
    assert bench.code(part) == code


@pytest.mark.usefixtures("impatient")
def test_swapped_buttons_are_told_by_what_came_instead(bench: Bench) -> None:
    bench.hands = SwappedHands(bench.circuit)
    result = bench.result("buttons")
    assert result.code == "button-failed"
    assert "Press the family's button" in result.text


@pytest.mark.parametrize(
    ("pin", "says"),
    [
        (BOARD.tally, "The recording light"),
        (BOARD.consent_light[0], "The consent light"),
        (BOARD.consent_light[1], "The consent light"),
        (BOARD.status_ring[0], "The first lamp"),
        (BOARD.status_ring[1], "The second lamp"),
        (BOARD.status_ring[2], "The third lamp"),
    ],
)
def test_each_light_that_is_not_seen_is_named(
    bench: Bench, pin: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sight = 1.6 if pin in BOARD.status_ring else 0.5  # a lamp that blinks may be dark for a second
    monkeypatch.setattr("device.sim.hands.SIGHT_SECONDS", sight)
    bench.circuit.break_lamp(pin)
    result = bench.result("lights")
    assert result.code == "lamp-dark"
    assert result.text.startswith(says)
    assert not any(map(bench.is_on, (BOARD.tally, *BOARD.consent_light)))


def test_a_buzzer_that_is_not_heard_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.sim.hands.SIGHT_SECONDS", 0.8)
    bench.circuit.break_lamp(BOARD.buzzer)
    assert bench.code("buzzer") == "buzzer-silent"


def test_a_recording_light_that_does_not_shine_is_named(bench: Bench) -> None:
    bench.circuit.cut_light()
    assert [bench.code(part) for part in ("tally", "lights", "camera", "sound")] == ["light-failed"] * 4
    assert not bench.is_on(BOARD.tally)
    assert not bench.is_on(BOARD.microphone_power)


def test_a_sense_line_that_is_always_high_proves_nothing(bench: Bench) -> None:
    assert not bench.stand.panel.lights["tally"]
    bench.circuit.cut_light()
    bench.circuit.pin_factory.pin(BOARD.tally_sense).drive_high()
    result = bench.result("tally")
    assert (result.verdict, result.code) == (Verdict.ERROR, "light-failed")
    assert "before it is lit" in result.text


def test_simulated_eyes_see_only_what_shines(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.sim.hands.SIGHT_SECONDS", 0.1)
    hands = SimulatedHands(bench.circuit)
    assert not hands.see((BOARD.tally,))
    bench.stand.panel.prove_tally()
    assert hands.see((BOARD.tally,))
