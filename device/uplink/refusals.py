"""What the agency does not take: kept and named, and asked again when that makes sense. It holds up nothing else."""

import logging
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from device.errors import AgencyRefused
from device.link_trouble import KEPT
from device.spooled_film import FilmState
from device.uplink.plan import Kind

AGAIN_SECONDS, FINAL_SECONDS = 30.0, 600.0
LACKING = "parts-missing"

_log = logging.getLogger(__name__)


class Scope(Enum):
    """What else would be refused for the same reason."""

    FILM = "this film"
    STORE = "whatever is to be stored"
    KIT = "whatever the kit asks, but for the directory"


class Rule(NamedTuple):
    """What a problem holds up, and for how long: twice as long each time, up to `most` seconds.

    A film that was closed or taken back meanwhile is another question, and a new directory lets everything be asked at
    once. `advice` is for problems of more than a film; of a film, the service's own words are told.
    """

    scope: Scope
    first: float
    most: float
    advice: str = ""


RULES = {
    "kit-unknown": Rule(
        Scope.KIT, FINAL_SECONDS, FINAL_SECONDS, f"The agency has not admitted this kit yet. IT does it. {KEPT}"
    ),
    "kit-revoked": Rule(
        Scope.KIT, FINAL_SECONDS, FINAL_SECONDS, "The agency revoked this kit, and takes nothing of it. Bring it to IT."
    ),
    "request-forged": Rule(
        Scope.KIT, AGAIN_SECONDS, FINAL_SECONDS, f"The agency does not know the key of this kit. Tell IT. {KEPT}"
    ),
    "store-full": Rule(
        Scope.STORE, AGAIN_SECONDS, FINAL_SECONDS, f"The agency's store is full. IT must make room. {KEPT}"
    ),
    "store-failed": Rule(
        Scope.STORE, AGAIN_SECONDS, 120.0, f"The agency's store does not work. IT must look at it. {KEPT}"
    ),
    "too-busy": Rule(Scope.FILM, 10.0, 60.0),
    # Somebody has to decide; no repetition mends them.
    "film-erased": Rule(Scope.FILM, FINAL_SECONDS, FINAL_SECONDS),
    "film-held": Rule(Scope.FILM, FINAL_SECONDS, FINAL_SECONDS),
    "film-of-other-kit": Rule(Scope.FILM, FINAL_SECONDS, FINAL_SECONDS),
    "film-taken-back": Rule(Scope.FILM, FINAL_SECONDS, FINAL_SECONDS),
}
OTHERS = Rule(Scope.FILM, AGAIN_SECONDS, FINAL_SECONDS)


class _Refusal(NamedTuple):
    said: str
    state: FilmState | None
    at: float
    until: float
    seconds: float


class Refusals:
    """By subject: a film's id, or "directory". `clock` tells seconds of any steady clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: dict[str, _Refusal] = {}
        self._wide: dict[str, _Refusal] = {}  # by problem
        self._lacking: set[str] = set()

    @property
    def said(self) -> dict[str, str]:
        """Why each subject is not taken."""
        return {subject: refusal.said for subject, refusal in self._refusals.items()}

    @property
    def in_doubt(self) -> bool:
        """Whether all might be refused for one reason, so that a single step should find out."""
        return bool(self._wide)

    @property
    def problem(self) -> tuple[str, str]:
        """What is wrong, by code and in words; empty if nothing is. What holds up more than a film comes first."""
        films = [said for said in dict.fromkeys(self.said.values()) if said.partition(":")[0] not in self._wide]
        words = "; ".join([*(RULES[problem].advice for problem in self._wide), *films])
        return next(iter(self._wide), "refused" if films else ""), words

    def note(self, subject: str, state: FilmState | None, reason: Exception) -> None:
        """Note that a subject was refused when it was in this state.

        A film that lacks parts there is no refusal at first: the agency found what it had damaged, and is asked at once
        what it lacks. Only if it says so again, nothing that is here helps.
        """
        if isinstance(reason, AgencyRefused) and reason.problem == LACKING and subject not in self._lacking:
            _log.info("%s: %s", subject, reason)
            self._lacking.add(subject)
            return
        self._lacking.discard(subject)
        before = self._refusals.get(subject)
        if before is None or before.said != str(reason):  # once, not each time
            _log.warning("%s: %s", subject, reason)
        if before is not None and (before.said, before.state) != (str(reason), state):
            before = None
        problem = reason.problem if isinstance(reason, AgencyRefused) else ""
        rule = RULES.get(problem, OTHERS)
        now = self._clock()
        self._refusals[subject] = _Refusal(str(reason), state, now, *_waiting(rule, before, now))
        if rule.scope is not Scope.FILM:
            before = self._wide.get(problem)
            self._wide[problem] = _Refusal(str(reason), None, now, *_waiting(rule, before, now))

    def hold(self, subject: str, state: FilmState | None) -> bool:
        """Return whether it is too early to ask again: a film in another state is another question."""
        refusal = self._refusals.get(subject)
        if refusal is not None and refusal.state is state and self._clock() < refusal.until:
            return True
        return state is not None and any(
            self._clock() < wide.until and (RULES[problem].scope is Scope.KIT or state not in _GONE)
            for problem, wide in self._wide.items()
        )

    def ask_again(self) -> None:
        """Let everything be asked again: what is refused may be taken under a new directory."""
        for refusals in (self._refusals, self._wide):
            refusals.update(
                {name: refusal._replace(at=_LONG_AGO, until=_LONG_AGO) for name, refusal in refusals.items()}
            )

    def taken(self, kind: Kind, begun: float) -> None:
        """Note that the agency did what a step of this kind asks for: what would have held that up is over.

        Unless it was refused since the step was `begun`: then that was under way.
        """
        if kind is Kind.DIRECTORY:
            return
        over = {Scope.KIT, Scope.STORE} if kind in _STORES else {Scope.KIT}
        for problem, wide in list(self._wide.items()):
            if RULES[problem].scope in over and wide.at < begun:
                del self._wide[problem]

    def end(self, subject: str) -> None:
        """Note that a subject was taken, or is gone."""
        self._refusals.pop(subject, None)
        if not self._refusals:  # nobody is left who was told so: the next one asks
            self._wide.clear()


def _waiting(rule: Rule, before: _Refusal | None, now: float) -> tuple[float, float]:
    """Return until when to wait, and how long that is: longer than before, unless that was the same moment."""
    if before is not None and now < before.until:
        return before.until, before.seconds
    seconds = rule.first if before is None else min(rule.most, 2 * before.seconds)
    return now + seconds, seconds


_LONG_AGO = float("-inf")
_GONE = {FilmState.RECEIPTED, FilmState.TAKEN_BACK}  # they make room, and ask for none
_STORES = {Kind.KEY, Kind.PART, Kind.CLOSE}
