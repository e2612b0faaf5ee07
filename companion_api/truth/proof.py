"""A backup proves itself: a scrub of its store against a copy of its database. The backup is not changed by looking.

What is found damaged in the backup is set aside, so that the next backup copies it anew.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from companion_api.database.database import Database
from companion_api.database.migration import DatabaseNewer, migrate
from companion_api.films.archive import Archive
from companion_api.films.damage import set_aside
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import FaultKind
from companion_api.truth.backup_folder import BackupFolder, BackupNote, BackupRefused, sqlite_file
from companion_api.truth.scrub_rows import ScrubRows

_DAMAGED = {FaultKind.PART_DAMAGED, FaultKind.KEY_DAMAGED, FaultKind.MANIFEST_DAMAGED, FaultKind.RECEIPT_FORGED}


@contextmanager
def proving(folder: BackupFolder, note: BackupNote, workplace: Path) -> Iterator[Archive]:
    """Give the backup as an archive to scrub. Its database is a copy in `workplace`, kept until `proved` is called.

    Raises `BackupRefused`, `BackupFailed`.
    """
    file = _file(note, workplace)
    if not file.exists():
        for older in workplace.glob("proving-*"):
            older.unlink()
        copy = file.with_suffix(".new")
        folder.copy_database(note, copy)
        with closing(opened_copy(copy)) as database, database.writing() as connection:
            FaultRows(connection).forget_all()
            ScrubRows(connection).forget_all()
        copy.replace(file)
    with closing(Database(sqlite_file(file))) as database:
        yield Archive(folder.store, database)


def proved(note: BackupNote, workplace: Path) -> None:
    """Remove the copy: the scrub has come to its end."""
    _file(note, workplace).unlink(missing_ok=True)


def copy_anew(backup: Archive) -> int:
    """Set aside what the scrub found damaged, and return how many objects the next backup will copy anew."""
    with backup.database.reading() as connection:
        damaged = [each.fault for each in FaultRows(connection).standing() if each.fault.kind in _DAMAGED]
    return sum(set_aside(backup, fault.film, fault.object) for fault in damaged)


def opened_copy(file: Path) -> Database:
    """Open a copy of a backup's database, upgraded to this version. Raises `BackupRefused`."""
    database = Database(sqlite_file(file))
    try:
        migrate(database)
    except DatabaseNewer as reason:
        database.close()
        raise BackupRefused(f"The backup is of a newer version. {reason}") from None
    return database


def _file(note: BackupNote, workplace: Path) -> Path:
    return workplace / f"proving-{note.database_sha256[:16]}.sqlite3"
