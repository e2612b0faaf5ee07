"""What was asked of a service and what it has acknowledged, as those know it who asked."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

KEY, MANIFEST, ERASED, TAKE_BACK, WITHDRAW = "key", "manifest", "erased", "take back", "withdraw"


@dataclass
class SentFilm:
    """A film: its pieces by what is asked for (`key`, `parts/0`, …) with their SHA-256, and its manifest (JWS).

    `asked`: what was asked for at least once, besides pieces one of the names above. `receipt`: as it was given.
    """

    film: str
    kit: str
    pieces: dict[str, str]
    sizes: dict[str, int]
    manifest: str
    asked: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    receipt: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether somebody's wish that nothing of it be kept was acknowledged."""
        return bool({TAKE_BACK, WITHDRAW} & self.acknowledged)

    @property
    def decided_by(self) -> str:
        """Who wanted it erased, as the audit trail and its certificate name them."""
        return "operator" if WITHDRAW in self.asked else f"kit:{self.kit}"


@dataclass
class Ledger:
    """All films that were sent, how often requests were answered how, and what else the rig itself has done."""

    films: list[SentFilm] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    other_entries: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def count(self, answer: str) -> None:
        """Note one more answer. Safe for many threads."""
        with self._lock:
            self.answers[answer] += 1
