"""How the process treats its memory.

A body of one MiB is gathered and freed for every part. The C library would hand its pages back to the system each time
and have them cleared again for the next one: measured, that cost as much as receiving the bytes.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h of glibc
_KEPT = 128 * 1024 * 1024
_STEP = 16 * 1024 * 1024
_FROM_HEAP = 32 * 1024 * 1024  # the largest that glibc allows


def keep_freed_memory() -> None:
    """Let the process keep up to 128 MiB of freed memory for what comes next. Does nothing without glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    mallopt(_M_MMAP_THRESHOLD, _FROM_HEAP)
    mallopt(_M_TRIM_THRESHOLD, _KEPT)
    mallopt(_M_TOP_PAD, _STEP)
