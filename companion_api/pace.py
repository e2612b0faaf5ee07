"""How fast a body must come: a slow link that moves is waited for; one that stands or dribbles is not."""

from dataclasses import dataclass

from companion_api.problems import UPLOAD_STALLED, UPLOAD_TOO_SLOW, Refusal


@dataclass(frozen=True, slots=True)
class Pace:
    """What is asked of every body. A part of 2 MiB over 64 kbit/s takes 256 s and is far within it."""

    patience: float = 20.0  # seconds that may pass without a byte
    grace: float = 30.0  # seconds before the rate counts
    least: float = 1024.0  # bytes a second from then on, in the mean since the body began


class Progress:
    """How a body is coming. It is told of bytes and of the time (seconds of any steady clock), and decides."""

    __slots__ = ("_began", "_heard", "_pace", "_received")

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._began = self._heard = now
        self._received = 0

    def came(self, size: int, now: float) -> None:
        """Note that so many bytes came."""
        self._received += size
        self._heard = now

    @property
    def deadline(self) -> float:
        """The time at which the body has failed, unless more of it comes before."""
        return min(self._silent_until, self._began + self._pace.grace + self._received / self._pace.least)

    def refusal(self) -> Refusal:
        """Return why the body has failed, when the deadline has passed."""
        if self.deadline == self._silent_until:
            return Refusal(
                UPLOAD_STALLED,
                f"No byte came for {self._pace.patience:g} s. Send the whole body again when the link is better.",
            )
        return Refusal(
            UPLOAD_TOO_SLOW,
            f"At least {self._pace.least:g} bytes must come a second. Send it again when the link is better.",
        )

    @property
    def _silent_until(self) -> float:
        return self._heard + self._pace.patience
