"""A scene that is a video file, shown again and again."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av

from device.ports import PictureFormat
from device.sim.reels import PictureReel, SoundReel
from device.sound_encoder import BLOCK, SAMPLE_RATE


class Replay:
    """A `Scene` from a file. A showing lasts as long as the file's pictures; then it begins anew, with its sound."""

    def __init__(self, path: Path, picture: PictureFormat) -> None:
        """Open the file. Raises `CameraFailed` if it can't be filmed."""
        self._path = path
        self._format = picture
        self._shown = 0
        self._heard = 0
        self._to_come: deque[tuple[int, SoundReel]] = deque()
        self._pictures, self._showing = self._begin()
        self._sound = self._to_come.popleft()[1]

    def next_picture(self) -> av.VideoFrame:
        """As `Scene`."""
        picture = next(self._showing, None)
        if picture is None:
            self._pictures.close()
            self._pictures, self._showing = self._begin()
            picture = next(self._showing)
        self._shown += 1
        return picture

    def next_sound(self) -> av.AudioFrame:
        """As `Scene`."""
        block = av.AudioFifo()
        while (missing := BLOCK - block.samples) > 0:
            if self._to_come and self._to_come[0][0] == self._heard:
                self._sound.close()
                self._sound = self._to_come.popleft()[1]
            if self._to_come:
                missing = min(missing, self._to_come[0][0] - self._heard)
            samples = self._sound.read(missing)
            samples.pts = None
            block.write(samples)
            self._heard += samples.samples
        whole = block.read(BLOCK)
        assert whole is not None
        return whole

    def close(self) -> None:
        """Close the file."""
        self._pictures.close()
        self._sound.close()
        for _, sound in self._to_come:
            sound.close()

    def _begin(self) -> tuple[PictureReel, Iterator[av.VideoFrame]]:
        """Open the file anew, from the picture that is next; its sound follows when it is that late."""
        pictures = PictureReel(self._path, self._format)
        first_sample = self._shown * SAMPLE_RATE // self._format.frame_rate
        self._to_come.append((first_sample, SoundReel(self._path, pictures.first_at)))
        return pictures, pictures.pictures()
