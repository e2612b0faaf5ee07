"""The states of a film on the server, as a table. What is not in the table changes nothing and is refused.

open ── manifest ──► closed ── erased ──► erased on kit
  │                    │                     │
  ├──── take back ─────┼──── (for a day) ────┼──► taken back
  └──── the agency ────┴─────────────────────┴──► erased
"""

from datetime import datetime, timedelta
from enum import StrEnum

from companion_api.problems import (
    FILM_CLOSED,
    FILM_ERASED,
    FILM_OPEN,
    FILM_TAKEN_BACK,
    TAKE_BACK_TOO_LATE,
    Problem,
    Refusal,
)

TAKE_BACK_HOURS = 24  # long enough for every visit, short enough that a stolen kit can't undo the agency's work


class FilmState(StrEnum):
    """What has become of a film."""

    OPEN = "open"  # parts are arriving
    CLOSED = "closed"  # whole and durable; its receipt was issued
    ERASED_ON_KIT = "erased on kit"  # the service has the only copy
    TAKEN_BACK = "taken back"  # by the family, at the kit: a tombstone; nothing of the film is held
    ERASED = "erased"  # by the agency, or because its time was over: a tombstone too

    @property
    def gone(self) -> bool:
        """Whether no more than a tombstone is left."""
        return self in (FilmState.TAKEN_BACK, FilmState.ERASED)

    @property
    def may_be_on_kit(self) -> bool:
        """Whether the kit may still have a copy: it has not said that it erased it."""
        return self in (FilmState.OPEN, FilmState.CLOSED)


class FilmEvent(StrEnum):
    """What a kit can ask for."""

    READ = "read"  # have-list or receipt
    PART = "part"  # a part or film.key that is not held yet
    LISTED_PART = "listed part"  # one that is not held any more, and the very one that the manifest lists
    MANIFEST = "manifest"
    ERASED = "erased"
    TAKE_BACK = "take back"
    LATE_TAKE_BACK = "late take back"  # more than `TAKE_BACK_HOURS` after the film was closed


S, E = FilmState, FilmEvent
TRANSITIONS: dict[tuple[FilmState, FilmEvent], FilmState | Problem] = {
    (S.OPEN, E.READ): S.OPEN,
    (S.OPEN, E.PART): S.OPEN,
    (S.OPEN, E.LISTED_PART): S.OPEN,
    (S.OPEN, E.MANIFEST): S.CLOSED,
    (S.OPEN, E.ERASED): FILM_OPEN,
    (S.OPEN, E.TAKE_BACK): S.TAKEN_BACK,
    (S.OPEN, E.LATE_TAKE_BACK): S.TAKEN_BACK,
    (S.CLOSED, E.READ): S.CLOSED,
    (S.CLOSED, E.PART): FILM_CLOSED,
    (S.CLOSED, E.LISTED_PART): S.CLOSED,
    (S.CLOSED, E.MANIFEST): S.CLOSED,
    (S.CLOSED, E.ERASED): S.ERASED_ON_KIT,
    (S.CLOSED, E.TAKE_BACK): S.TAKEN_BACK,
    (S.CLOSED, E.LATE_TAKE_BACK): S.TAKEN_BACK,
    (S.ERASED_ON_KIT, E.READ): S.ERASED_ON_KIT,
    (S.ERASED_ON_KIT, E.PART): FILM_CLOSED,
    (S.ERASED_ON_KIT, E.LISTED_PART): S.ERASED_ON_KIT,
    (S.ERASED_ON_KIT, E.MANIFEST): S.ERASED_ON_KIT,
    (S.ERASED_ON_KIT, E.ERASED): S.ERASED_ON_KIT,
    (S.ERASED_ON_KIT, E.TAKE_BACK): S.TAKEN_BACK,
    (S.ERASED_ON_KIT, E.LATE_TAKE_BACK): TAKE_BACK_TOO_LATE,
    (S.TAKEN_BACK, E.READ): FILM_TAKEN_BACK,
    (S.TAKEN_BACK, E.PART): FILM_TAKEN_BACK,
    (S.TAKEN_BACK, E.LISTED_PART): FILM_TAKEN_BACK,
    (S.TAKEN_BACK, E.MANIFEST): FILM_TAKEN_BACK,
    (S.TAKEN_BACK, E.ERASED): FILM_TAKEN_BACK,
    (S.TAKEN_BACK, E.TAKE_BACK): S.TAKEN_BACK,
    (S.TAKEN_BACK, E.LATE_TAKE_BACK): S.TAKEN_BACK,
    (S.ERASED, E.READ): FILM_ERASED,
    (S.ERASED, E.PART): FILM_ERASED,
    (S.ERASED, E.LISTED_PART): FILM_ERASED,
    (S.ERASED, E.MANIFEST): FILM_ERASED,
    (S.ERASED, E.ERASED): S.ERASED,  # by a receipt that came before
    (S.ERASED, E.TAKE_BACK): S.ERASED,
    (S.ERASED, E.LATE_TAKE_BACK): S.ERASED,
}
_NEXT_STEP = {
    FILM_OPEN: "Send the manifest, verify the receipt, and only then erase.",
    FILM_CLOSED: "The manifest is final. Keep what you have and tell IT.",
    FILM_TAKEN_BACK: "Erase what is left of it and send nothing more of this film.",
    FILM_ERASED: "Send nothing more of it. Keep your copy until it is taken back at the kit, and tell IT.",
    TAKE_BACK_TOO_LATE: "Ask the agency to withdraw the film; it holds the only copy.",
}


def take_back_event(closed_at: str | None, now: datetime) -> FilmEvent:
    """Return which event a take-back is now, for a film that was closed at a time (RFC 3339), or never."""
    late = closed_at is not None and now - datetime.fromisoformat(closed_at) > timedelta(hours=TAKE_BACK_HOURS)
    return FilmEvent.LATE_TAKE_BACK if late else FilmEvent.TAKE_BACK


def next_state(state: FilmState, event: FilmEvent) -> FilmState:
    """Return the state after `event`. Raises `Refusal`."""
    outcome = TRANSITIONS[state, event]
    if isinstance(outcome, Problem):
        raise Refusal(outcome, _NEXT_STEP[outcome])
    return outcome
