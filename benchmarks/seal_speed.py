"""`seal-speed`: sealing parts of 1 MiB to one recipient, parsed once, against pyrage (Rust age for Python).

Ours is the post-quantum recipient that films use; pyrage's is X25519: less work, but the only native kind it has.
"""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pyrage

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.speed import PART, TURNS, UNIT, in_turn
from footage.age import HybridIdentity, Sealer


def measure(_folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Seal in turn."""
    sealer = Sealer([HybridIdentity.generate().recipient])
    recipient = pyrage.x25519.Identity.generate().to_public()
    ours, peer = in_turn(lambda: sealer.seal(PART), lambda: pyrage.encrypt(PART, [recipient]), tick)
    return [Samples(ours, peer, f"pyrage {version('pyrage')} (X25519)")]


BENCHMARK = Benchmark((Claim("seal-speed", UNIT, Goal(Bound.AT_LEAST, 2.0)),), TURNS, measure)
