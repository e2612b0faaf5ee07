"""What is claimed, what was measured, and whether the goal is met."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec


class Bound(Enum):
    """On which side of the goal the ratio must be."""

    AT_MOST = "<="
    AT_LEAST = ">="


class Goal(NamedTuple):
    """A bound of the ratio ours / peer."""

    bound: Bound
    ratio: float

    def met_by(self, ratio: float) -> bool:
        """Whether a measured ratio keeps the bound."""
        return ratio <= self.ratio if self.bound is Bound.AT_MOST else ratio >= self.ratio

    def __str__(self) -> str:
        return f"ratio {self.bound.value} {self.ratio}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table. Without a `goal` it only informs."""

    name: str
    unit: str
    goal: Goal | None


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured for a claim, in its unit: one value of ours and one of the peer for each turn."""

    ours: list[float]
    peer: list[float]
    peer_name: str


class Entry(msgspec.Struct, frozen=True):
    """One object of `results.json`: `ours` and `peer` are medians of `runs` values each, `ratio` is ours / peer."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: str | None
    met: bool | None
    runs: int


class Benchmark(NamedTuple):
    """One measurement, which may bear several claims.

    `measure(folder, tick)` works in an empty folder, calls `tick` `ticks` times, and returns samples for each claim.
    It raises `BenchmarkError`. `pictures`: the files that it leaves in the folder for the documents.
    """

    claims: tuple[Claim, ...]
    ticks: int
    measure: Callable[[Path, Callable[[], None]], list[Samples]]
    pictures: tuple[str, ...] = ()


def judge(claim: Claim, samples: Samples) -> Entry:
    """Return the entry for a claim."""
    ours, peer = median(samples.ours), median(samples.peer)
    ratio = ours / peer
    goal = claim.goal
    return Entry(
        claim.name,
        claim.unit,
        ours,
        peer,
        samples.peer_name,
        ratio,
        str(goal) if goal else None,
        goal.met_by(ratio) if goal else None,
        len(samples.ours),
    )
