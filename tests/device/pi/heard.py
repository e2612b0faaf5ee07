"""What a microphone delivered, and how it sounds."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import av
import numpy as np

from device.ports import EncodedPacket, Microphone, Notice, SoundFormat
from tests.device.hearing import Samples


@dataclass
class Heard:
    """Packets and notices, as they come."""

    packets: list[EncodedPacket] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    began_us: int = 0
    _came: threading.Condition = field(default_factory=threading.Condition)

    def start(self, microphone: Microphone) -> None:
        self.began_us = time.monotonic_ns() // 1000
        microphone.start(self._deliver, self._notify)

    def wait_for(self, happened: Callable[["Heard"], bool], timeout: float = 30) -> None:
        with self._came:
            assert self._came.wait_for(lambda: happened(self), timeout), self.notices

    def seconds(self) -> float:
        return (self.packets[-1].at_us - self.packets[0].at_us) / 1_000_000 if self.packets else 0.0

    def gapless(self, sound: SoundFormat) -> bool:
        exact = 1024 * 1_000_000 / sound.sample_rate
        return all(abs(later.at_us - earlier.at_us - exact) <= 1 for earlier, later in pairwise(self.packets))

    def decoded(self, sound: SoundFormat) -> Samples:
        """Return the samples, beginning at the first packet's time."""
        frames = [frame.to_ndarray()[0] for frame in _decoded(self.packets, sound)]
        return np.concatenate(frames).astype(np.float64)

    def _deliver(self, packet: EncodedPacket) -> None:
        with self._came:
            self.packets.append(packet)
            self._came.notify_all()

    def _notify(self, notice: Notice) -> None:
        with self._came:
            self.notices.append(notice)
            self._came.notify_all()


def _decoded(packets: list[EncodedPacket], sound: SoundFormat) -> Iterator[av.AudioFrame]:
    codec = av.CodecContext.create("aac", "r")
    codec.extradata = sound.config
    for packet in packets:
        yield from codec.decode(av.Packet(packet.data))
