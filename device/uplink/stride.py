"""How much of a part goes in one request: all of it, or on a link that does not last for that, less.

What a request has brought is durable, so a drop costs at most what was under way, and any link that carries the least
stride between two drops brings a film home.
"""

from footage.parts import MAX_PART_SIZE

LEAST = 16 * 1024
_SHORT_SECONDS, _LONG_SECONDS = 5.0, 15.0  # of a request: more goes in the next one then, or less


class Stride:
    """The most bytes of a part that a request should carry. It is told how each request fared."""

    def __init__(self) -> None:
        self.size = MAX_PART_SIZE

    def end(self, begin: int, total: int) -> int:
        """Return up to which byte a request from `begin` should go; it leaves no rest that is not worth another."""
        end = begin + self.size
        return end if end + LEAST // 2 < total else total

    def arrived(self, size: int, seconds: float) -> None:
        """Note that so many bytes were acknowledged so long after the request was begun."""
        if seconds > _LONG_SECONDS:
            self.size = max(LEAST, min(self.size, size // 2))
        elif seconds < _SHORT_SECONDS and size >= self.size:
            self.size = min(MAX_PART_SIZE, self.size * 2)

    def failed(self, size: int) -> None:
        """Note that a request for so many bytes was not acknowledged, though some of them went out."""
        self.size = max(LEAST, min(self.size, size // 4))
