"""`open-speed`: opening parts of 1 MiB with one identity, parsed once, against pyrage. Kinds as in `seal-speed`.

Ours is the strict reader: it gives plaintext only from a header and chunks that are canonical to the letter.
"""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pyrage

from benchmarks.claim import Benchmark, Bound, Claim, Goal, Samples
from benchmarks.speed import PART, TURNS, UNIT, in_turn
from footage.age import HybridIdentity, Sealer, open_file


def measure(_folder: Path, tick: Callable[[], None]) -> list[Samples]:
    """Open in turn."""
    identity, peer_identity = HybridIdentity.generate(), pyrage.x25519.Identity.generate()
    sealed = bytes(Sealer([identity.recipient]).seal(PART))
    peer_sealed = pyrage.encrypt(PART, [peer_identity.to_public()])
    ours, peer = in_turn(
        lambda: open_file(sealed, [identity]), lambda: pyrage.decrypt(peer_sealed, [peer_identity]), tick
    )
    return [Samples(ours, peer, f"pyrage {version('pyrage')} (X25519)")]


BENCHMARK = Benchmark((Claim("open-speed", UNIT, Goal(Bound.AT_LEAST, 1.0)),), TURNS, measure)
