"""How fast films go up, by the last minute, and when they will be there: told only where it is known."""

import math
from collections import deque

WINDOW_SECONDS = 60.0
LEAST_SECONDS = 5.0  # of measuring, before anything is said
LULL_SECONDS = 15.0  # in which a link of 2 kB/s brings two pieces


class Rate:
    """Bytes a second over the last minute. Times are seconds of any steady clock.

    Counted second by second: what it remembers does not grow with the rate.
    """

    def __init__(self) -> None:
        self._seconds: deque[tuple[float, int]] = deque()  # when each began, and the bytes that went in it
        self._bytes = 0
        self._since: float | None = None  # when this run of sending began
        self._last = -math.inf

    def begin(self, now: float) -> None:
        """Note that there is something to send from now on; until then nothing was to be measured."""
        if self._since is None:
            self._since = now

    def end(self) -> None:
        """Note that all is sent: what comes later is another run."""
        self._since = None
        self._seconds.clear()
        self._bytes = 0
        self._last = -math.inf

    def sent(self, size: int, now: float) -> None:
        """Note that so many bytes went out."""
        self.begin(now)
        second = math.floor(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + size)
        else:
            self._seconds.append((second, size))
        self._bytes += size
        self._last = now
        self._forget(now)

    def moves(self, now: float) -> bool:
        """Return whether anything went out just now."""
        return now - self._last <= LULL_SECONDS

    def bytes_per_second(self, now: float) -> float | None:
        """Return the rate of the last minute, 0 if the link stands still, or None as long as nobody can know."""
        if self._since is None or now - self._since < LEAST_SECONDS:
            return None
        self._forget(now)
        return self._bytes / min(WINDOW_SECONDS, now - self._since)

    def seconds_for(self, size: int, now: float) -> float | None:
        """Return how long so many bytes will take at that rate, or None if nobody can know."""
        rate = self.bytes_per_second(now)
        return size / rate if rate else None

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0][0] <= now - WINDOW_SECONDS:
            self._bytes -= self._seconds.popleft()[1]
