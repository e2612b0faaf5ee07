"""Reading from a microphone by ALSA, which PyAV's wheels contain.

Where ALSA's settings lie must be said, as the wheel's ALSA looks for them where it was built. They come with Debian's
libasound2-data.
"""

import errno
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer

DEVICES = Path("/dev/snd")

_CONFIGURATION = "/usr/share/alsa/alsa.conf"
_CAPTURE_DEVICE = re.compile(r"pcmC(\d+)D(\d+)c")
_AT_ONCE_S = 0.01  # of reading; some devices give single samples
_SAMPLE_BYTES = 2
_OPTIONS = {
    "sample_rate": "48000",  # or what the device has that is nearest to it
    "fflags": "+4",  # AVFMT_FLAG_NONBLOCK: a device that hangs must not hang its reader; it has no name among options
}


class Heard(NamedTuple):
    """Samples, and when (µs, CLOCK_MONOTONIC) the last of them had come."""

    sound: av.AudioFrame
    at_us: int


class AlsaDevice:
    """An open microphone. 16 bits, and the device's own rate if it can be: libswresample resamples better than ALSA."""

    def __init__(self, name: str | None = None, *, devices: Path = DEVICES) -> None:
        """Open the named PCM, or without a name the first microphone that the kernel has. Raises `OSError`."""
        os.environ.setdefault("ALSA_CONFIG_PATH", _CONFIGURATION)
        self._container = _open_any(ways_to_open(name, devices))
        self._stream = self._container.streams.audio[0]
        self._layout = self._stream.layout.name
        self._rate = self._stream.sample_rate
        self._frame_bytes = _SAMPLE_BYTES * self._stream.channels

    def read(self) -> Heard | None:
        """Return what has come since; None if nothing has. Raises `OSError` when the device is gone.

        It does not wait, unless ALSA or its driver does.
        """
        pieces: list[bytes] = []
        enough = time.monotonic() + _AT_ONCE_S
        try:
            for packet in self._container.demux(self._stream):
                pieces.append(bytes(packet))
                if time.monotonic() > enough:
                    break
            else:
                raise OSError(errno.ENODEV, "the microphone ended")
        except BlockingIOError:
            pass
        except (OSError, av.FFmpegError) as reason:
            if not any(pieces):  # else the next call tells it
                raise OSError(errno.EIO, f"the microphone can't be read: {reason}") from reason
        at_us = time.monotonic_ns() // 1000
        data = b"".join(pieces)
        samples = len(data) // self._frame_bytes
        if not samples:
            return None
        sound = av.AudioFrame("s16", self._layout, samples)
        sound.sample_rate = self._rate
        sound.planes[0].update(data[: samples * self._frame_bytes])
        return Heard(sound, at_us)

    def close(self) -> None:
        """Close the device."""
        with suppress(OSError, av.FFmpegError):
            self._container.close()


def ways_to_open(name: str | None, devices: Path) -> list[tuple[str, int]]:
    """Return names of PCMs and numbers of channels, best first. Raises `OSError` if there is no microphone."""
    if name is not None:
        return [(name, 1), (name, 2)]
    found = sorted((int(match[1]), int(match[2])) for match in map(_CAPTURE_DEVICE.fullmatch, _names(devices)) if match)
    if not found:
        raise OSError(errno.ENODEV, "no microphone is plugged in")
    card, device = found[0]
    # The hardware itself does not convert, and some has only two channels, or no samples of 16 bits.
    return [(f"hw:{card},{device}", 1), (f"hw:{card},{device}", 2), (f"plughw:{card},{device}", 1)]


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _open_any(ways: list[tuple[str, int]]) -> InputContainer:
    reasons = []
    for name, channels in ways:
        try:
            return av.open(name, "r", format="alsa", options={**_OPTIONS, "channels": str(channels)})
        except (OSError, av.FFmpegError) as reason:
            reasons.append(f"{name}: {reason}")
    raise OSError(errno.ENODEV, f"no microphone can be opened ({'; '.join(reasons)})")
