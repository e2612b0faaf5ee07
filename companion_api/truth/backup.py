"""A backup beside a running service: first all that is there, however long it takes, then one moment and what it lacks.

Objects never change, so each is copied once, and verified while it is copied. The database is copied last, as one
moment saw it; every object that it tells of was durable before, so what the first round did not copy is copied then.
What was erased meanwhile is looked for anew; and what was erased since the backup before is erased from the folder.
"""

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from companion_api.audit.trail import Entry, append, head
from companion_api.database.copying import copy_rows
from companion_api.database.database import Database
from companion_api.database.migration import migrate, revision
from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.signatures import key_name, sign_message
from companion_api.stores.store import AUDIT_HEADS, DIRECTORY, ERASURES
from companion_api.truth.backup_folder import BackupFolder, BackupNote, named_failures, sqlite_file
from companion_api.truth.object_copy import Copier, Run, Uncopied
from footage.jws import MessageType

_ROUNDS = 5  # whoever erases films all the time may need more than one


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up, and the key that signs the note. `root`: the agency's thumbprint."""

    archive: Archive
    receipt_key: EllipticCurvePrivateKey
    root: str


def back_up(source: Source, folder: BackupFolder, run: Run) -> tuple[BackupNote, Uncopied]:
    """Bring a folder up to date. Raises `BackupFailed`, `Stopped`, `StoreFull`, `StoreFailed`."""
    archive = source.archive
    written = folder.begin(archive.timestamp())
    with closing(Copier(archive, folder.store, run)) as copier:
        copier.films(archive.database)
        copier.others(AUDIT_HEADS)  # before the moment: a head tells of entries that the database must have then
        for _ in range(_ROUNDS):
            at = archive.timestamp()
            with closing(_snapshot(archive, written)) as snapshot:
                uncopied, erased_meanwhile = copier.films(snapshot)
                contents = _contents(snapshot, at)
            if not erased_meanwhile:
                break
        copier.others(ERASURES)
    directory = archive.store.get(DIRECTORY)
    if directory is not None:
        folder.store.replace(DIRECTORY, directory)
    note = folder.finish(written, partial(_signed, source, contents))
    _tell(archive, note, uncopied)
    return note, uncopied


class _Contents(NamedTuple):
    """What is in a database: its form, films that are not gone, their parts and bytes, and the trail's head."""

    at: str
    form: str
    films: int
    parts: int
    bytes: int
    audit: Entry | None


def _contents(database: Database, at: str) -> _Contents:
    with database.reading() as connection:
        rows = FilmRows(connection)
        films = sum(count for state, count in rows.counted().items() if not state.gone)
        parts, size = rows.held_after()
        return _Contents(at, revision(connection) or "", films, parts, size, head(connection))


def _snapshot(archive: Archive, file: Path) -> Database:
    """Return a new database with all rows as one moment sees them."""
    with named_failures(file.parent):
        for leftover in file.parent.glob(f"{file.name}*"):
            leftover.unlink()
        snapshot = Database(sqlite_file(file))
        try:
            migrate(snapshot)
            with archive.database.reading() as now, snapshot.writing() as copied:
                copy_rows(now, copied)
        except BaseException:
            snapshot.close()
            raise
    return snapshot


def _signed(source: Source, contents: _Contents, sha256: str) -> tuple[BackupNote, bytes]:
    newest = contents.audit
    note = BackupNote(
        receipt_key=key_name(source.receipt_key),
        format=1,
        root=source.root,
        at=contents.at,
        form=contents.form,
        database=f"database-{contents.at.replace(':', '')}-{sha256[:8]}.sqlite3",
        database_sha256=sha256,
        films=contents.films,
        parts=contents.parts,
        bytes=contents.bytes,
        audit_number=None if newest is None else newest.number,
        audit_hash=None if newest is None else newest.hash,
    )
    return note, sign_message(MessageType.BACKUP, note, source.receipt_key)


def _tell(archive: Archive, note: BackupNote, uncopied: Uncopied) -> None:
    """Enter the backup into the service's own trail."""
    with archive.database.writing() as connection:
        append(
            connection,
            archive.timestamp(),
            "operator",
            "backed up",
            "store",
            database=note.database_sha256,
            films=note.films,
            bytes=note.bytes,
            uncopied=uncopied.count,
        )
