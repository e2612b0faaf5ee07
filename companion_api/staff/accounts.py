"""Accounts: who is added, invited, given roles and deactivated. IT decides, by a page or at the server's shell.

Nobody changes their own account: so IT can't give itself another role, and whoever deactivates accounts is one that
remains. Who runs the server can do everything at its shell.
"""

import uuid
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.problems import ACCOUNT_DEACTIVATED, ACCOUNT_UNKNOWN, OWN_ACCOUNT, Refusal
from companion_api.staff.account_rows import Account, AccountRows
from companion_api.staff.invitation_rows import Invitations
from companion_api.staff.link_rows import LinkRows
from companion_api.staff.origin import Origin
from companion_api.staff.passkey_rows import PasskeyRows
from companion_api.staff.person import Role
from companion_api.staff.staff_sessions import StaffSessions


class Invited(NamedTuple):
    """An account, and the token of its invitation, which is told once."""

    account: str
    token: str

    def link(self, origin: Origin) -> str:
        """Return what to give to the person. What follows the # is in no log: browsers keep it to themselves."""
        return f"{origin.text}/invitation#{self.token}"


class Listed(NamedTuple):
    """An account, by what it can sign in, and until when it is invited. Times are RFC 3339."""

    account: str
    name: str
    roles: list[Role]
    created_at: str
    deactivated_at: str | None
    passkeys: int
    linked: bool
    invited_until: str | None


def list_accounts(archive: Archive) -> list[Listed]:
    """Return all accounts, the oldest first."""
    with archive.database.reading() as connection:
        passkeys = PasskeyRows(connection).counted()
        linked = LinkRows(connection).linked()
        invited = Invitations(connection, archive.clock()).pending()
        return [
            Listed(
                *(row.account, row.name, sorted(row.roles), row.created_at, row.deactivated_at),
                *(passkeys.get(row.account, 0), row.account in linked, invited.get(row.account)),
            )
            for row in AccountRows(connection).accounts()
        ]


def add_account(archive: Archive, actor: str, name: str, roles: Collection[Role]) -> Invited:
    """Add an account and invite to it. Raises `StoreFull`, `StoreFailed`."""
    account = str(uuid.uuid4())
    with archive.database.writing() as connection:
        AccountRows(connection).add(account, name, roles, archive.timestamp())
        token = Invitations(connection, archive.clock()).issue(account)
        append(
            connection,
            archive.timestamp(),
            actor,
            "account added",
            f"account:{account}",
            roles=sorted(roles),
        )
    return Invited(account, token)


def invite(archive: Archive, actor: str, account: str) -> Invited:
    """Invite again: all by which the account signed in was lost, and ends. Raises `Refusal`, `StoreFull`, …."""
    with archive.database.writing() as connection:
        _to_change(connection, actor, account)
        _end_sign_in(archive, connection, account)
        token = Invitations(connection, archive.clock()).issue(account)
        append(connection, archive.timestamp(), actor, "invited", f"account:{account}")
    return Invited(account, token)


def set_roles(archive: Archive, actor: str, account: str, roles: Collection[Role]) -> None:
    """Give an account these roles and no others. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        before = _to_change(connection, actor, account).roles
        AccountRows(connection).set_roles(account, roles)
        append(
            connection,
            archive.timestamp(),
            actor,
            "roles changed",
            f"account:{account}",
            before=sorted(before),
            roles=sorted(roles),
        )


def deactivate(archive: Archive, actor: str, account: str) -> None:
    """End an account and its sessions, at once and for good. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        _to_change(connection, actor, account)
        _end_sign_in(archive, connection, account)
        AccountRows(connection).deactivate(account, archive.timestamp())
        append(connection, archive.timestamp(), actor, "deactivated", f"account:{account}")


def _to_change(connection: Connection, actor: str, account: str) -> Account:
    row = AccountRows(connection).account_to_change(account)
    if row is None:
        raise Refusal(ACCOUNT_UNKNOWN, "Read the list of accounts again.")
    if actor == f"staff:{account}":
        raise Refusal(OWN_ACCOUNT, "Ask somebody else of IT.")
    if not row.active:
        raise Refusal(ACCOUNT_DEACTIVATED, "Add a new account for this person.")
    return row


def _end_sign_in(archive: Archive, connection: Connection, account: str) -> None:
    PasskeyRows(connection).remove_all(account)
    LinkRows(connection).unlink(account)
    Invitations(connection, archive.clock()).withdraw(account)
    StaffSessions(connection, archive.clock()).end_all(account)
