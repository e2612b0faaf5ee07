"""Video files to film: each second a white flash of 0.1 s, and a beep that begins at the same time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from device.ports import PictureFormat

SAMPLE_RATE = 44_100  # not the camera's


def make_video(
    path: Path,
    *,
    seconds: int = 3,
    size: tuple[int, int] = (320, 240),
    rate: Fraction = Fraction(30),
    times: list[Fraction] | None = None,
    codec: str = "libx264",
    audio: str | None = "aac",
    sound_from: float = 0.0,
    sound_until: float | None = None,
    turned: int = 0,
    faststart: bool = False,
) -> Path:
    """Write a video. `times` are those of its pictures (for a variable rate); sound is there between two times."""
    times = times or [index / rate for index in range(int(seconds * rate))]
    onsets = [next(time for time in times if time >= second) for second in range(seconds) if second <= times[-1]]
    tick = Fraction(1, 90_000)
    with av.open(path, "w", options={"movflags": "faststart"} if faststart else {}) as container:
        video = container.add_stream(codec, rate=rate)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.time_base = video.codec_context.time_base = tick if codec == "libx264" else 1 / rate
        if codec == "libx264":
            video.options = {"preset": "ultrafast", "bf": "2"}
        if turned:
            video.set_display_rotation(turned)
        sound = container.add_stream(audio, rate=SAMPLE_RATE, layout="stereo") if audio else None
        for index, time in enumerate(times):
            container.mux(video.encode(_picture(size, index, time, onsets, video.codec_context.time_base)))
        container.mux(video.encode(None))
        if sound is not None:
            assert isinstance(sound, av.AudioStream)
            last = float(times[-1]) if sound_until is None else sound_until
            for begin in np.arange(sound_from, last, 1024 / SAMPLE_RATE):
                container.mux(sound.encode(_sound(float(begin), onsets)))
            container.mux(sound.encode(None))
    return path


def white_every(pictures: int, number: int, size: PictureFormat) -> av.VideoFrame:
    """Return the picture of this number: each so-many-th is white, the others are dark."""
    pixels = np.full((size.height * 3 // 2, size.width), 128, dtype=np.uint8)
    pixels[: size.height] = 235 if number % pictures == 0 else 60
    return av.VideoFrame.from_ndarray(pixels, format="yuv420p")


def _picture(
    size: tuple[int, int], index: int, time: Fraction, onsets: list[Fraction], time_base: Fraction
) -> av.VideoFrame:
    width, height = size
    pixels = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    pixels[:height] = 235 if any(onset <= time < onset + Fraction(1, 10) for onset in onsets) else 60
    pixels[: height // 8, : width // 8] = 20 + index % 200  # tells one picture from the next, and where the top left is
    frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
    frame.pts, frame.time_base = round(time / time_base), time_base
    return frame


def _sound(begin: float, onsets: list[Fraction]) -> av.AudioFrame:
    at = begin + np.arange(1024) / SAMPLE_RATE
    wave = np.zeros(1024, dtype=np.float32)
    for onset in onsets:
        wave += np.where((at >= float(onset)) & (at < float(onset) + 0.1), 0.6 * np.sin(6000 * at), 0).astype(
            np.float32
        )
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate = SAMPLE_RATE
    frame.pts, frame.time_base = round(begin * SAMPLE_RATE), Fraction(1, SAMPLE_RATE)
    return frame
