"""What staff do about the end of films: withdraw them, read their certificates, and hold them by law."""

from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.films import holds
from companion_api.films.erasure import Eraser
from companion_api.films.hold_rows import Hold, HoldReason, HoldRows
from companion_api.films.withdrawal import Withdrawn, films_of_case, withdraw
from companion_api.library.access_notes import read_noted
from companion_api.library.casework import case_of
from companion_api.library.reading import film_of
from companion_api.problems import NOT_ERASED, Refusal
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import Tie
from companion_api.stores.store import StoreFailed
from footage.erasure import Erasure, Reason, read_erasure
from footage.errors import FootageError


class Certificate(NamedTuple):
    """An erasure certificate, as JWS and as verified content."""

    token: str
    content: Erasure


def withdraw_film(eraser: Eraser, asker: Asker, film: str, reason: Reason) -> Withdrawn:
    """Erase a film because somebody asked for it. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    with eraser.archive.database.reading() as connection:
        film_of(connection, eraser.archive, asker, film)
    return withdraw(eraser, [film], reason, asker.person.actor)


def withdraw_case(eraser: Eraser, asker: Asker, case: str, reason: Reason) -> Withdrawn:
    """Erase all films of a case. Raises as `withdraw_film`."""
    with eraser.archive.database.reading() as connection:
        case_of(connection, asker, case)
    return withdraw(eraser, films_of_case(eraser.archive, case), reason, asker.person.actor)


def certificate_read(eraser: Eraser, asker: Asker, film: str) -> Certificate:
    """Return a film's erasure certificate. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""

    def look(connection: Connection) -> None:
        film_of(connection, eraser.archive, asker, film)

    read_noted(eraser.archive, asker.person, "certificate read", f"film:{film}", look)
    token = eraser.certificate(film)
    if token is None:
        raise Refusal(NOT_ERASED, "Its certificate is there as soon as it is erased.")
    try:
        return Certificate(token, read_erasure(token, eraser.directory.published.directory, film=film))
    except FootageError as reason:
        raise StoreFailed(f"The erasure certificate of film {film} proves nothing: {reason}") from None


def holds_seen(eraser: Eraser, asker: Asker) -> list[Hold]:
    """Return all legal holds, the newest first. Raises `StoreFull`, `StoreFailed`."""
    person = asker.person
    return read_noted(
        eraser.archive, person, "holds listed", f"account:{person.account}", lambda found: HoldRows(found).holds()
    )


def hold_asked(eraser: Eraser, asker: Asker, subject: str, reason: HoldReason, reference: str) -> Hold:
    """Ask for a legal hold on `film:ID` or `case:CODE`. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    return holds.ask_hold(eraser, asker.person.actor, subject, reason, reference)


def hold_confirmed(eraser: Eraser, asker: Asker, hold: str) -> Hold:
    """Put a hold in force that somebody else asked for. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    _check(eraser, asker, hold)
    return holds.confirm_hold(eraser, asker.person.actor, hold)


def release_asked(eraser: Eraser, asker: Asker, hold: str) -> Hold:
    """Ask for a hold's end. Raises as `hold_confirmed`."""
    _check(eraser, asker, hold)
    return holds.ask_release(eraser, asker.person.actor, hold)


def release_confirmed(eraser: Eraser, asker: Asker, hold: str) -> Hold:
    """End a hold whose end somebody else asked for. Raises as `hold_confirmed`."""
    _check(eraser, asker, hold)
    return holds.confirm_release(eraser, asker.person.actor, hold)


def _check(eraser: Eraser, asker: Asker, hold: str) -> None:
    with eraser.archive.database.reading() as connection:
        there = HoldRows(connection).hold(hold) is not None
    asker.check(frozenset({Tie.ANY}) if there else None, f"hold:{hold}")
