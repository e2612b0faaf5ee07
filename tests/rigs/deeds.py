"""Deeds: who did what with which thing. The database's rows show which were done, its audit trail tells of them."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_DONE = """
    SELECT 'kit:' || kit, 'receipt issued', 'film:' || film FROM films WHERE closed_at IS NOT NULL UNION ALL
    SELECT 'kit:' || kit, 'erased on kit', 'film:' || film FROM films WHERE erased_at IS NOT NULL UNION ALL
    SELECT decided_by, 'erasure decided', 'film:' || film FROM erasures UNION ALL
    SELECT 'service', 'erased', 'film:' || film FROM erasures WHERE done_at IS NOT NULL UNION ALL
    SELECT made_by, 'enrolment made', 'kit:' || kit FROM enrolments UNION ALL
    SELECT 'kit:' || kit, 'enrolled', 'kit:' || kit FROM enrolments WHERE key IS NOT NULL UNION ALL
    SELECT asked_by, 'hold asked', subject FROM holds UNION ALL
    SELECT confirmed_by, 'hold confirmed', subject FROM holds WHERE confirmed_by IS NOT NULL
"""
_TOLD = "SELECT actor, action, subject FROM audit"


class Deed(NamedTuple):
    """What somebody did, in the words of the audit trail."""

    actor: str
    action: str
    subject: str

    def __str__(self) -> str:
        return " ".join(self)


UPKEEP = Deed("service", "upkeep", "films")
HEAD_SIGNED = Deed("service", "head signed", "audit")
_ONLY_TOLD = {UPKEEP, HEAD_SIGNED}  # each time anew; no row shows them


@dataclass
class Told:
    """What the service was asked to do, and what it has answered, besides what was done before."""

    asked: set[Deed] = field(default_factory=set)
    answered: set[Deed] = field(default_factory=set)

    @contextmanager
    def asking(self, *deeds: Deed) -> Iterator[None]:
        """Ask for deeds; they are answered when the block ends well."""
        self.asked.update(deeds)
        yield
        self.answered.update(deeds)


def done(data: Path) -> Counter[Deed]:
    """Return the deeds that the rows of a service's data folder show."""
    return Counter(Deed(*row) for row in rows(data, _DONE))


def deed_faults(data: Path, before: Set[Deed], told: Told) -> list[str]:
    """Return what is not as promised: a deed that is lost, made up, done twice, not told, or told and not done."""
    shown, recorded = done(data), Counter(Deed(*row) for row in rows(data, _TOLD))
    single = Counter({deed: count for deed, count in recorded.items() if deed not in _ONLY_TOLD})
    known = shown.keys() | recorded.keys()
    faults = {
        "was answered and is lost": (before | told.answered) - known,
        "was never asked for": known - before - told.asked,
        "is done, and the audit trail does not tell it": shown - single,
        "is told by the audit trail, and not done": single - shown,
    }
    return sorted(f"{deed}: {fault}" for fault, deeds in faults.items() for deed in deeds)


def rows(data: Path, query: str) -> list[tuple[str, ...]]:
    """Ask a copy of the database of a data folder: to read it where it lies might mend it."""
    with tempfile.TemporaryDirectory() as copy:
        for file in data.glob("companion.sqlite3*"):
            shutil.copy(file, copy)
        with closing(sqlite3.connect(Path(copy) / "companion.sqlite3")) as database:
            return list(database.execute(query))
