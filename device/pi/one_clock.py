"""Pictures and sound of one film on one clock, handed on from one thread.

picamera2 and the microphone call from threads of their own. An exception there would end the camera without a word and
a wait would lose frames, so all they do is put into a queue; whatever `deliver` does happens in this film's own thread.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Iterator

from device.ports import Deliver, EncodedPacket, Failed, Track

_HELD = 500  # sound packets, ten seconds: a camera that needs longer for its first picture hangs

_log = logging.getLogger(__name__)


class OneClock:
    """Makes the first picture's time 0.

    Packets come with times of CLOCK_MONOTONIC in microseconds, as libcamera's SensorTimestamp and `Microphone` have
    them. Sound is held back until there is a picture; what was heard before it is left out.
    """

    def __init__(self) -> None:
        self._origin: int | None = None
        self._held: deque[EncodedPacket] = deque(maxlen=_HELD)
        self._ends: float = float("inf")

    def end_at(self, at_us: int) -> None:
        """Leave out what is filmed after this time, so that both tracks end together. Safe from any thread."""
        self._ends = at_us

    def put(self, packet: EncodedPacket) -> Iterator[EncodedPacket]:
        """Take a packet; yield those that can go on, with their times from 0."""
        if packet.at_us > self._ends:
            return
        if self._origin is None and packet.track is Track.SOUND:
            self._held.append(packet)
            return
        if self._origin is None:
            self._origin = packet.at_us
        for one in (packet, *self._held):
            if one.at_us >= self._origin:
                yield one._replace(at_us=one.at_us - self._origin)
        self._held.clear()


class FilmThread:
    """`put` never waits and never raises. `failed` is called, once, if `deliver` raises; nothing is delivered then."""

    def __init__(self, deliver: Deliver, failed: Failed) -> None:
        self.clock = OneClock()
        self._deliver = deliver
        self._failed = failed
        self._packets: queue.SimpleQueue[EncodedPacket | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="film", daemon=True)
        self._thread.start()

    def put(self, packet: EncodedPacket) -> None:
        """Take a packet from any thread."""
        self._packets.put(packet)

    def finish(self) -> None:
        """Deliver what has come so far, and nothing after that."""
        self._packets.put(None)
        self._thread.join()

    def _run(self) -> None:
        broken = False
        while (packet := self._packets.get()) is not None:
            if broken:
                continue
            try:
                for one in self.clock.put(packet):
                    self._deliver(one)
            except Exception:  # whatever it is, the film can't go on, and people must hear of it
                broken = True
                _log.exception("a packet could not be handed on")
                self._failed("What the camera filmed could not be taken. Start filming again, and report it.")
