"""For whom something can be done: an account that is active, and whose roles could make use of it."""

from sqlalchemy import Connection

from companion_api.problems import ACCOUNT_UNFIT, Refusal
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.authorisation import Resource, Tie, Verb, needed


def check_fit(connection: Connection, account: str, tie: Tie) -> None:
    """Raise `Refusal` unless this tie to a film would let the account open it."""
    row = AccountRows(connection).account(account)
    if row is None or not row.active or tie not in needed(row.roles, Resource.FILM, Verb.OPEN):
        raise Refusal(ACCOUNT_UNFIT, f"Name an active account whose roles let a {tie} open films.")
