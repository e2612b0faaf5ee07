"""Legal holds: what a hold is on is not erased, by nobody and for no reason, until the hold ends.

One person asks, another confirms; one asks for the end, another confirms that. Alone nobody can keep a film from being
erased, nor let it go. What was withdrawn or taken back meanwhile is erased when the hold ends.
"""

import uuid
from collections.abc import Callable

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.case_rows import CaseRows
from companion_api.films.erasure import Eraser
from companion_api.films.film_rows import FilmRows
from companion_api.films.hold_rows import Hold, HoldReason, HoldRows, HoldState
from companion_api.problems import (
    CASE_UNKNOWN,
    FILM_ERASED,
    FILM_UNKNOWN,
    HOLD_ENDED,
    HOLD_NEEDS_ANOTHER,
    HOLD_STANDS,
    UNKNOWN_TO_YOU,
    Refusal,
)

REFERENCE_PATTERN = r"^[A-Z0-9][A-Z0-9./-]{0,31}$"  # of a file elsewhere; there is no room for names


def ask_hold(eraser: Eraser, actor: str, subject: str, reason: HoldReason, reference: str) -> Hold:
    """Ask for a hold on `film:ID` or `case:CODE`. Nothing is held until another person confirms. Raises `Refusal`."""
    with eraser.deciding() as connection:
        _check_subject(connection, subject)
        at = eraser.archive.timestamp()
        hold = Hold(str(uuid.uuid4()), subject, reason, reference, HoldState.ASKED, actor, at)
        HoldRows(connection).add(hold)
        append(connection, at, actor, "hold asked", subject, hold=hold.hold, reason=reason.value, reference=reference)
    return hold


def confirm_hold(eraser: Eraser, actor: str, hold: str) -> Hold:
    """Put a hold in force that another person asked for. May be repeated. Raises `Refusal`."""

    def confirmed(connection: Connection, found: Hold, at: str) -> Hold:
        if found.state is not HoldState.ASKED:
            return found
        _refuse_same(found.asked_by, actor)
        _check_subject(connection, found.subject)
        return found._replace(state=HoldState.IN_FORCE, confirmed_by=actor, confirmed_at=at)

    return _changed(eraser, actor, hold, "hold confirmed", confirmed)


def ask_release(eraser: Eraser, actor: str, hold: str) -> Hold:
    """Ask for a hold's end; one that nobody has confirmed ends at once. May be repeated. Raises `Refusal`."""

    def asked(_: Connection, found: Hold, at: str) -> Hold:
        if found.state is HoldState.ASKED:
            return found._replace(state=HoldState.RELEASED, released_by=actor, released_at=at)
        if found.state is HoldState.RELEASE_ASKED:
            return found
        return found._replace(state=HoldState.RELEASE_ASKED, release_asked_by=actor, release_asked_at=at)

    return _changed(eraser, actor, hold, "release asked", asked)


def confirm_release(eraser: Eraser, actor: str, hold: str) -> Hold:
    """End a hold whose end another person asked for, and erase what only it had kept. Raises `Refusal`."""

    def released(_: Connection, found: Hold, at: str) -> Hold:
        if found.state is not HoldState.RELEASE_ASKED or found.release_asked_by is None:
            raise Refusal(HOLD_STANDS, "Ask for its end first; another person then confirms.")
        _refuse_same(found.release_asked_by, actor)
        return found._replace(state=HoldState.RELEASED, released_by=actor, released_at=at)

    ended = _changed(eraser, actor, hold, "hold released", released)
    eraser.go_on()
    return ended


def _changed(
    eraser: Eraser, actor: str, hold: str, action: str, change: Callable[[Connection, Hold, str], Hold]
) -> Hold:
    with eraser.deciding() as connection:
        rows, at = HoldRows(connection), eraser.archive.timestamp()
        before = rows.hold(hold)
        if before is None:
            raise Refusal(UNKNOWN_TO_YOU, "Compare the id with the list of holds.")
        if before.state is HoldState.RELEASED:
            raise Refusal(HOLD_ENDED, "Ask for a new hold, if there is need for one.")
        after = change(connection, before, at)
        if after != before:
            rows.change(after)
            append(connection, at, actor, action, after.subject, hold=hold)
    return after


def _refuse_same(asked_by: str, actor: str) -> None:
    if asked_by == actor:
        raise Refusal(HOLD_NEEDS_ANOTHER, "Somebody else who may hold films must confirm what you asked for.")


def _check_subject(connection: Connection, subject: str) -> None:
    kind, _, name = subject.partition(":")
    if kind == "case":
        if CaseRows(connection).case(name) is None:
            raise Refusal(CASE_UNKNOWN, "Compare the code.")
        return
    film = FilmRows(connection).film(name)
    if kind != "film" or film is None:
        raise Refusal(FILM_UNKNOWN, "Compare the id.")
    if film.state.gone:
        raise Refusal(FILM_ERASED, "It is gone; there is nothing left to hold.")
