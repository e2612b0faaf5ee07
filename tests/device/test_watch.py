"""What time and sensors ask for. Time is the test's own."""

import pytest

from device import watch
from device.on_the_way import Way
from device.ports import Readings
from device.recorder import Event, State
from device.sim.sensors import SimulatedSensors
from device.trouble import Trouble
from device.watch import ATTENDED_SECONDS, Limits, Watch
from footage.manifest import ClockStatus

MINUTE = 60_000


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch, "time", clock)
    return clock


@pytest.fixture
def sensors() -> SimulatedSensors:
    return SimulatedSensors()


def test_an_agreement_lapses(clock: Clock, sensors: SimulatedSensors) -> None:
    watching = Watch(sensors, Limits(agreement_seconds=1800))
    watching.agreed()
    clock.now += 1799
    assert watching.due(State.AGREED, 0, 0) is None
    clock.now += 2
    assert watching.due(State.AGREED, 0, 0) is Event.AGREEMENT_LAPSED
    assert watching.due(State.RECORDING, 0, 0) is None, "a film that runs is agreed to until it ends"


@pytest.mark.usefixtures("clock")
def test_cues_come_once_in_each_film_and_then_time_is_up(sensors: SimulatedSensors) -> None:
    watching = Watch(sensors, Limits())
    for _ in range(2):
        watching.film_begun()
        due = [watching.due(State.RECORDING, second * 1000, 0) for second in range(20 * 60)]
        told = {second: event for second, event in enumerate(due) if event}
        assert told == {300: Event.FIVE_MINUTES, 600: Event.TEN_MINUTES}
        assert watching.due(State.RECORDING, 20 * MINUTE, 0) is Event.TIME_UP


@pytest.mark.usefixtures("clock")
def test_a_camera_that_is_silent_has_stalled(sensors: SimulatedSensors) -> None:
    watching = Watch(sensors, Limits())
    assert watching.due(State.RECORDING, 0, 4.9) is None
    assert watching.due(State.RECORDING, 0, 5.1) is Event.CAMERA_STALLED


@pytest.mark.parametrize(
    ("readings", "unfit", "event", "warnings"),
    [
        (Readings(), None, None, set()),
        (Readings(temperature=79.9), None, None, set()),
        (Readings(temperature=80.0), Trouble.TOO_HOT, None, {Trouble.TOO_HOT}),
        (Readings(temperature=85.0), Trouble.TOO_HOT, Event.TOO_HOT, {Trouble.TOO_HOT}),
        (Readings(battery_low=True), Trouble.BATTERY_LOW, Event.BATTERY_LOW, {Trouble.BATTERY_LOW}),
        (Readings(undervoltage=True), None, None, {Trouble.UNDERVOLTAGE}),
        (Readings(clock=ClockStatus.UNSYNCHRONISED), None, None, {Trouble.CLOCK_NOT_SET}),
    ],
)
def test_what_sensors_say(
    clock: Clock,
    sensors: SimulatedSensors,
    readings: Readings,
    unfit: Trouble | None,
    event: Event | None,
    warnings: set[Trouble],
) -> None:
    sensors.readings = readings
    watching = Watch(sensors, Limits())
    assert watching.unfit() is unfit
    assert watching.due(State.RECORDING, 0, 0) is event
    assert watching.warnings() == warnings
    sensors.readings = Readings()
    clock.now += 3
    assert watching.warnings() == set(), "and it is over when they say so"


def test_a_policy_is_changed_only_between_films(sensors: SimulatedSensors) -> None:
    watching = Watch(sensors, Limits(), policy_changed=lambda: True)
    watching.agreed()
    assert watching.due(State.READY, 0, 0) is Event.POLICY_CHANGED
    assert [watching.due(state, 0, 0) for state in State if state is not State.READY] == [None] * 4


@pytest.mark.usefixtures("clock")
def test_that_films_are_stuck_is_no_news_for_a_family(sensors: SimulatedSensors) -> None:
    stuck = True
    watching = Watch(sensors, Limits(), films_stuck=lambda: stuck)
    for state in (State.AGREED, State.RECORDING, State.CLOSING):
        watching.due(state, 0, 0)
        assert watching.warnings() == set()
    watching.due(State.READY, 0, 0)
    assert watching.warnings() == {Trouble.FILMS_STUCK}
    stuck = False
    watching.due(State.RECORDING, 0, 0)
    assert watching.warnings() == {Trouble.FILMS_STUCK}, "nor does it end, to begin again after the film"
    watching.due(State.READY, 0, 0)
    assert watching.warnings() == set()


class OnTheWay:
    """Films on their way, by hand."""

    def __init__(self) -> None:
        self.way = Way.STILL

    def look(self) -> Way:
        return self.way


@pytest.mark.usefixtures("clock")
def test_films_that_move_are_looked_at_while_the_kit_is_ready(sensors: SimulatedSensors) -> None:
    films = OnTheWay()
    watching = Watch(sensors, Limits(), on_the_way=films)
    films.way = Way.MOVING
    assert watching.due(State.RECORDING, 0, 0) is None
    assert not watching.sending, "while filming there is better to do"
    assert watching.due(State.READY, 0, 0) is None
    assert watching.sending
    films.way = Way.ARRIVED
    watching.agreed()
    assert [watching.due(state, 0, 0) for state in (State.AGREED, State.RECORDING, State.FAULT)] == [None] * 3
    assert watching.due(State.READY, 0, 0) is Event.ALL_ARRIVED
    assert not watching.sending


def test_nobody_is_woken_by_a_film_that_arrives_hours_later(clock: Clock, sensors: SimulatedSensors) -> None:
    films = OnTheWay()
    films.way = Way.ARRIVED
    watching = Watch(sensors, Limits(), on_the_way=films)
    clock.now += ATTENDED_SECONDS - 1
    assert watching.due(State.READY, 0, 0) is Event.ALL_ARRIVED
    clock.now += 2
    assert watching.due(State.READY, 0, 0) is None
    watching.agreed()
    assert watching.due(State.READY, 0, 0) is Event.ALL_ARRIVED
