"""What the agency does not take: kept and named, and not asked again every second. It holds up nothing else."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from device.agency import AgencyRefused
from device.spooled_film import FilmState

FINAL = {"film-erased", "film-taken-back", "film-held"}  # problems that no repetition mends; somebody has to decide
FINAL_SECONDS = 600.0
AGAIN_SECONDS = 30.0

_log = logging.getLogger(__name__)


class _Refusal(NamedTuple):
    said: str
    state: FilmState | None
    until: float


class Refusals:
    """By subject: a film's id, or "directory". `clock` tells seconds of any steady clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: dict[str, _Refusal] = {}

    @property
    def said(self) -> dict[str, str]:
        """Why each subject is not taken."""
        return {subject: refusal.said for subject, refusal in self._refusals.items()}

    def note(self, subject: str, state: FilmState | None, reason: Exception) -> None:
        """Note that a subject was refused when it was in this state."""
        before = self._refusals.get(subject)
        if before is None or before.said != str(reason):  # once, not each time
            _log.warning("%s: %s", subject, reason)
        final = isinstance(reason, AgencyRefused) and reason.problem in FINAL
        until = self._clock() + (FINAL_SECONDS if final else AGAIN_SECONDS)
        self._refusals[subject] = _Refusal(str(reason), state, until)

    def hold(self, subject: str, state: FilmState | None) -> bool:
        """Return whether it is too early to ask again: a film in another state is another question."""
        refusal = self._refusals.get(subject)
        return refusal is not None and refusal.state is state and self._clock() < refusal.until

    def ask_again(self) -> None:
        """Let everything be asked again: what is refused may be taken under a new directory."""
        self._refusals = {subject: refusal._replace(until=float("-inf")) for subject, refusal in self._refusals.items()}

    def end(self, subject: str) -> None:
        """Note that a subject was taken, or is gone."""
        self._refusals.pop(subject, None)
