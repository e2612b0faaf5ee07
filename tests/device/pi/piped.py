"""A microphone for the real ALSA without hardware: a PCM of type `file` that is fed through a pipe in real time."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from device.sound_encoder import SAMPLE_RATE
from tests.device.hearing import Samples

PCM = "kit"


class Feed:
    """Pours a function of CLOCK_MONOTONIC into a pipe in real time, in mono at 48 kHz, while it is `plugged`."""

    def __init__(self, hears: Callable[[Samples], Samples], *, plugged: bool = True) -> None:
        self.plugged = threading.Event()
        if plugged:
            self.plugged.set()
        self._hears = hears
        self._end = threading.Event()
        self._pipe: int | None = None
        self._thread = threading.Thread(target=self._pour)
        self._thread.start()

    def into(self, pipe: Path) -> None:
        """Go on with this pipe; any other before is left as it is."""
        old, self._pipe = self._pipe, os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        if old is not None:
            os.close(old)

    def close(self) -> None:
        """End, and let a reader that hangs go on."""
        self._end.set()
        self._thread.join()
        if self._pipe is not None:
            with suppress(BlockingIOError):
                os.write(self._pipe, bytes(SAMPLE_RATE))
            os.close(self._pipe)

    def _pour(self) -> None:
        told = now()
        while not self._end.wait(0.01):
            until = now()
            if self._pipe is not None and self.plugged.is_set():
                at = np.arange(told, until) / SAMPLE_RATE
                with suppress(BlockingIOError):  # nobody listens: the pipe is full
                    os.write(self._pipe, np.round(self._hears(at) * 32767).astype("<i2").tobytes())
            told = until


class PipedMicrophone(Feed):
    """The PCM itself. While it is not plugged, who reads it hangs."""

    def __init__(self, folder: Path, hears: Callable[[Samples], Samples], *, plugged: bool = True) -> None:
        super().__init__(hears, plugged=plugged)
        pipe = folder / "microphone"
        os.mkfifo(pipe)
        self.configuration = folder / "alsa.conf"
        self.configuration.write_text(
            f'pcm.{PCM} {{ type file, slave.pcm {{ type null }}, file "/dev/null", infile "{pipe}", format "raw" }}\n'
        )
        self.into(pipe)


def now() -> int:
    """Return the time in samples."""
    return time.monotonic_ns() * SAMPLE_RATE // 1_000_000_000
