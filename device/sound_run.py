"""Samples as one opened microphone gives them, put in their places in a film's row of samples at 48 kHz.

libswresample does the work: told when each block was heard, it stretches or squeezes by some ppm, without a seam.
"""

from collections.abc import Callable
from fractions import Fraction

import av

from device.sound_clock import SampleClock, Timing
from device.sound_encoder import SAMPLE_RATE

_MICROSECOND = Fraction(1, 1_000_000)
_STRETCHING = {
    # The speed follows the error with a time constant of a second, whatever the duration; that sets the resolution, 2
    # ppm. At most 0.2 % (3.5 cents, which nobody hears); a crystal needs a tenth of it. Nothing is ever cut or filled:
    # that is for the track to do.
    "min_comp": "0.00001",
    "comp_duration": "10",
    "max_soft_comp": "0.002",
    "min_hard_comp": "1000",
    "flags": "res",
}

Place = Callable[[int, av.AudioFrame], None]


class SoundRun:
    """`place` is given pieces of sound, mono fltp at 48 kHz, each with the place of its first sample: 0 is `began_us`.

    Places follow one another without a gap until samples were lost, or until there were too many.
    """

    def __init__(self, rate: int, began_us: int, place: Place) -> None:
        self._clock = SampleClock(rate)
        self._began_us = began_us
        self._place = place
        self._waiting: list[tuple[int, av.AudioFrame]] = []  # until their time is known
        self._resampler: av.AudioResampler | None = None
        self._next = 0  # the place of the next sample

    def heard(self, sound: av.AudioFrame, at_us: int) -> None:
        """Take samples of 16 bits that had come at this time; all of one layout and rate."""
        self._waiting.append((self._clock.count, sound))
        timing = self._clock.arrived(sound.samples, at_us)
        if timing is not Timing.DOUBTFUL:
            self._use(timing)

    def end(self, at_us: int) -> None:
        """Place what is left."""
        if self._waiting:
            self._use(self._clock.settle(at_us))
        self._finish()

    def _use(self, timing: Timing) -> None:
        if timing is Timing.MOVED:
            self._finish()
        waiting, self._waiting = self._waiting, []
        for first, sound in waiting:
            heard_us = self._clock.heard_us(first) - self._began_us
            if self._resampler is None:
                self._resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE, options=_STRETCHING)
                self._next = round(heard_us * SAMPLE_RATE * _MICROSECOND)
            sound.pts, sound.time_base = round(heard_us), _MICROSECOND
            self._take(self._resampler.resample(sound))

    def _finish(self) -> None:
        if self._resampler is not None:
            self._take(self._resampler.resample(None))
            self._resampler = None

    def _take(self, pieces: list[av.AudioFrame]) -> None:
        for piece in pieces:
            self._place(self._next, piece)
            self._next += piece.samples
