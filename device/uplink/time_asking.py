"""Brings the agency's signed time to the kit's clock, as long as nobody else has set it.

The uplink may not set the clock: it has no right to, and whoever breaks into it must not get it. `kit-device clock`
asks, verifies and sets; this hands on its question and the agency's answer.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from device.agency import Agency
from device.clock_setting import Verdict
from device.errors import AgencyRefused, AgencyUnreachable
from footage.manifest import ClockStatus

CLOCK_SOCKET = Path("/run/attune-kit-clock")
PATIENCE_SECONDS = 30.0  # that a time service has for itself
AGAIN_SECONDS = 60.0
_LOOK_SECONDS = 5.0
_ANSWER_SECONDS = 30.0  # of `kit-device clock`, which a small kit starts in a second or two
_DONE = (Verdict.SET, Verdict.RIGHT, Verdict.KNOWN)

_log = logging.getLogger(__name__)


class TimeAsking:
    """`open_agency` returns a connection of its own, which must not mind when certificates are valid."""

    def __init__(
        self,
        open_agency: Callable[[], Agency],
        clock_status: Callable[[], ClockStatus],
        clock_socket: Path = CLOCK_SOCKET,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_agency = open_agency
        self._clock_status = clock_status
        self._socket = clock_socket
        self._now = now
        self._not_before = now() + PATIENCE_SECONDS
        self._said = ""
        self._stop = threading.Event()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Look after the clock from a thread as long as the context lasts."""
        threading.Thread(target=self._run, name="time-asking", daemon=True).start()
        try:
            yield
        finally:
            self._stop.set()

    def look(self) -> str | None:
        """Ask for the time if nobody knows it; return what became of that, or None if there was nothing to ask."""
        if self._now() < self._not_before or not self._socket.is_socket():
            return None  # without kit-clock, as on a simulated kit, nobody would use an answer
        if self._clock_status() is ClockStatus.SYNCHRONISED:
            return None
        said = self._ask()
        self._not_before = self._now() + random.uniform(0.5, 1.0) * AGAIN_SECONDS  # noqa: S311  # not a secret
        if said != self._said:
            _log.log(logging.INFO if said in _DONE else logging.WARNING, "the agency's time for the clock: %s", said)
        self._said = said
        return said

    def _ask(self) -> str:
        try:
            with closing(self._open_agency()) as agency:
                agency.begin_session()  # so that the link is known to carry, and the answer comes at once
                return self._hand_on(agency)
        except AgencyRefused as refusal:
            return refusal.problem
        except AgencyUnreachable as reason:
            return reason.code
        except OSError as reason:
            return f"kit-clock does not answer ({reason})"

    def _hand_on(self, agency: Agency) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(str(self._socket))
            with connection.makefile("rwb") as lines:
                answer = agency.signed_time(_line(lines.readline()))
                if answer is None:
                    return "the service does not tell it"  # it is older than this software
                lines.write(f"{answer}\n".encode("ascii"))
                lines.flush()
                return _line(lines.readline())

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self.look()


def _line(line: bytes) -> str:
    if not line.endswith(b"\n"):
        raise ConnectionError("it ended")
    return line.decode("ascii", "replace").strip()
