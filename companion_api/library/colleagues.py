"""Who else works here: names for the accounts that cases, shares and the audit trail tell of."""

from sqlalchemy import Connection

from companion_api.films.archive import Archive
from companion_api.library.access_notes import read_noted
from companion_api.staff.account_rows import Account, AccountRows
from companion_api.staff.asking import Asker


def colleagues_seen(archive: Archive, asker: Asker) -> list[Account]:
    """Return all accounts, also of those who have left. Raises `StoreFull`, `StoreFailed`."""

    def look(connection: Connection) -> list[Account]:
        return AccountRows(connection).accounts()

    return read_noted(archive, asker.person, "colleagues listed", f"account:{asker.person.account}", look)
