"""One direction of a bad link: what a packet meets on it. No sockets and no clock, so that tests can look into it.

A packet waits its turn at the given rate, in a queue that overflows; then it may be lost, or comes after the delay. A
loss costs its time on the wire, as it does on a radio.
"""

import heapq
import random
from dataclasses import dataclass
from itertools import count

MTU = 1500


@dataclass(frozen=True, slots=True)
class Shape:
    """How a direction treats packets. A link that is `down` swallows them, and those that are under way."""

    bits_per_second: float
    delay: float = 0.0  # seconds
    loss: float = 0.0  # share of packets, from 0 to 1
    queue_seconds: float = 0.5  # at its rate, and at least four packets: what a router holds before it drops
    down: bool = False

    @property
    def queue_bytes(self) -> float:
        """How many bytes may wait for their turn."""
        return max(4 * MTU, self.bits_per_second * self.queue_seconds / 8)


class Wire:
    """One direction. Times are seconds of any steady clock."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._shape = shape
        self._random = random.Random(seed)  # a script must do the same each time
        self._free_at = 0.0  # when all that waits has been sent
        self._under_way: list[tuple[float, int, bytes]] = []
        self._numbers = count()
        self.carried = 0  # bytes that arrived
        self.lost = 0  # packets that did not

    def reshape(self, shape: Shape) -> None:
        """Treat packets otherwise from now on."""
        self._shape = shape
        if shape.down:
            self.lost += len(self._under_way)
            self._under_way.clear()
            self._free_at = 0.0

    def send(self, packet: bytes, now: float) -> None:
        """Let a packet begin its way."""
        shape = self._shape
        begins = max(now, self._free_at)
        waiting = (begins - now) * shape.bits_per_second / 8
        if shape.down or waiting + len(packet) > shape.queue_bytes:
            self.lost += 1
            return
        self._free_at = begins + len(packet) * 8 / shape.bits_per_second
        if self._random.random() < shape.loss:
            self.lost += 1
            return
        heapq.heappush(self._under_way, (self._free_at + shape.delay, next(self._numbers), packet))

    def next_at(self) -> float | None:
        """Return when the next packet arrives, if one is under way."""
        return self._under_way[0][0] if self._under_way else None

    def arrived(self, now: float) -> list[bytes]:
        """Return the packets that have arrived by now, in order."""
        packets = []
        while self._under_way and self._under_way[0][0] <= now:
            packets.append(heapq.heappop(self._under_way)[2])
        self.carried += sum(map(len, packets))
        return packets
