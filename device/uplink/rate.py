"""How fast films go up, by the last minute, and when they will be there: told only where it is known."""

from collections import deque

WINDOW_SECONDS = 60.0
_LEAST_SECONDS = 5.0  # of measuring, before anything is said


class Rate:
    """Bytes a second over the last minute. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()
        self._bytes = 0
        self._since: float | None = None  # when this run of sending began

    def begin(self, now: float) -> None:
        """Note that there is something to send from now on; until then nothing was to be measured."""
        if self._since is None:
            self._since = now

    def end(self) -> None:
        """Note that all is sent: what comes later is another run."""
        self._since = None
        self._sent.clear()
        self._bytes = 0

    def sent(self, size: int, now: float) -> None:
        """Note that so many bytes went out."""
        self.begin(now)
        self._sent.append((now, size))
        self._bytes += size
        self._forget(now)

    def bytes_per_second(self, now: float) -> float | None:
        """Return the rate of the last minute, 0 if the link stands still, or None as long as nobody can know."""
        if self._since is None or now - self._since < _LEAST_SECONDS:
            return None
        self._forget(now)
        return self._bytes / min(WINDOW_SECONDS, now - self._since)

    def seconds_for(self, size: int, now: float) -> float | None:
        """Return how long so many bytes will take at that rate, or None if nobody can know."""
        rate = self.bytes_per_second(now)
        return size / rate if rate else None

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - WINDOW_SECONDS:
            self._bytes -= self._sent.popleft()[1]
