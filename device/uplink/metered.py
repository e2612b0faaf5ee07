"""Films over links that cost by the byte: as far as the agency's policy allows, counted by the calendar month (UTC).

Only parts wait for a better link. What the family took back, receipts, the directory and how the kit is are a few
kilobytes, and go over any.
"""

import logging
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from device import clock
from device.uplink.link import Link
from footage import durable
from footage.errors import FootageError
from footage.manifest import ClockStatus
from footage.messages import Count, Message, decode, encode

MEGABYTE = 10**6
_AHEAD = MEGABYTE  # written before it is sent: a power cut costs so much of the month, and no part waits for the card
_HEADERS = 1.05  # of HTTP, TLS, TCP and IP, by which a part is more on the link

_log = logging.getLogger(__name__)


class Held(StrEnum):
    """Why parts wait although there is a link."""

    NOT_ALLOWED = "hotspot-not-allowed"
    SPENT = "hotspot-budget-spent"


ADVICE = {
    Held.NOT_ALLOWED: "This link costs by the byte, and the agency does not let films over it. Put the kit into its "
    "dock, or come near a network that it knows.",
    Held.SPENT: "What the agency allows for links that cost by the byte is used up this month. Put the kit into its "
    "dock, or come near a network that it knows.",
}


def held(link: Link, budget_megabytes: int, spent: int) -> Held | None:
    """Decide whether parts must wait: None if they may go over this link, of which so many bytes are spent."""
    if not link.metered:
        return None
    if budget_megabytes == 0:
        return Held.NOT_ALLOWED
    return Held.SPENT if spent >= budget_megabytes * MEGABYTE else None


class Metered(Message, frozen=True):
    """What is written: bytes in a month, such as 2026-11; "" if nobody has known the time yet."""

    month: str
    bytes: Count


def meter_file(spool: Path) -> Path:
    """Return where it is kept."""
    return spool / "metered.json"


class Meter:
    """Counts bytes over metered links, durably. For several threads.

    `month` returns the month, or None while nobody knows the time: then the last known month goes on.
    """

    def __init__(self, file: Path, month: Callable[[], str | None] | None = None) -> None:
        self._file = file
        self._ask_month = month or _month
        self._lock = threading.Lock()
        self._month, self._bytes = _read(file)
        self._written = self._bytes
        self._turn_page()

    def spent(self) -> int:
        """Return the bytes of this month."""
        with self._lock:
            self._turn_page()
            return int(self._bytes)

    def sent(self, size: int) -> None:
        """Note that so many bytes of a part went out: in the month that `spent` saw last."""
        with self._lock:
            self._bytes += int(size * _HEADERS)
            if self._bytes > self._written:
                self._write(self._bytes + _AHEAD)

    def settle(self) -> None:
        """Write what was really sent: the uplink ends in order."""
        with self._lock:
            if self._written != self._bytes:
                self._write(self._bytes)

    def _turn_page(self) -> None:
        month = self._ask_month()
        if month is None or month == self._month:
            return
        if self._month:  # else the count began before anybody knew the month
            self._bytes = self._written = 0
        self._month = month

    def _write(self, count: int) -> None:
        self._written = count
        try:
            durable.write_file(self._file, encode(Metered(self._month, count)))
        except OSError as reason:  # a full card too, which only sending makes empty again
            _log.warning("bytes over metered links are not counted durably: %s", reason)


def _read(file: Path) -> tuple[str, int]:
    try:
        metered = decode(Metered, file.read_bytes())
    except (OSError, FootageError):
        return "", 0
    return metered.month, metered.bytes


def _month() -> str | None:
    return clock.now()[:7] if clock.clock_status() is ClockStatus.SYNCHRONISED else None
