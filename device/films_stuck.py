"""Whether films wait on the kit for something that the person who holds it can do: the recorder shows it, by lamps.

A kit in the field without a network is as it should be. The recorder has no network: it reads the uplink's status.
"""

import time
from collections.abc import Callable

from device.link_trouble import LinkTrouble
from device.status import UplinkStatus

LOOK_SECONDS = 10.0
SOON_SECONDS, LATE_SECONDS = 120.0, 4 * 3600.0
SOON = {
    LinkTrouble.PORTAL.value,
    LinkTrouble.CERTIFICATE_FOREIGN.value,
    LinkTrouble.CERTIFICATE_EXPIRED.value,
    "kit-revoked",
    "request-forged",
    "store-full",
}
"""What no waiting mends. Anything else is shown late, whatever it is."""


class FilmsStuck:
    """Asked several times a second as long as the kit is ready. `clock` tells seconds of any steady clock."""

    def __init__(self, read: Callable[[], UplinkStatus | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._look_at = float("-inf")
        self._since: float | None = None
        self._stuck = False

    def look(self) -> bool:
        """Return whether it is to be shown. Once it is, it stays until the agency was reached or no film waits."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._judge(self._read(), now)
        return self._stuck

    def _judge(self, status: UplinkStatus | None, now: float) -> None:
        if status is None or not status.films_waiting or not status.problem_code:
            self._since, self._stuck = None, False
            return
        if self._since is None:
            self._since = now
        patience = SOON_SECONDS if status.problem_code in SOON else LATE_SECONDS
        self._stuck = self._stuck or now - self._since >= patience
