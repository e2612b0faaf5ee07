"""Withdrawing films: somebody at the agency says that a film, or all films of a case, are to be erased now.

What was decided holds at once for all films together: nothing of them is given out any more, whatever happens next.
"""

from collections.abc import Iterable
from typing import NamedTuple

from companion_api.films.archive import Archive
from companion_api.films.case_rows import CaseRows
from companion_api.films.erasure import Eraser
from companion_api.films.film_rows import FilmRows
from companion_api.problems import CASE_UNKNOWN, FILM_UNKNOWN, Refusal
from footage.erasure import Reason

WITHDRAWALS = (
    Reason.FAMILY_ASKED,
    Reason.CHILD_ASKED,
    Reason.OTHER_ASKED,
    Reason.NO_AGREEMENT,
    Reason.MISTAKE,
    Reason.ORDERED,
)


class Withdrawn(NamedTuple):
    """What became of the films: gone (now or before), or kept by a legal hold until that ends."""

    gone: list[str]
    held: list[str]


def one_film(archive: Archive, film: str) -> list[str]:
    """Return a film that can be withdrawn. Raises `Refusal`, `StoreFailed`."""
    with archive.database.reading() as connection:
        if FilmRows(connection).film(film) is None:
            raise Refusal(FILM_UNKNOWN, "Compare the id. A film that is still on its kit is taken back there.")
    return [film]


def films_of_case(archive: Archive, case: str) -> list[str]:
    """Return the films that go when a case is withdrawn: those that belong to it now. Raises as `one_film`."""
    with archive.database.reading() as connection:
        if CaseRows(connection).case(case) is None:
            raise Refusal(CASE_UNKNOWN, "Compare the code.")
        return FilmRows(connection).films_of(case)


def withdraw(eraser: Eraser, films: Iterable[str], reason: Reason, actor: str) -> Withdrawn:
    """Erase films for one of `WITHDRAWALS`. `actor` as in the audit trail. May be repeated.

    Raises `StoreFull`, `StoreFailed`: what is decided by then is gone on with by the next upkeep.
    """
    if reason not in WITHDRAWALS:
        raise ValueError(f"not a reason to withdraw: {reason}")
    with eraser.deciding() as connection:
        rows = FilmRows(connection)
        locked = [row for film in sorted(films) if (row := rows.film_to_change(film))]  # before the audit trail
        gone = {row.film: eraser.decide(connection, row, reason, actor) for row in locked}
    for film in gone:
        if gone[film]:
            eraser.finish(film)
    return Withdrawn([film for film in gone if gone[film]], [film for film in gone if not gone[film]])
