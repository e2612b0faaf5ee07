"""The wall clock, and whether anybody has set it: a Raspberry Pi has no battery clock by default."""

import ctypes
from datetime import UTC, datetime

from footage.manifest import ClockStatus
from footage.messages import timestamp

_TIMEX_SIZE = 256  # struct timex has 208 bytes on 64-bit Linux; modes = 0 only asks
_TIME_ERROR = 5  # adjtimex(2): "the system clock is not synchronized"


def now() -> str:
    """Return the time as RFC 3339 in UTC, to the second."""
    return timestamp(datetime.now(UTC))


def clock_status() -> ClockStatus:
    """Ask the kernel, which knows whatever the time service is. An answer that can't be had counts as no."""
    answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    return ClockStatus.SYNCHRONISED if 0 <= answer < _TIME_ERROR else ClockStatus.UNSYNCHRONISED
