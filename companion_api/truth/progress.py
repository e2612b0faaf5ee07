"""How far a long run is: a bar on a terminal, and a plain line a minute in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Advance = Callable[[int], None]  # is told how many bytes more are done; safe for many threads

LINE_SECONDS = 60.0
_MIB = 1024 * 1024

_log = logging.getLogger(__name__)


@contextmanager
def shown(what: str, total: int, *, done: int = 0) -> Iterator[Advance]:
    """Show a run of `total` bytes, `done` of them done before: on stderr, or in the log if that is no terminal."""
    if sys.stderr.isatty():
        with _bar(Console(stderr=True), what, total, done) as advance:
            yield advance
    else:
        lines = Lines(what, total, done)
        yield lines.advance


@contextmanager
def _bar(console: Console, what: str, total: int, done: int) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


class Lines:
    """A line in the log, at most every `LINE_SECONDS`."""

    def __init__(self, what: str, total: int, done: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._total, self._done, self._before = what, total, done, done
        self._clock = clock
        self._began = self._told = clock()

    def advance(self, count: int) -> None:
        """Tell that `count` bytes more are done."""
        self._done += count
        now = self._clock()
        if now - self._told >= LINE_SECONDS:
            self._told = now
            _log.info("%s", self._line(now))

    def _line(self, now: float) -> str:
        rate = (self._done - self._before) / (now - self._began)
        left = timedelta(seconds=round(max(self._total - self._done, 0) / rate)) if rate else "?"
        part = 100 * self._done // self._total if self._total else 100
        size = f"{self._done // _MIB} of {self._total // _MIB} MiB ({min(part, 100)} %)"
        return f"{self._what}: {size}, {rate / _MIB:.1f} MiB/s, {left} to go"
