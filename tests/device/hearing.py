"""A microphone on simulated time, and measuring what became of its sound."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

import av
import numpy as np
import numpy.typing as npt

from device.sound_encoder import BLOCK, SAMPLE_RATE
from device.sound_track import SoundTrack

Samples = npt.NDArray[np.float64]

BEGAN_US = 86_400_000_000  # when the film begins, on the steady clock
TONE_HZ = 1000
LOUDNESS = 0.5


def tone(at: Samples) -> Samples:
    return LOUDNESS * np.sin(2 * np.pi * TONE_HZ * at)


def beeps_every(seconds: float) -> Callable[[Samples], Samples]:
    """A beep of 40 ms that begins at each multiple of this time."""

    def hears(at: Samples) -> Samples:
        into = at % seconds
        sounds = into < 0.04
        return tone(into) * sounds if sounds.any() else np.zeros(len(at))

    return hears


@dataclass
class VirtualMicrophone:
    """Hears a function of true time. `ppm` is what its crystal is off; blocks come up to `jitter_s` late, in order.

    One block in 500 comes `stall_s` late, and holds up those behind it.
    """

    hears: Callable[[Samples], Samples]
    ppm: float = 0.0
    rate: int = SAMPLE_RATE
    channels: int = 1
    block: int = 1024
    jitter_s: float = 0.0
    stall_s: float = 0.0
    seed: int = 1

    def blocks(self, from_s: float, until_s: float) -> Iterator[tuple[float, av.AudioFrame]]:
        """Yield blocks, each with the time when it came."""
        random = Random(self.seed)
        true_rate = self.rate * (1 + self.ppm / 1_000_000)
        samples, came = 0, from_s
        while (begin := from_s + samples / true_rate) < until_s:
            heard = self.hears(begin + np.arange(self.block) / true_rate)
            samples += self.block
            late = random.uniform(0, self.jitter_s) + (self.stall_s if random.random() < 0.002 else 0)
            came = max(came, from_s + samples / true_rate + late)
            yield came, frame(heard, self.rate, self.channels)


def frame(samples: Samples, rate: int = SAMPLE_RATE, channels: int = 1) -> av.AudioFrame:
    whole = np.repeat(np.round(samples * 32767).astype(np.int16), channels)[None]
    made = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono" if channels == 1 else "stereo")
    made.sample_rate = rate
    return made


def us(seconds: float) -> int:
    return BEGAN_US + int(seconds * 1_000_000)


def listen(track: SoundTrack, blocks: Iterable[tuple[float, av.AudioFrame]]) -> Iterator[av.AudioFrame]:
    """Let a track hear these blocks; yield what it gives meanwhile."""
    for came, sound in blocks:
        track.heard(sound, us(came))
        yield from track.due(us(came))


def wait(track: SoundTrack, from_s: float, until_s: float) -> Iterator[av.AudioFrame]:
    """Let time pass without anything to hear; yield what the track gives."""
    for came in np.arange(from_s, until_s, 0.02):
        yield from track.due(us(float(came)))


def row(blocks: Iterable[av.AudioFrame]) -> Samples:
    """Return the samples of a track from its beginning; each block has to be a whole one."""
    arrays = []
    for block in blocks:
        assert (block.samples, block.sample_rate, block.layout.name, block.format.name) == (
            BLOCK,
            SAMPLE_RATE,
            "mono",
            "fltp",
        )
        arrays.append(block.to_ndarray()[0])
    return np.concatenate(arrays).astype(np.float64)


def onsets(samples: Samples, above: float = 0.1) -> Samples:
    """Return when a loud sound begins after a quarter of a second without one, in seconds."""
    times: Samples = np.flatnonzero(np.abs(samples) > above) / SAMPLE_RATE
    return times[np.diff(times, prepend=-1.0) > 0.25]


def off_by(found: Samples, every: float) -> Samples:
    """Return how late each sound is against the multiple of `every` that is nearest to it, in seconds."""
    late: Samples = found - np.round(found / every) * every
    return late
