"""The sound of a film: one unbroken row of samples at 48 kHz, whatever the microphone does. Pure: it has no clock.

Every sample stands at the time when it was heard. Where the microphone was away, or lost samples, there is silence.
"""

import av

from device.sound_encoder import BLOCK, SAMPLE_RATE, silence
from device.sound_run import SoundRun

_PATIENCE_US = 1_000_000
"""For how long an open microphone's sound is waited for. It comes after 50 ms; a busy machine may take some tenths."""

_MICROSECONDS = 1_000_000


class SoundTrack:
    """Told what the microphone does, gives blocks of 1024 samples. Sample 0 is heard at `began_us`.

    All times are microseconds of one steady clock. Whoever uses it calls `due` every few tens of milliseconds.
    """

    def __init__(self, began_us: int) -> None:
        self._began_us = began_us
        self._ready = av.AudioFifo()
        self._taken = 0  # samples handed on in blocks
        self._run: SoundRun | None = None
        self._shape: tuple[object, ...] = ()
        self._open = True  # the film begins while the microphone is being opened
        self.away = False
        """Whether silence stands in for the microphone now."""

    def opened(self) -> None:
        """The microphone was opened: sound will come."""
        self._open = True

    def lost(self, at_us: int) -> None:
        """The microphone went away, or could not be opened: nothing will come until it is opened again."""
        self._end_run(at_us)
        self._open = False

    def heard(self, sound: av.AudioFrame, at_us: int) -> None:
        """Take samples of 16 bits, any layout and rate, the last of which had come at this time."""
        if not sound.samples:
            return
        shape = (sound.format.name, sound.layout.name, sound.sample_rate)
        if self._run is None or shape != self._shape:
            self._end_run(at_us)
            self._run, self._shape = SoundRun(sound.sample_rate, self._began_us, self._place), shape
        self._run.heard(sound, at_us)

    def due(self, now_us: int) -> list[av.AudioFrame]:
        """Return the blocks (mono, fltp) that are complete by this time."""
        elapsed = self._samples_until(now_us)
        missing = self._samples_until(now_us - _PATIENCE_US if self._open else now_us) - self._end
        if missing > 0:
            self._ready.write(silence(missing))
            self.away = True
        blocks = []
        while self._taken + BLOCK <= min(elapsed, self._end):
            block = self._ready.read(BLOCK)
            assert block is not None
            blocks.append(block)
            self._taken += BLOCK
        return blocks

    def finish(self, now_us: int) -> list[av.AudioFrame]:
        """Return the last blocks. Less than a block is left out."""
        self._end_run(now_us)
        return self.due(now_us)

    @property
    def _end(self) -> int:
        return self._taken + self._ready.samples

    def _samples_until(self, at_us: int) -> int:
        return (at_us - self._began_us) * SAMPLE_RATE // _MICROSECONDS

    def _end_run(self, at_us: int) -> None:
        if self._run is not None:
            self._run.end(at_us)
            self._run = None

    def _place(self, first: int, sound: av.AudioFrame) -> None:
        """Put sound in its place: silence before it if there is a gap, and without what the row has already."""
        gap = first - self._end
        if gap <= -sound.samples:
            return
        if gap > 0:
            self._ready.write(silence(gap))
        elif gap < 0:
            sound = _without_first(sound, -gap)
        sound.pts = None  # the row has no times but its places
        self._ready.write(sound)
        self.away = False


def _without_first(sound: av.AudioFrame, samples: int) -> av.AudioFrame:
    fifo = av.AudioFifo()
    sound.pts = None
    fifo.write(sound)
    fifo.read(samples)
    rest = fifo.read()
    assert rest is not None
    return rest
