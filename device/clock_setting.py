"""Whether the clock is set by what the agency signed: if nothing better is there, and never back while filming."""

from enum import StrEnum
from typing import NamedTuple

from footage.manifest import ClockStatus

MOST_SECONDS = 10.0  # that an answer may take


class Verdict(StrEnum):
    """What becomes of an answer."""

    SET = "set"  # the clock was moved to it
    RIGHT = "right"  # the clock says the same; it was not moved
    KNOWN = "known"  # a time service has set the clock meanwhile, and knows better
    SLOW = "slow"  # it took too long, so it says little
    TOO_EARLY = "too-early"  # the directory was signed later; the service's clock must be wrong
    FILMING = "filming"  # the clock would go back, and a film is being recorded


class Decision(NamedTuple):
    """`move_by`: seconds to add to the clock; `error`: by how many seconds it may be wrong then."""

    verdict: Verdict
    move_by: float = 0.0
    error: float = 0.0


def decide(*, now: float, took: float, iat: int, issued: float, known: ClockStatus, filming: bool) -> Decision:
    """Decide at `now` on an answer `iat` that came `took` seconds after it was asked for.

    `now`, `iat` and `issued`, when the directory was signed, are seconds since 1970. `filming`: a film is being made.
    """
    if known is ClockStatus.SYNCHRONISED:
        return Decision(Verdict.KNOWN)
    if not 0 <= took <= MOST_SECONDS:
        return Decision(Verdict.SLOW)
    if iat < issued:
        return Decision(Verdict.TOO_EARLY)
    earliest, latest = float(iat), iat + 1 + took  # `iat` is rounded down, and was signed while the kit waited
    if earliest <= now <= latest:
        return Decision(Verdict.RIGHT, 0.0, max(now - earliest, latest - now))
    if now > latest and filming:
        return Decision(Verdict.FILMING)
    middle = (earliest + latest) / 2
    return Decision(Verdict.SET, middle - now, latest - middle)
