"""A restore, into a service that holds nothing yet. What was erased since the backup does not come back.

1. the backup's database is copied and upgraded beside the service's own, and erasures are replayed in it
2. the objects of the films that are left are copied, verified
3. all rows come into the service's database in one commit

So no film that was erased is ever in the restored store, and whenever it is cut short, the next call goes on.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from companion_api.audit.trail import append
from companion_api.database.copying import copy_rows, filled_tables
from companion_api.database.database import Database
from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows
from companion_api.stores.store import AUDIT_HEADS, DIRECTORY, ERASURES
from companion_api.truth.backup_folder import BackupFolder, BackupNote
from companion_api.truth.object_copy import Copier, Run, Uncopied
from companion_api.truth.proof import opened_copy
from companion_api.truth.scrub_rows import ScrubRows
from footage import durable

RESTORING = "restoring"  # in the data folder: a restore has begun and not ended
Bury = Callable[[Archive], int]  # replays erasures in an archive, and returns how many films went


class NotEmpty(Exception):
    """There is a service already, or another restore was begun here. The message tells the next step."""


class Restored(NamedTuple):
    """What a restore did: films that were erased since the backup, and what the backup lacks."""

    buried: int
    uncopied: Uncopied


def restore(folder: BackupFolder, note: BackupNote, target: Archive, workplace: Path, bury: Bury, run: Run) -> Restored:
    """Restore a backup. `workplace`: the data folder; it is marked until all is there.

    Raises `NotEmpty`, `BackupRefused`, `BackupFailed`, `Stopped`, `StoreFull`, `StoreFailed`.
    """
    mark = workplace / RESTORING
    _begin(mark, note, target)
    restored = Restored(0, Uncopied())
    with target.database.reading() as connection:
        is_loaded = bool(filled_tables(connection))
    if not is_loaded:
        with _staged(folder, note, workplace) as staged:
            restored = _fill_store(Archive(folder.store, staged), target, bury, run)
            _load(staged, target, note, restored)
    durable.remove_file(mark)
    return restored


def _begin(mark: Path, note: BackupNote, target: Archive) -> None:
    begun = mark.read_text("ascii") if mark.exists() else None
    if begun == note.database_sha256:
        return
    if begun is not None:
        raise NotEmpty(
            "A restore of another backup was begun here. Go on with that one; or empty the store, the database and "
            f"{mark} by hand."
        )
    with target.database.reading() as connection:
        filled = filled_tables(connection)
    if filled or next(target.store.list(""), None) is not None:
        raise NotEmpty(
            f"There is a service already: {', '.join(filled) or 'the store'} holds something. Restore into an empty "
            "database and an empty store."
        )
    durable.write_file(mark, note.database_sha256.encode("ascii"))


@contextmanager
def _staged(folder: BackupFolder, note: BackupNote, workplace: Path) -> Iterator[Database]:
    """Give a copy of the backup's database, which goes in the end."""
    file = workplace / "restoring.sqlite3"
    try:
        folder.copy_database(note, file)
        with closing(opened_copy(file)) as database:
            yield database
    finally:
        for leftover in workplace.glob(f"{file.name}*"):
            leftover.unlink()


def _fill_store(source: Archive, target: Archive, bury: Bury, run: Run) -> Restored:
    directory = source.store.get(DIRECTORY)
    if directory is not None:
        target.store.put(DIRECTORY, directory)  # versions must not go down
    with closing(Copier(source, target.store, run)) as copier:
        copier.others(ERASURES)
        copier.others(AUDIT_HEADS)
        buried = bury(Archive(target.store, source.database, target.clock))
        uncopied, _ = copier.films(source.database)
    return Restored(buried, uncopied)


def _load(staged: Database, target: Archive, note: BackupNote, restored: Restored) -> None:
    at = target.timestamp()
    with staged.writing() as connection:
        FaultRows(connection).forget_all()  # they were those of the store that is lost
        ScrubRows(connection).forget_all()
        append(
            connection,
            at,
            "operator",
            "restored",
            "store",
            backup=note.at,
            database=note.database_sha256,
            buried=restored.buried,
            lacking=restored.uncopied.count,
        )
    with staged.reading() as source, target.database.writing() as connection:
        filled = filled_tables(connection)
        if filled:
            raise NotEmpty(f"Somebody has begun to use the database meanwhile ({', '.join(filled)}). Empty it.")
        copy_rows(source, connection)
