"""How long to wait before the next try: exponential back-off with full jitter, so that kits do not come back at once.

After AWS, "Exponential Backoff And Jitter" (2015): any time up to a bound that doubles with each failure.
"""

import random
from collections.abc import Callable

FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0


class Backoff:
    """Counts failures in a row. `draw` returns a number between its two arguments."""

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._draw = draw
        self._failures = 0

    def failed(self) -> float:
        """Note a failure, and return how many seconds to wait."""
        bound = min(MOST_SECONDS, FIRST_SECONDS * 2**self._failures)
        self._failures = self._failures + 1 if bound < MOST_SECONDS else self._failures
        return self._draw(0.0, bound)

    def reset(self) -> None:
        """Note that something came through, or that the link is another one."""
        self._failures = 0
