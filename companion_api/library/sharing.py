"""Sharing a film with somebody until a day, and ending that at once."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.library.access_notes import read_noted
from companion_api.library.fitness import check_fit
from companion_api.library.grant_rows import Grant, GrantRows
from companion_api.library.reading import film_of, whole_film_of
from companion_api.problems import ACCOUNT_UNFIT, EXPIRY_UNFIT, Refusal
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import Tie
from footage.age.header import parse_header
from footage.age.hybrid import STANZA_TYPE
from footage.errors import HeaderInvalid
from footage.messages import timestamp

MAX_SHARE = timedelta(days=90)
MAX_WRAPPED_KEY = 32 * 1024  # bytes; one recipient needs 2 KiB


class Reason(StrEnum):
    """Why a film is shared. Words would tell of families."""

    SUPERVISION = "supervision"
    JOINT_WORK = "joint work"
    STANDING_IN = "standing in"  # for a colleague who is away
    ACCREDITATION = "accreditation"


@dataclass(frozen=True, slots=True)
class NewShare:
    """A share to be made. `wrapped_key`: the film's identity as an age file, sealed to the person's own recipient."""

    account: str
    expires_at: str
    reason: Reason
    wrapped_key: bytes | None


def share(archive: Archive, asker: Asker, film: str, new: NewShare) -> None:
    """Share a film, or share it anew. Raises `Denied`, `Refusal`, `FootageError`, `StoreFull`, `StoreFailed`."""
    if new.wrapped_key is not None:
        _check_wrapped(new.wrapped_key)
    with archive.database.writing() as connection:
        FilmRows(connection).film_to_change(film)  # nobody takes it back meanwhile
        whole_film_of(connection, archive, asker, film)
        now = archive.timestamp()
        if not now < new.expires_at <= timestamp(archive.clock() + MAX_SHARE):
            raise Refusal(EXPIRY_UNFIT, f"Choose an end within {MAX_SHARE.days} days.")
        if new.account == asker.person.account:
            raise Refusal(ACCOUNT_UNFIT, "Share it with somebody else.")  # a share outlives other rights
        check_fit(connection, new.account, Tie.GRANTEE)
        grant = Grant(film, new.account, asker.person.account, now, new.reason, new.expires_at, None)
        GrantRows(connection).put(grant, new.wrapped_key)
        append(
            connection,
            now,
            asker.person.actor,
            "shared",
            f"film:{film}",
            account=new.account,
            expires_at=new.expires_at,
            reason=new.reason,
            key=new.wrapped_key is not None,
        )


def end_share(archive: Archive, asker: Asker, film: str, account: str) -> None:
    """End a share at once, if it holds. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        FilmRows(connection).film_to_change(film)
        film_of(connection, archive, asker, film)
        if GrantRows(connection).revoke(film, account, archive.timestamp()):
            append(connection, archive.timestamp(), asker.person.actor, "share ended", f"film:{film}", account=account)


def shares_seen(archive: Archive, asker: Asker, film: str) -> list[Grant]:
    """Return with whom a film is shared or was, the newest share first. Raises `Denied`, `StoreFull`, `StoreFailed`."""

    def look(connection: Connection) -> list[Grant]:
        film_of(connection, archive, asker, film)
        return GrantRows(connection).grants(film)

    return read_noted(archive, asker.person, "shares seen", f"film:{film}", look)


def _check_wrapped(wrapped_key: bytes) -> None:
    header = parse_header(wrapped_key)
    if any(stanza.type != STANZA_TYPE for stanza in header.stanzas):
        raise HeaderInvalid("The wrapped key is sealed to a classic recipient. Seal it to an age1pq1… recipient.")
