"""What the recorder knows of films on their way: whether they move, and when the last of them has arrived.

The uplink's word of it is a file that may be old; that no film is left on the kit is seen on the card itself.
"""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from device.status import UplinkStatus

LOOK_SECONDS = 1.0
STALE_SECONDS = 20.0  # an uplink whose films move says something else each second; one that died does not


class Way(Enum):
    """How it is with the films of the kit."""

    STILL = auto()  # none is left, or they wait
    MOVING = auto()
    ARRIVED = auto()  # just now, and told once: the agency has them all, and none is left on the kit


class OnTheWay(Protocol):
    """Asked several times a second as long as the kit is ready."""

    def look(self) -> Way:
        """Return how it is now."""


class NothingOnTheWay:
    """For a recorder that has no uplink beside it."""

    def look(self) -> Way:
        """Nothing moves."""
        return Way.STILL


class UplinkWatch:
    """Reads the uplink's status once a second, and asks the spool whether it is empty."""

    def __init__(
        self,
        read: Callable[[], UplinkStatus | None],
        spool_is_empty: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._spool_is_empty = spool_is_empty
        self._clock = clock
        self._status = read()
        self._looked_at = self._news_at = clock()
        self._told_of = self._last_receipt()  # a receipt of before the start was another recorder's to tell of

    def look(self) -> Way:
        """As `OnTheWay.look`."""
        now = self._clock()
        if now >= self._looked_at + LOOK_SECONDS:
            self._looked_at = now
            if (status := self._read()) != self._status:
                self._status, self._news_at = status, now
            if self._have_arrived():
                self._told_of = self._last_receipt()
                return Way.ARRIVED
        moving = self._status is not None and self._status.moving and now < self._news_at + STALE_SECONDS
        return Way.MOVING if moving else Way.STILL

    def _have_arrived(self) -> bool:
        if self._status is None or self._status.films_waiting:
            return False
        return self._last_receipt() not in ("", self._told_of) and self._spool_is_empty()

    def _last_receipt(self) -> str:
        return self._status.last_receipt if self._status else ""
