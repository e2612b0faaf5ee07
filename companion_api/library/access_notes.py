"""Reading, with its entry in the audit trail.

An entry tells of one person's reading of one thing, and covers their repetitions within a minute: playing ten minutes
of film makes ten entries for its parts and not six hundred. Nothing is read that no entry covers.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import Connection

from companion_api.audit.trail import append, newest
from companion_api.films.archive import Archive
from companion_api.staff.person import Person
from footage.messages import timestamp

COVERED = timedelta(minutes=1)
T = TypeVar("T")


def read_noted(
    archive: Archive, person: Person, action: str, subject: str, look: Callable[[Connection], T], **detail: object
) -> T:
    """Return what `look` finds, or raise what it raises. The entry is durable before anything is returned.

    Raises `StoreFull` and `StoreFailed` too.
    """
    with archive.database.reading() as connection:
        found = look(connection)
        last = newest(connection, person.actor, action, subject)
    if last is not None and timestamp(archive.clock() - COVERED) < last.at <= archive.timestamp():
        return found
    with archive.database.writing() as connection:
        found = look(connection)  # the right may have gone since
        append(connection, archive.timestamp(), person.actor, action, subject, **detail)
    return found
