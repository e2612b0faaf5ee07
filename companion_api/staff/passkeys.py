"""Passkeys: registered with an invitation or by somebody who has just signed in; signed in with; removed."""

import logging
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from companion_api import problems as p
from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.problems import Refusal
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.ceremonies import spend
from companion_api.staff.invitation_rows import Invitations
from companion_api.staff.link_rows import LinkRows
from companion_api.staff.origin import Origin
from companion_api.staff.passkey_rows import Passkey, PasskeyRows
from companion_api.staff.sign_in import active_account, begin_session
from companion_api.staff.staff_sessions import Found, StaffSessions
from companion_api.staff.webauthn_checks import check_new, check_use, creation_options, request_options
from companion_api.tokens import new_token, token_sha256
from footage.messages import Message, timestamp

_log = logging.getLogger(__name__)
FRESH = timedelta(minutes=10)  # so that whoever finds an open laptop can't make a key for themselves


class Registering(Message, frozen=True):
    """A passkey is being registered for an account; `invitation` is the SHA-256 of the token, or empty."""

    challenge: str
    account: str
    invitation: str = ""


class SigningIn(Message, frozen=True):
    """Somebody is being asked for any passkey of theirs."""

    challenge: str


class Asked(NamedTuple):
    """What a browser is asked for, and the ceremony that begins by it."""

    options: dict[str, Any]
    ceremony: Message


def ask_invited(archive: Archive, origin: Origin, invitation: str) -> Asked:
    """Ask an invited person's browser for a new passkey. Raises `Refusal`, `StoreFailed`."""
    sha256 = token_sha256(invitation)
    with archive.database.reading() as connection:
        invited = Invitations(connection, archive.clock()).invited(sha256)
        return _asked_for_new(connection, origin, invited, sha256)


def ask_signed_in(archive: Archive, origin: Origin, found: Found) -> Asked:
    """Ask for another passkey of somebody who has just signed in. Raises `Refusal`, `StoreFailed`."""
    if found.session.created_at < timestamp(archive.clock() - FRESH):
        minutes = FRESH.total_seconds() / 60
        raise Refusal(p.SIGN_IN_NOT_FRESH, f"Sign in again, and begin within {minutes:.0f} minutes.")
    with archive.database.reading() as connection:
        return _asked_for_new(connection, origin, found.person.account)


def ask_anybody(origin: Origin) -> Asked:
    """Ask for any passkey of ours."""
    challenge = new_token()
    return Asked(request_options(origin, challenge), SigningIn(challenge))


def register_invited(
    archive: Archive, origin: Origin, ceremony: Registering, name: str, answer: dict[str, Any], instead_of: str
) -> str:
    """Register an invited person's passkey and sign them in: return the session's token. Raises `Refusal`, …."""
    passkey = _new_passkey(archive, origin, ceremony, name, answer)
    with archive.database.writing() as connection:
        active_account(connection, ceremony.account)
        if Invitations(connection, archive.clock()).use(ceremony.invitation) != ceremony.account:
            raise Refusal(p.CEREMONY_OVER, "Open the newest invitation.")
        _register(archive, connection, ceremony, passkey)
        return begin_session(archive, connection, ceremony.account, "passkey", instead_of)


def register_another(
    archive: Archive, origin: Origin, ceremony: Registering, name: str, answer: dict[str, Any], found: Found
) -> None:
    """Register another passkey of somebody who is signed in. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    if ceremony.invitation or ceremony.account != found.person.account:
        raise Refusal(p.CEREMONY_OVER, "Somebody else has signed in meanwhile. Begin again.")
    passkey = _new_passkey(archive, origin, ceremony, name, answer)
    with archive.database.writing() as connection:
        active_account(connection, ceremony.account)
        sessions = StaffSessions(connection, archive.clock())
        if found.session.session not in {own.session for own in sessions.of(ceremony.account)}:
            raise Refusal(p.SIGN_IN_NEEDED, "The session has just been ended. Sign in again.")
        _register(archive, connection, ceremony, passkey)


def sign_in(archive: Archive, origin: Origin, ceremony: SigningIn, answer: dict[str, Any], instead_of: str) -> str:
    """Sign in with a passkey: return the session's token. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.reading() as connection:
        passkey = PasskeyRows(connection).passkey(answer["id"])
    if passkey is None:  # anybody may send one, so this is for the log and not for the trail
        raise Refusal(
            p.PASSKEY_UNKNOWN, "It was removed, or is of another service. Use another, or ask IT to invite you."
        )
    try:
        sign_count = check_use(answer, origin, ceremony.challenge, passkey)
    except Refusal:
        with archive.database.writing() as connection:
            append(
                connection,
                archive.timestamp(),
                "service",
                "sign-in refused",
                f"account:{passkey.account}",
                passkey=passkey.credential,
            )
        raise
    with archive.database.writing() as connection:
        active_account(connection, passkey.account)
        spend(connection, archive.clock(), ceremony.challenge)
        if not PasskeyRows(connection).note_use(passkey, sign_count, archive.timestamp()):
            raise Refusal(p.PASSKEY_REFUSED, "It was used or removed in this moment. Begin again.")
        return begin_session(archive, connection, passkey.account, "passkey", instead_of)


def own_passkeys(archive: Archive, account: str) -> list[Passkey]:
    """Return somebody's passkeys, the oldest first."""
    with archive.database.reading() as connection:
        return PasskeyRows(connection).of(account)


def remove_passkey(archive: Archive, account: str, credential: str) -> None:
    """Remove one of somebody's own passkeys. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        active_account(connection, account)
        rows = PasskeyRows(connection)
        if not rows.remove(account, credential):
            raise Refusal(p.PASSKEY_UNKNOWN, "It was removed already. Read the list of passkeys again.")
        if not rows.of(account) and account not in LinkRows(connection).linked():
            raise Refusal(
                p.LAST_PASSKEY, "Register another one first. If this one is lost, ask IT to invite you again."
            )
        append(
            connection,
            archive.timestamp(),
            f"staff:{account}",
            "passkey removed",
            f"account:{account}",
            passkey=credential,
        )


def _asked_for_new(connection: Connection, origin: Origin, account: str, invitation: str = "") -> Asked:
    row = AccountRows(connection).account(account)
    assert row is not None
    challenge = new_token()
    options = creation_options(origin, row, PasskeyRows(connection).of(account), challenge)
    return Asked(options, Registering(challenge, account, invitation))


def _new_passkey(archive: Archive, origin: Origin, ceremony: Registering, name: str, answer: dict[str, Any]) -> Passkey:
    new = check_new(answer, origin, ceremony.challenge)
    return Passkey(new.credential, ceremony.account, name, new.public_key, new.sign_count, archive.timestamp(), None)


def _register(archive: Archive, connection: Connection, ceremony: Registering, passkey: Passkey) -> None:
    spend(connection, archive.clock(), ceremony.challenge)
    if not PasskeyRows(connection).add(passkey):
        raise Refusal(p.PASSKEY_KNOWN, "Use another passkey, or sign in with this one.")
    append(
        connection,
        archive.timestamp(),
        f"staff:{passkey.account}",
        "passkey added",
        f"account:{passkey.account}",
        passkey=passkey.credential,
    )
