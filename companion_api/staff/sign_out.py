"""Ending sessions: this one, another of one's own, or all of them."""

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.problems import SESSION_UNKNOWN, Refusal
from companion_api.staff.person import Person
from companion_api.staff.staff_sessions import StaffSession, StaffSessions


def own_sessions(archive: Archive, person: Person) -> list[StaffSession]:
    """Return a person's sessions, the newest first."""
    with archive.database.reading() as connection:
        return StaffSessions(connection, archive.clock()).of(person.account)


def sign_out(archive: Archive, person: Person, session: str) -> None:
    """End one session of a person. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        if not StaffSessions(connection, archive.clock()).end(person.account, session):
            raise Refusal(
                SESSION_UNKNOWN, "It has ended already, or is somebody else's. Read the list of sessions again."
            )
        append(connection, archive.timestamp(), person.actor, "signed out", f"account:{person.account}")


def sign_out_everywhere(archive: Archive, person: Person) -> None:
    """End all sessions of a person. Raises `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        ended = StaffSessions(connection, archive.clock()).end_all(person.account)
        append(
            connection,
            archive.timestamp(),
            person.actor,
            "signed out everywhere",
            f"account:{person.account}",
            sessions=ended,
        )
