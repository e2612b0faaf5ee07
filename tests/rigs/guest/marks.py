"""Marks in the card's write log: the guest writes each right behind the file system, past every cache.

So the log itself tells in which order parts were acknowledged and writes reached the card.
"""

import mmap
import os

CARD_MIB = 64  # of the file system; the card is one MiB larger
MARKS_AT = CARD_MIB << 20
_BLOCK = 4096  # direct writes must be whole blocks


class CardMarks:
    """Writes marks to the card's block device. Raises `OSError`."""

    def __init__(self, card: str) -> None:
        self._card = os.open(card, os.O_WRONLY | os.O_DIRECT)
        self._block = mmap.mmap(-1, _BLOCK)  # direct writes must be aligned, too

    def mark(self, text: str) -> None:
        """Write a mark; it is on the card, though not flushed, when this returns."""
        self._block[:] = text.encode().ljust(_BLOCK, b"\0")
        os.pwrite(self._card, self._block, MARKS_AT)


def mark_text(block: bytes) -> str:
    """Return what `CardMarks.mark` was told."""
    return block.rstrip(b"\0").decode()
