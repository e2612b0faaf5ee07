"""The wall clock, and whether anybody has set it: a Raspberry Pi has no battery clock by default."""

import ctypes
import os
import time
from datetime import UTC, datetime

from footage.manifest import ClockStatus
from footage.messages import timestamp

MOST_ERROR_SECONDS = 16.0  # NTP_PHASE_LIMIT of the kernel: a clock with more counts as not synchronised
_TIME_ERROR = 5  # adjtimex(2): "the system clock is not synchronized"
_ADJ_MAXERROR, _ADJ_STATUS, _STA_UNSYNC = 0x0004, 0x0010, 0x0040


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), up to what is used here; the rest is 160 bytes on 64-bit Linux."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0 only asks
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # microseconds
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 208),
    )


def now() -> str:
    """Return the time as RFC 3339 in UTC, to the second. Ask for the clock's status before, never after."""
    return timestamp(datetime.now(UTC))


def clock_status() -> ClockStatus:
    """Ask the kernel, which knows whatever the time service is. An answer that can't be had counts as no."""
    answer = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
    return ClockStatus.SYNCHRONISED if 0 <= answer < _TIME_ERROR else ClockStatus.UNSYNCHRONISED


def set_clock(seconds: float) -> None:
    """Move the clock to so many seconds since 1970; it counts as not synchronised then. Raises `OSError`."""
    time.clock_settime(time.CLOCK_REALTIME, seconds)


def vouch_for_clock(error: float) -> None:
    """Tell the kernel that the clock is right but for so many seconds: it counts as synchronised from now on.

    The kernel adds 500 ppm of the time that passes, as for NTP's, and takes its word back when that comes to 16 s: in
    less than nine hours, unless somebody sets the clock again. Raises `OSError`.
    """
    kernel = ctypes.CDLL(None, use_errno=True)
    timex = _Timex()
    kernel.adjtimex(ctypes.byref(timex))
    timex.modes = _ADJ_MAXERROR | _ADJ_STATUS
    timex.maxerror = int(error * 1_000_000)
    timex.status &= ~_STA_UNSYNC
    if kernel.adjtimex(ctypes.byref(timex)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
