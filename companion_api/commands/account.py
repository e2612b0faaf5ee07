"""`companion-api account`: accounts of staff from the server's shell. The first of IT is made here."""

import argparse

import msgspec

from companion_api.commands.columns import columns
from companion_api.films.archive import Archive
from companion_api.service import open_archive
from companion_api.settings import Settings
from companion_api.staff import accounts
from companion_api.staff.account_rows import NAME_LENGTH
from companion_api.staff.invitation_rows import GOOD_FOR
from companion_api.staff.names import one_line
from companion_api.staff.person import Role

SUMMARY = "accounts of staff: add, list, roles, invite, deactivate"
EPILOG = f"""add         add an account and print its invitation
list        tell who has which roles, and by what each can sign in
roles       give an account these roles and no others
invite      invite again somebody who lost their passkey: the old ones end, and all sessions
deactivate  somebody has left: their account and their sessions end at once and for good

roles: {", ".join(repr(role.value) for role in Role)}

examples:
  companion-api account add --name "A. Jones" --role practitioner --role supervisor
  companion-api account invite --account 0d2f7b1c-…

An invitation is a link, good once and for {GOOD_FOR.days} days. Give it to the person by a way that nobody else reads.
It may run beside the service."""
_NEEDED = {
    "add": ("name", "role"),
    "roles": ("account", "role"),
    "invite": ("account",),
    "deactivate": ("account",),
}
_OPERATOR = "operator"
_HEAD = ("ACCOUNT", "NAME", "ROLES", "SINCE", "PASSKEYS", "PROVIDER", "INVITED UNTIL", "DEACTIVATED")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do, and to whom."""
    parser.add_argument("action", choices=("add", "list", "roles", "invite", "deactivate"), help="what to do")
    parser.add_argument("--account", metavar="ID", help="roles, invite, deactivate: the first column of the list")
    parser.add_argument("--name", type=_name, help="add: as colleagues call them")
    parser.add_argument(
        "--role", type=Role, action="append", metavar="ROLE", help="add, roles: one of those below; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="list: one JSON array, for programs")
    parser.set_defaults(refuse=parser.error)


def run(settings: Settings, given: argparse.Namespace) -> None:
    """As its help says. Raises `NotStarted`, `Refusal`, `StoreFull`, `StoreFailed`."""
    for option in _NEEDED.get(given.action, ()):
        if getattr(given, option) is None:
            given.refuse(f"{given.action} needs --{option}")
    archive = open_archive(settings)
    match given.action:
        case "add":
            _tell(settings, accounts.add_account(archive, _OPERATOR, given.name, given.role))
        case "list":
            print(_listed(archive, given.json))
        case "roles":
            accounts.set_roles(archive, _OPERATOR, given.account, given.role)
        case "invite":
            _tell(settings, accounts.invite(archive, _OPERATOR, given.account))
        case "deactivate":
            accounts.deactivate(archive, _OPERATOR, given.account)


def _tell(settings: Settings, invited: accounts.Invited) -> None:
    print(f"account: {invited.account}")
    print(f"invitation: {invited.link(settings.origin)}")


def _listed(archive: Archive, as_json: bool) -> str:
    listed = accounts.list_accounts(archive)
    if as_json:
        return msgspec.json.format(msgspec.json.encode([one._asdict() for one in listed]), indent=2).decode()
    return columns(
        _HEAD,
        (
            (
                *(one.account, one.name, ", ".join(one.roles), one.created_at),
                *(str(one.passkeys), "linked" if one.linked else None, one.invited_until, one.deactivated_at),
            )
            for one in listed
        ),
    )


def _name(given: str) -> str:
    try:
        return one_line(given, NAME_LENGTH)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(str(reason)) from None
