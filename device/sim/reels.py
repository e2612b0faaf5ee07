"""One showing of a video file: its pictures at the camera's frame rate, and its sound in step with them.

Both reels count from the file's first picture: sound from before it is left out, and silence stands in for what is
missing.
"""

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import av

from device.ports import CameraFailed, PictureFormat
from device.sim.framing import Framing
from device.sim.video_file import TimedPicture, VideoFile
from device.sound_encoder import BLOCK, SAMPLE_RATE, silence

_GAP_SECONDS = 0.02
"""Sound further away than this from its time is moved there, by silence or by leaving some out."""


class PictureReel:
    """Pictures at a fixed rate from a file of any rate, also a variable one."""

    def __init__(self, path: Path, picture: PictureFormat) -> None:
        """Open the file. Raises `CameraFailed` unless at least one picture can be decoded."""
        self._file = VideoFile(path)
        self._framing = Framing(picture, self._file.pixel_aspect)
        self._rate = picture.frame_rate
        self._decoded = self._file.pictures()
        first = next(self._decoded, None)
        if first is None:
            self.close()
            raise CameraFailed(f"No picture of {path} can be decoded. Name another file, or convert it to MP4.")
        self._first = first

    @property
    def first_at(self) -> float:
        """When the first picture is shown, in seconds on the file's own clock."""
        return self._first.at

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Yield the pictures for each of the camera's times: the last one that was due by then, rounded to nearest."""
        number, source = 0, self._first
        for following in self._decoded:
            yield from self._repeated(source, self._number(following.at) - number)
            number = max(number, self._number(following.at))
            source = following
        yield from self._repeated(source, max(self._number(source.at + source.lasts) - number, 0 if number else 1))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _number(self, at: float) -> int:
        return round((at - self.first_at) * self._rate)

    def _repeated(self, source: TimedPicture, times: int) -> Iterator[av.VideoFrame]:
        if times > 0:  # else the camera is slower than the file, and leaves this one out
            yield from repeat(self._framing.frame(source.frame), times)


class SoundReel:
    """Sound as mono at 48 kHz, each sample at its time, and silence for ever after."""

    def __init__(self, path: Path, first_at: float) -> None:
        """Open the file. `first_at` is when its first picture is shown. Raises `CameraFailed`."""
        self._file = VideoFile(path)
        self._decoded = self._file.sounds()
        self._first_at = first_at
        self._ready = av.AudioFifo()
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[object, ...] = ()

    def read(self, samples: int) -> av.AudioFrame:
        """Return the next samples, at most as many as asked for."""
        while self._ready.samples < samples and self._resample_more():
            pass
        return self._ready.read(samples, partial=True) or silence(samples)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _resample_more(self) -> bool:
        sound = next(self._decoded, None)
        shape = (sound.format.name, sound.layout.name, sound.sample_rate) if sound else ()
        if shape != self._shape:  # the first, the last, or a file that changes midway
            self._take(self._resampler.resample(None) if self._resampler else [])
            self._resampler = _resampler(self._ready.samples_written) if sound else None
            self._shape = shape
        if sound is None or self._resampler is None:
            return False
        if sound.pts is not None and sound.time_base is not None:
            sound.pts -= round(self._first_at / sound.time_base)
        self._take(self._resampler.resample(sound))
        return True

    def _take(self, blocks: list[av.AudioFrame]) -> None:
        for block in blocks:
            block.pts = None
            self._ready.write(block)


def _resampler(first_sample: int) -> av.AudioResampler:
    """Return a resampler that puts every sample at its time: libswresample fills and cuts by the times of its input."""
    options = {"async": "1", "first_pts": str(first_sample), "min_hard_comp": str(_GAP_SECONDS)}
    # With a frame size PyAV always uses the filter, even where rate and format are right already.
    return av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE, frame_size=BLOCK, options=options)
