"""The speed of two ways to handle parts of 1 MiB, in turn, by CPU time."""

import os
import time
from collections.abc import Callable

PART = os.urandom(1 << 20)
TURNS = 15
UNIT = "MiB per CPU second"
_PARTS = 40  # a turn


def in_turn(
    ours: Callable[[], object], peer: Callable[[], object], tick: Callable[[], None]
) -> tuple[list[float], list[float]]:
    """Return the MiB per CPU second of both, for each turn."""
    _speed(ours), _speed(peer)  # the first use of a library is slower
    speeds = []
    for _ in range(TURNS):
        speeds.append((_speed(ours), _speed(peer)))
        tick()
    return [ours for ours, _ in speeds], [peer for _, peer in speeds]


def _speed(handle_part: Callable[[], object]) -> float:
    before = time.process_time()
    for _ in range(_PARTS):
        handle_part()
    return _PARTS / (time.process_time() - before)
