"""A pace for reading, so that a scrub leaves the disk to the kits: a token bucket of one second."""

import time
from collections.abc import Callable


class ReadBudget:
    """So many bytes a second in the mean, and never more than a second's worth at once; 0 is as fast as it goes."""

    def __init__(
        self,
        bytes_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()  # when all that was spent is paid off

    def spend(self, count: int) -> None:
        """Tell that `count` bytes were read, and wait as long as it takes to have paid for those before."""
        if not self._rate:
            return
        now = self._clock()
        self._free_at = max(self._free_at, now - 1.0) + count / self._rate
        if self._free_at > now:
            self._sleep(self._free_at - now)
