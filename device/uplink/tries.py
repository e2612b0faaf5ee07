"""When the next step may begin and how many at once, from how those before it fared: window and back-off together."""

import logging
from collections.abc import Callable

from device.errors import AgencyUnreachable
from device.uplink.backoff import Backoff
from device.uplink.window import Window

_NEVER = float("-inf")
_log = logging.getLogger(__name__)


class Tries:
    """Told of each request how it ended. `clock` tells seconds of any steady clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._window = Window()
        self._backoff = Backoff()
        self._failed_at = self.not_before = _NEVER
        self.problem: AgencyUnreachable | None = None
        """What is between kit and agency, until something comes through."""
        self.failure: AgencyUnreachable | None = None
        """The last that failed, also if something else has come through since."""

    @property
    def most(self) -> int:
        """How many steps may be under way now."""
        return self._window.size if self._clock() >= self.not_before else 0

    def begin_anew(self) -> None:
        """Forget the wait: somebody asks for a try now."""
        self.failure, self.not_before = None, _NEVER

    def another_link(self) -> None:
        """Note that the link is another one: nothing that failed on the last one says anything of it."""
        self._backoff.reset()
        self.not_before, self._failed_at = _NEVER, self._clock()

    def came_through(self) -> None:
        """Note that a step was done."""
        self.problem = None
        self._backoff.reset()

    def arrived(self, begun_at: float) -> None:
        """Note that a part that was begun then is acknowledged."""
        self._window.arrived(self._clock() - begun_at)

    def refused(self) -> None:
        """Note that the agency was reached, and said no."""
        self.problem = None

    def failed(self, reason: AgencyUnreachable, begun_at: float) -> None:
        """Note that a step that was begun then did not come through."""
        if self.problem is None or self.problem.trouble is not reason.trouble:
            _log.warning("%s: %s (%s)", reason.code, reason, reason.detail)
        self.problem = self.failure = reason
        if begun_at > self._failed_at:  # else it was under way when the link stopped, and that is known already
            self._failed_at = self._clock()
            self._window.stalled()
            self.not_before = self._failed_at + self._backoff.failed()
