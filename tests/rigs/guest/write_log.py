"""The card's write log, and the card as a power cut at any point of it would have left it.

QEMU's `blklogwrites` keeps it in the format of Linux' dm-log-writes (drivers/md/dm-log-writes.c): a super block, then
for each request a header of one sector and its data. A request is in the log before the guest is told that it is done.
A flush is logged when it is done, so a write that overtook it counts as flushed: a little kinder than a card need be.
"""

import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.rigs.guest.marks import MARKS_AT, mark_text

PAGE = 4096  # what a card programs at once, at least; ext4 can't be mounted with a torn superblock
_SECTOR = 512
_HEADER = struct.Struct("<4Q")  # sector, sectors, flags, bytes of a mark
_FLUSH, _FUA, _DISCARD = 1, 2, 4


class Request(NamedTuple):
    """A write of `size` bytes at `at`, whose data stand at `place` in the log; or a flush, or both."""

    at: int
    size: int
    place: int
    flush: bool
    through: bool  # FUA: durable by itself


class WriteLog:
    """All requests so far, in order. `read_on` takes in what came since; a guest may still be writing."""

    def __init__(self, path: Path) -> None:
        self.requests: list[Request] = []
        self.marks: dict[int, str] = {}  # by the index of their request
        self._file = path.open("rb")
        self._end = _SECTOR

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read_on(self) -> None:
        """Take in what was logged since the last call."""
        there = self._file.seek(0, 2)
        while self._end + _SECTOR <= there:
            self._file.seek(self._end)
            sector, sectors, flags, _ = _HEADER.unpack(self._file.read(_HEADER.size))
            size, place = sectors * _SECTOR, self._end + _SECTOR
            if (not flags and not sectors) or place + size > there:
                return
            assert not flags & _DISCARD, "the card is attached without discard"
            self._end = place + size
            request = Request(sector * _SECTOR, size, place, bool(flags & _FLUSH), bool(flags & _FUA))
            if size and request.at == MARKS_AT:
                self.marks[len(self.requests)] = mark_text(self.data(request))
            self.requests.append(request)

    def data(self, request: Request) -> bytes:
        """Return what a request wrote."""
        self._file.seek(request.place)
        return self._file.read(request.size)

    def flushes(self, begin: int, end: int) -> list[int]:
        """Return the flushes from index `begin` to before `end`."""
        return [index for index in range(begin, end) if self.requests[index].flush]


class CutCard:
    """Makes images of the card as cuts at growing points of the log leave it. `blank` is what it was at the start."""

    def __init__(self, log: WriteLog, blank: Path, folder: Path) -> None:
        self.dropped = 0
        self._folder = folder
        self._image: Path | None = None
        self._log = log
        self._durable = folder / "durable.img"
        self._flushed = 0  # requests before this index are durable
        _copy(blank, self._durable)

    def cut(self, before: int, kept: float, chance: random.Random) -> Path:
        """Return the image after a cut before the request of index `before`.

        What was flushed is there. Of what was written and not flushed, each page is there by the chance `kept`, and
        the rest is counted in `dropped`. The image may be written to, until the next cut removes it.
        """
        flushes = self._log.flushes(self._flushed, before)
        until = flushes[-1] if flushes else self._flushed
        with self._durable.open("r+b") as card:
            for request in self._log.requests[self._flushed : until]:
                card.seek(request.at)
                card.write(self._log.data(request))
        self._flushed = until
        if self._image is not None:
            self._image.unlink()
        # Each has a name of its own: mount takes a loop device that still has the same file, with what it remembers.
        self._image = self._folder / f"cut-{before}.img"
        _copy(self._durable, self._image)
        with self._image.open("r+b") as card:
            for at, page in self._unflushed(until, before):
                if chance.random() < kept:
                    card.seek(at)
                    card.write(page)
                else:
                    self.dropped += 1
        return self._image

    def _unflushed(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        for request in self._log.requests[begin:end]:
            assert not request.through, "the card is attached without FUA: the guest flushes instead"
            data = self._log.data(request)
            for offset in range(0, request.size, PAGE):
                yield request.at + offset, data[offset : offset + PAGE]


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)
