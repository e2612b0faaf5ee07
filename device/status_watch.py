"""`kit-device status --watch`: what the uplink says of films on their way, as it changes.

On a terminal a screen that is drawn anew each second; in a pipe, or on a terminal that can't draw, a line each change.
"""

import time
from collections.abc import Callable

import msgspec
from rich.console import Console
from rich.live import Live

from device.on_the_way import STALE_SECONDS
from device.outlook import outlook
from device.progress_screen import NOT_STARTED, SILENT, screen
from device.status import UplinkStatus

EVERY_SECONDS = 1.0

Read = Callable[[], UplinkStatus | None]


class StatusWatch:
    """Looks each second, until somebody interrupts it. Asks nobody but the status file."""

    def __init__(self, kit: str, read: Read, console: Console, pause: Callable[[float], None] = time.sleep) -> None:
        self._kit = kit
        self._read = read
        self._console = console
        self._pause = pause
        self._status: UplinkStatus | None = None
        self._unchanged = 0.0  # seconds

    def run(self, *, json: bool) -> None:
        """Show on and on. With `json`, an object each change, with the fields of `UplinkStatus`, or null."""
        if json:
            self._lines(lambda: msgspec.json.encode(self._status).decode())
        elif self._console.is_terminal and not self._console.is_dumb_terminal:
            self._screens()
        else:
            self._lines(self._in_words)

    def _screens(self) -> None:
        with Live(console=self._console, auto_refresh=False) as live:
            while True:
                self._look()
                height = self._console.size.height
                live.update(screen(self._kit, self._status, silent=self._silent, height=height), refresh=True)
                self._pause(EVERY_SECONDS)

    def _lines(self, line: Callable[[], str]) -> None:
        before = None
        while True:
            self._look()
            if (now := line()) != before:
                before = now
                print(now, flush=True)
            self._pause(EVERY_SECONDS)

    def _in_words(self) -> str:
        if self._status is None:
            return NOT_STARTED
        words = [outlook(self._status), self._status.problem, SILENT if self._silent else ""]
        return "; ".join(filter(None, words))

    def _look(self) -> None:
        if (status := self._read()) != self._status:
            self._status, self._unchanged = status, 0.0
        else:
            self._unchanged += EVERY_SECONDS

    @property
    def _silent(self) -> bool:
        return self._status is not None and self._status.moving and self._unchanged >= STALE_SECONDS
