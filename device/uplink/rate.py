"""How fast films go up, by the last minute, and when they will be there: told only where it is known."""

import math
from collections import deque

WINDOW_SECONDS = 60.0
LEAST_SECONDS = 5.0  # of measuring, before anything is said
LULL_SECONDS = 15.0  # in which a link of 2 kB/s brings two pieces


class Rate:
    """Bytes a second over the last minute. Times are seconds of any steady clock; it is told about once a second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # the first is as old as the window, or the run of sending
        self._moved_at = -math.inf

    def saw(self, total: int, now: float) -> None:
        """Note how many bytes have left the kit by now, ever, while there is something to send."""
        if self._seen and total > self._seen[-1][1]:
            self._moved_at = now
        self._seen.append((now, total))
        while len(self._seen) > 1 and self._seen[1][0] <= now - WINDOW_SECONDS:
            self._seen.popleft()

    def end(self) -> None:
        """Note that all is sent: what comes later is another run, and nothing was to be measured between them."""
        self._seen.clear()
        self._moved_at = -math.inf

    def moves(self, now: float) -> bool:
        """Return whether anything went out just now."""
        return now - self._moved_at <= LULL_SECONDS

    def bytes_per_second(self) -> float | None:
        """Return the rate of the last minute, 0 if the link stands still, or None as long as nobody can know."""
        if not self._seen:
            return None
        (began, before), (now, total) = self._seen[0], self._seen[-1]
        return max(0.0, (total - before) / (now - began)) if now - began >= LEAST_SECONDS else None

    def seconds_for(self, size: int) -> float | None:
        """Return how long so many bytes will take at that rate, or None if nobody can know."""
        rate = self.bytes_per_second()
        return size / rate if rate else None
