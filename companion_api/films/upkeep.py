"""The daily upkeep: go on with what was cut short, erase what is due, and tell what needs somebody's eye.

Several at once are harmless: whatever one has erased the others find gone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from companion_api.audit.heads import sign_head
from companion_api.audit.trail import append, head, newest
from companion_api.films.case_rows import CaseRows
from companion_api.films.erasure import Eraser, attempted
from companion_api.films.erasure_rows import ErasureRows
from companion_api.films.film_rows import FilmRows
from companion_api.films.hold_rows import HoldRows, is_held
from companion_api.films.replay import replay
from companion_api.films.retention import Due, Term, due, is_incomplete
from companion_api.films.term_rows import TermRows
from companion_api.library.grant_rows import GrantRows
from footage.erasure import Reason
from footage.messages import timestamp

_NOTE = ("service", "upkeep", "films")  # its entry in the audit trail
CLOCK_JUMP_DAYS = 30  # a clock so far ahead of the last upkeep is not believed without a person's word


@dataclass(frozen=True, slots=True)
class Line:
    """A film in the report: when and why it goes. `held`: not before a legal hold ends."""

    film: str
    kit: str
    case: str | None
    state: str
    received_at: str
    due_at: str
    reason: Reason
    held: bool


@dataclass(slots=True)
class Report:
    """What an upkeep found and did; after a preview, what it would do. Troubles are by film.

    `doubt`: why nothing that is due was erased, if so.
    """

    at: str
    doubt: str | None = None
    erased: list[Line] = field(default_factory=list)
    held: list[Line] = field(default_factory=list)  # due, withdrawn or taken back, but under a legal hold
    coming: list[Line] = field(default_factory=list)  # due soon
    incomplete: list[Line] = field(default_factory=list)  # open for days
    came_back: list[str] = field(default_factory=list)  # with a backup, and erased again
    copied: list[str] = field(default_factory=list)  # films whose certificate journal or store had lost
    unproven: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def mend(eraser: Eraser) -> Report:
    """Replay erasures, note the terms in force, and go on with what was cut short. Before serving, and daily.

    Raises `StoreFull`, `StoreFailed`.
    """
    replayed = replay(eraser)
    with eraser.archive.database.writing() as connection:
        TermRows(connection).note(eraser.directory.published.directory, eraser.archive.timestamp())
        GrantRows(connection).forget_keys(eraser.archive.timestamp())  # of shares that are over
    return Report(
        eraser.archive.timestamp(),
        came_back=replayed.films,
        copied=replayed.copied,
        unproven=replayed.unproven,
        failed=replayed.failed | eraser.go_on(),
    )


def upkeep(eraser: Eraser, days_ahead: int, *, trust_clock: bool = False) -> Report:
    """Mend, erase what is due, sign the audit trail's head, and report what is due in the next days.

    Raises `StoreFull`, `StoreFailed`.
    """
    doubt = None if trust_clock else _doubt(eraser)  # before anything is written with this clock
    report = mend(eraser)
    report.doubt = doubt
    _survey(eraser, report, days_ahead)
    if report.doubt is not None:
        report.erased.clear()
        return report
    report.failed |= attempted({line.film: partial(_erase, eraser) for line in [*report.erased, *report.held]})
    with eraser.archive.database.writing() as connection:
        done = ErasureRows(connection).done()
        report.erased = [line for line in report.erased if line.film in done]
        erased, held, failed = map(len, (report.erased, report.held, report.failed))
        append(connection, report.at, *_NOTE, erased=erased, held=held, failed=failed)
    sign_head(eraser.archive, eraser.receipt_key)
    return report


def preview(eraser: Eraser, days_ahead: int) -> Report:
    """Return what an upkeep would do now, and what is due in the next days. Changes nothing. Raises `StoreFailed`."""
    report = Report(eraser.archive.timestamp(), _doubt(eraser))
    _survey(eraser, report, days_ahead)
    return report


def _survey(eraser: Eraser, report: Report, days_ahead: int) -> None:
    now = eraser.archive.clock()
    horizon = timestamp(now + timedelta(days=days_ahead))
    with eraser.archive.database.reading() as connection:
        terms, held = _terms(eraser, connection), HoldRows(connection).held()
        decided = {film: ErasureRows(connection).erasure(film) for film in ErasureRows(connection).waiting()}
        for film in FilmRows(connection).kept():
            end = due(film, terms)
            if (waiting := decided.get(film.film)) is not None:
                end = Due(waiting.decided_at, waiting.reason)
            kept = is_held(held, film.film, film.case)
            line = Line(film.film, film.kit, film.case, film.state, film.received_at, end.at, end.reason, kept)
            if end.at <= report.at:
                (report.held if kept else report.erased).append(line)
            elif end.at <= horizon:
                report.coming.append(line)
            if is_incomplete(film, now):
                report.incomplete.append(line)
    for lines in (report.erased, report.held, report.coming):
        lines.sort(key=lambda line: (line.due_at, line.film))


def _erase(eraser: Eraser, film: str) -> None:
    """Erase a film if it is due still: its case may have been taken up again meanwhile."""
    with eraser.deciding() as connection:
        row = FilmRows(connection).film_to_change(film)
        if row is not None and row.case is not None:
            CaseRows(connection).case_to_rely_on(row.case)
        facts = FilmRows(connection).kept_film(film)
        if row is None or facts is None:
            return
        end = due(facts, _terms(eraser, connection))
        begun = end.at <= eraser.archive.timestamp() and eraser.decide(connection, row, end.reason, "service")
    if begun:
        eraser.finish(film)


def _terms(eraser: Eraser, connection: Connection) -> list[Term]:
    """Return all terms that were in force, the present ones last: they may not be noted yet."""
    policy = eraser.directory.published.directory.policy
    now = Term(eraser.archive.timestamp(), policy.erase_after_days, policy.max_age_days)
    return [*TermRows(connection).terms(), now]


def _doubt(eraser: Eraser) -> str | None:
    """Return why the clock is not to be believed: erasing by a wrong one can't be undone."""
    with eraser.archive.database.reading() as connection:
        last = newest(connection, *_NOTE) or head(connection)
    if last is None or eraser.archive.clock() - datetime.fromisoformat(last.at) <= timedelta(days=CLOCK_JUMP_DAYS):
        return None
    return (
        f"The clock says {eraser.archive.timestamp()}, but the last upkeep was at {last.at}. If the clock is right, "
        "call again with --trust-clock."
    )
