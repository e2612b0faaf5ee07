"""Who holds a kit: what films that are in no case yet are shown by."""

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.library.access_notes import read_noted
from companion_api.library.fitness import check_fit
from companion_api.library.holder_rows import Holder, HolderRows
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import NONE, Tie
from footage.directory import Directory
from footage.errors import KitUnknown


def holders_seen(archive: Archive, asker: Asker, directory: Directory, kit: str) -> list[Holder]:
    """Return who has held a kit, the newest first. Raises `Denied`, `StoreFull`, `StoreFailed`."""

    def look(connection: Connection) -> list[Holder]:
        _check(asker, directory, kit)
        return HolderRows(connection).holders(kit)

    return read_noted(archive, asker.person, "holders seen", f"kit:{kit}", look)


def hand_kit(archive: Archive, asker: Asker, directory: Directory, kit: str, account: str | None) -> None:
    """Enter who holds a kit from now on, None for nobody. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    _check(asker, directory, kit)
    with archive.database.writing() as connection:
        if account is not None:
            check_fit(connection, account, Tie.HOLDER)
        holders = HolderRows(connection).holders(kit)
        if account == (holders[0].account if holders else None):
            return
        HolderRows(connection).hand(kit, account, archive.timestamp())
        append(connection, archive.timestamp(), asker.person.actor, "kit handed", f"kit:{kit}", account=account)


def _check(asker: Asker, directory: Directory, kit: str) -> None:
    try:
        directory.kit(kit)
        asker.check(NONE, f"kit:{kit}")
    except KitUnknown:
        asker.check(None, f"kit:{kit}")
