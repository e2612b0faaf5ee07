"""Turns the passing of time, and what the sensors say, into events. Keeps clocks; does nothing itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from device import health
from device.on_the_way import NothingOnTheWay, OnTheWay, Way
from device.ports import Readings, Sensors
from device.recorder import Event, State
from device.trouble import Trouble

NO_PICTURE_SECONDS = 5.0  # a hung camera says nothing, so its silence must
FEEL_EVERY_SECONDS = 2.0
ATTENDED_SECONDS = 4 * 3600.0  # since the kit was switched on or a family agreed; later, people may sleep beside it
_CUES = ((5 * 60_000, Event.FIVE_MINUTES), (10 * 60_000, Event.TEN_MINUTES))  # from ms of film on
_FAILURES = {Trouble.BATTERY_LOW: Event.BATTERY_LOW, Trouble.TOO_HOT: Event.TOO_HOT}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an agreement holds without a film, and how long a film may be."""

    agreement_seconds: float = 30 * 60
    film_seconds: float = 20 * 60


class Watch:
    """`policy_changed` says whether the agency decided otherwise since the recorder was put together.

    `sending` is whether films were on their way when the kit was last ready. `films_stuck` says whether they can't go
    to the agency. It is asked while the kit is ready: a family is not told.
    """

    def __init__(
        self,
        sensors: Sensors,
        limits: Limits,
        policy_changed: Callable[[], bool] = lambda: False,
        on_the_way: OnTheWay | None = None,
        *,
        films_stuck: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sensors = sensors
        self._limits = limits
        self._policy_changed = policy_changed
        self._on_the_way = on_the_way or NothingOnTheWay()
        self._films_stuck = films_stuck
        self._stuck = False
        self.sending = False
        self._attended_until = time.monotonic() + ATTENDED_SECONDS
        self._agreed_until = 0.0
        self._cues = list(_CUES)
        self._feel_at = 0.0
        self._readings = Readings()

    def agreed(self) -> None:
        """Begin the time of an agreement."""
        now = time.monotonic()
        self._agreed_until = now + self._limits.agreement_seconds
        self._attended_until = now + ATTENDED_SECONDS

    def film_begun(self) -> None:
        """Begin the time of a film."""
        self._cues = list(_CUES)

    def unfit(self) -> Trouble | None:
        """Return what forbids to begin a film just now."""
        return health.unfit(self._sensors.read())

    def warnings(self) -> set[Trouble]:
        """Return what the sensors warn of, and whether films are stuck."""
        self._feel()
        return health.warnings(self._readings) | ({Trouble.FILMS_STUCK} if self._stuck else set())

    def due(self, state: State, film_ms: int, silent_seconds: float) -> Event | None:
        """Return what is due now: `film_ms` is the running film's length, `silent_seconds` without a picture."""
        self._feel()
        if state is State.READY:
            self._stuck = self._films_stuck()
        match state:
            case State.READY if self._policy_changed():
                return Event.POLICY_CHANGED
            case State.READY:
                return self._while_ready()
            case State.AGREED if time.monotonic() > self._agreed_until:
                return Event.AGREEMENT_LAPSED
            case State.RECORDING:
                return self._while_filming(film_ms, silent_seconds)
        return None

    def _while_ready(self) -> Event | None:
        way = self._on_the_way.look()
        self.sending = way is Way.MOVING
        return Event.ALL_ARRIVED if way is Way.ARRIVED and time.monotonic() < self._attended_until else None

    def _while_filming(self, film_ms: int, silent_seconds: float) -> Event | None:
        if silent_seconds > NO_PICTURE_SECONDS:
            return Event.CAMERA_STALLED
        if failing := health.failing(self._readings):
            return _FAILURES[failing]
        if film_ms >= self._limits.film_seconds * 1000:
            return Event.TIME_UP
        if self._cues and film_ms >= self._cues[0][0]:
            return self._cues.pop(0)[1]
        return None

    def _feel(self) -> None:
        if (now := time.monotonic()) >= self._feel_at:
            self._feel_at = now + FEEL_EVERY_SECONDS
            self._readings = self._sensors.read()
