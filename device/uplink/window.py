"""How many parts are in flight: one more when all goes well, half as many when the link stops.

It begins with two, so that the link is not idle while an answer is awaited. Several parts at once fill a link whose
answers take long, and one that loses packets, as each connection slows down for itself. On a slow link they only divide
what there is, and a drop costs as many of them; so there, one is the number.
"""

FIRST, MOST = 2, 6
_SLOW_SECONDS, _TOO_SLOW_SECONDS = 10.0, 20.0  # of a part: no more of them then, or fewer


class Window:
    """The number of parts that may be in flight. It is told how each part fared, in the order of their ends."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = float(FIRST)

    @property
    def size(self) -> int:
        """How many parts may be in flight now: 1 to `most`."""
        return int(self._size)

    def arrived(self, seconds: float) -> None:
        """Note that a part was acknowledged so long after it was begun."""
        if seconds > _TOO_SLOW_SECONDS:
            self._size = max(1.0, self._size - 1)
        elif seconds < _SLOW_SECONDS:
            self._size = min(float(self._most), self._size + 1 / self.size)

    def stalled(self) -> None:
        """Note that the link made no progress: what was in flight is lost."""
        self._size = max(1.0, self._size / 2)
