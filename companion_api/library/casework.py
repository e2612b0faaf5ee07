"""Cases: the work with a family under a code, who works on it, and which films belong to it. Codes only, no names."""

from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.case_rows import Case, CaseRows
from companion_api.films.film_rows import FilmRows
from companion_api.films.hold_rows import HoldRows
from companion_api.library.access_notes import read_noted
from companion_api.library.film_access import FilmAccess
from companion_api.library.fitness import check_fit
from companion_api.library.member_rows import MemberRows
from companion_api.library.reading import check_here
from companion_api.problems import CASE_TAKEN, FILM_HELD, Refusal
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import Resource, Tie, Ties, Verb, check, may, needed
from companion_api.staff.person import Person


class CaseSeen(NamedTuple):
    """A case and who works on it."""

    case: Case
    members: list[str]


def cases_seen(archive: Archive, asker: Asker) -> list[CaseSeen]:
    """Return the cases that their asker may see, by code. Raises `StoreFull`, `StoreFailed`."""
    person = asker.person

    def look(connection: Connection) -> list[CaseSeen]:
        members = MemberRows(connection).members()
        cases = [CaseSeen(case, members.get(case.case, [])) for case in CaseRows(connection).cases()]
        return [seen for seen in cases if may(person, Resource.CASE, Verb.SEE, _ties(person, seen.members))]

    return read_noted(archive, person, "cases listed", f"account:{person.account}", look)


def case_seen(archive: Archive, asker: Asker, case: str) -> CaseSeen:
    """Return one case. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    return read_noted(
        archive, asker.person, "case seen", f"case:{case}", lambda connection: case_of(connection, asker, case)
    )


def begin_case(archive: Archive, asker: Asker, case: str) -> bool:
    """Open a case, with its asker as member if they film; return whether it is new. Raises `Refusal` and as above."""
    person = asker.person
    with archive.database.writing() as connection:
        if not CaseRows(connection).open(case, archive.timestamp()):
            if not may(person, Resource.CASE, Verb.SEE, _ties(person, MemberRows(connection).of(case))):
                raise Refusal(CASE_TAKEN, "Choose another code, or ask the service lead whose case it is.")
            return False
        if Tie.MEMBER in needed(person.roles, Resource.FILM, Verb.OPEN):
            MemberRows(connection).add(case, person.account)
        append(connection, archive.timestamp(), person.actor, "case opened", f"case:{case}")
    return True


def end_case(archive: Archive, asker: Asker, case: str) -> None:
    """Enter that the work ended now, unless it has ended. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    _set_end(archive, asker, case, ended=True)


def reopen_case(archive: Archive, asker: Asker, case: str) -> None:
    """Enter that the work goes on after all. Raises as `end_case`."""
    _set_end(archive, asker, case, ended=False)


def add_member(archive: Archive, asker: Asker, case: str, account: str) -> None:
    """Let somebody work on a case. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        case_of(connection, asker, case)
        check_fit(connection, account, Tie.MEMBER)
        if MemberRows(connection).add(case, account):
            append(connection, archive.timestamp(), asker.person.actor, "member added", f"case:{case}", account=account)


def remove_member(archive: Archive, asker: Asker, case: str, account: str) -> None:
    """Take somebody off a case, at once. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        case_of(connection, asker, case)
        if MemberRows(connection).remove(case, account):
            append(
                connection,
                archive.timestamp(),
                asker.person.actor,
                "member removed",
                f"case:{case}",
                account=account,
            )


def file_film(archive: Archive, asker: Asker, film: str, case: str) -> None:
    """File a film in a case that its asker may see. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    person = asker.person
    with archive.database.writing() as connection:
        holds = HoldRows(connection)
        holds.lock()
        FilmRows(connection).film_to_change(film)
        seen = FilmAccess(connection, person.account, archive.timestamp()).film(film)
        check(person, Resource.FILM, Verb.SEE, seen and seen.ties, f"film:{film}")
        assert seen is not None
        if seen.case != case:  # else it is a request repeated by whoever held the kit, and no longer has that tie
            asker.check(seen.ties, f"film:{film}")
        case_of(connection, Asker(person, Resource.CASE, Verb.SEE), case)
        if seen.case == case:
            return
        check_here(seen)
        if f"case:{seen.case}" in holds.held():
            raise Refusal(FILM_HELD, "Its case is under a legal hold, which it would leave. Wait until that ends.")
        FilmRows(connection).set_case(film, case)
        append(connection, archive.timestamp(), person.actor, "filed", f"film:{film}", case=case, before=seen.case)


def _set_end(archive: Archive, asker: Asker, case: str, *, ended: bool) -> None:
    with archive.database.writing() as connection:
        seen = case_of(connection, asker, case)
        if (seen.case.ended_at is not None) == ended:
            return
        now = archive.timestamp()
        CaseRows(connection).set_end(case, now if ended else None)
        append(connection, now, asker.person.actor, "case ended" if ended else "case reopened", f"case:{case}")


def case_of(connection: Connection, asker: Asker, case: str) -> CaseSeen:
    """Return a case with which its asker may do what they ask. Raises `Denied`."""
    row, members = CaseRows(connection).case(case), MemberRows(connection).of(case)
    asker.check(None if row is None else _ties(asker.person, members), f"case:{case}")
    assert row is not None
    return CaseSeen(row, members)


def _ties(person: Person, members: list[str]) -> Ties:
    return frozenset({Tie.MEMBER} if person.account in members else ())
