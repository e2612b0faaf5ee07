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


class PipedMicrophone:
    """Hears a function of CLOCK_MONOTONIC, in mono at 48 kHz. While it is not `plugged`, a reader of it hangs."""

    def __init__(self, folder: Path, hears: Callable[[Samples], Samples]) -> None:
        pipe = folder / "microphone"
        os.mkfifo(pipe)
        self.configuration = folder / "alsa.conf"
        self.configuration.write_text(
            f'pcm.{PCM} {{ type file, slave.pcm {{ type null }}, file "/dev/null", infile "{pipe}", format "raw" }}\n'
        )
        self.plugged = threading.Event()
        self.plugged.set()
        self._hears = hears
        self._end = threading.Event()
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    def close(self) -> None:
        """Let a reader that hangs go on, and end."""
        self._end.set()
        self._thread.join()
        with suppress(BlockingIOError):
            os.write(self._pipe, bytes(SAMPLE_RATE))
        os.close(self._pipe)

    def _feed(self) -> None:
        told = now()
        while not self._end.wait(0.01):
            until = now()
            if self.plugged.is_set():
                at = np.arange(told, until) / SAMPLE_RATE
                with suppress(BlockingIOError):  # nobody listens: the pipe is full
                    os.write(self._pipe, np.round(self._hears(at) * 32767).astype("<i2").tobytes())
            told = until


def now() -> int:
    """Return the time in samples."""
    return time.monotonic_ns() * SAMPLE_RATE // 1_000_000_000
