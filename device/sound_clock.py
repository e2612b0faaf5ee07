"""When the samples of a microphone were heard, told from when they arrived.

A microphone counts samples by its own crystal, some hundred ppm off. Its samples arrive late, by anything from nothing
to tenths of a second, but never early; so the earliest arrivals tell the true time. The least lateness of each second
goes into an alpha-beta filter (a steady-state Kalman filter of offset and drift). Nothing here knows the wall clock:
an NTP step changes nothing.
"""

from enum import Enum, auto

_SECOND_US = 1_000_000

_WINDOW_US = 1_000_000
_FIRST_WINDOW_US = 250_000
_DOUBT_WINDOW_US = 500_000
"""For how long arrivals are watched before the first, or a doubtful, sample is given a time."""

_DOUBT_US = 120_000
"""Samples later than this came after a stall, and perhaps after samples that were lost in it."""

_HINT_US = 10_000
"""A window in which everything was late tells little: no more of its lateness counts. Being early is a proof."""

_JUMP_US = 40_000
"""When the earliest of a window is this far off, samples are missing or too many: no crystal drifts so."""

_ALPHA, _BETA = 0.05, 0.001
"""Gains of the filter for windows of a second: it settles in half a minute, with little overshoot (damping 0.8)."""


class Timing(Enum):
    """What is known of the samples that have come."""

    DOUBTFUL = auto()  # wait for more before using their times
    STEADY = auto()
    MOVED = auto()  # from here on times have no steady relation to those before


class SampleClock:
    """The clock of one microphone, from when it was opened. Samples are counted from 0."""

    def __init__(self, rate: int) -> None:
        self.count = 0
        self._rate = rate
        self._known = self._settled = False
        self._offset = 0.0  # µs: when sample 0 was heard, by what is known at second `_updated`
        self._drift = 0.0  # µs a second
        self._updated = 0.0  # seconds of the microphone's own clock
        self._windows = 0  # since the last move
        self._until = 0
        self._least_late = float("inf")

    def heard_us(self, sample: int) -> float:
        """Return when this sample was heard, on the clock of the arrivals."""
        seconds = sample / self._rate
        return self._offset_at(seconds) + seconds * _SECOND_US

    def arrived(self, samples: int, at_us: int) -> Timing:
        """Count samples, the last of which had come at this time."""
        if not self.count:
            self._watch(at_us, _FIRST_WINDOW_US)
        self.count += samples
        seconds = self.count / self._rate
        late = at_us - seconds * _SECOND_US
        beyond = late - self._offset_at(seconds) if self._known else 0.0
        if self._settled and beyond > _DOUBT_US:
            self._settled = False
            self._watch(at_us, _DOUBT_WINDOW_US)
        self._least_late = min(self._least_late, late)
        if at_us < self._until and beyond > -_JUMP_US:
            return Timing.STEADY if self._settled else Timing.DOUBTFUL
        return self.settle(at_us)

    def settle(self, at_us: int) -> Timing:
        """Learn from the arrivals since the last time."""
        seconds = self.count / self._rate
        error = self._least_late - self._offset_at(seconds)
        moved = not self._known or abs(error) > _JUMP_US
        hint = error if moved else min(error, _HINT_US)
        self._windows = 1 if moved else self._windows + 1
        gain = max(_ALPHA, 1 / self._windows)  # a plain average at first
        self._offset = self._offset_at(seconds) + gain * hint
        if not moved:
            self._drift += _BETA * hint
        self._updated = seconds
        self._known = self._settled = True
        self._watch(at_us, _WINDOW_US)
        return Timing.MOVED if moved else Timing.STEADY

    def _offset_at(self, seconds: float) -> float:
        return self._offset + self._drift * (seconds - self._updated)

    def _watch(self, at_us: int, for_us: int) -> None:
        self._until = at_us + for_us
        self._least_late = float("inf")
