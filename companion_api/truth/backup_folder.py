"""A backup's folder, and the signed note that says what is in it.

    backup.jws                  the newest finished backup: which database, its SHA-256; signed by the receipt key
    database-<time>.sqlite3     all rows, as one moment saw them; SQLite, whatever the service runs on
    store/                      the objects, under the names that they have in the service's store
    unfinished                  there while a backup is being made, or if one was cut short

`backup.jws` is replaced only when everything that it tells of is durable; so a folder in which a backup was cut short
still holds the one before.
"""

import errno
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

from sqlalchemy import URL

from companion_api.database.database import named_errors
from companion_api.signatures import ServiceMessage, read_message
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import Data, Put, Store, StoreFailed, StoreFull
from footage import durable
from footage.directory import Directory
from footage.errors import FootageError
from footage.jws import MessageType
from footage.messages import Count, Sha256, Thumbprint, Timestamp

NOTE = "backup.jws"
UNFINISHED = "unfinished"
_STORE = "store"
_NOT_OURS = {"lost+found", "in-use"}  # of the disk, and of a backup that did not come to its first step
_CHUNK = 1024 * 1024
_FULL = "The disk of {} is full. Make room and call again: it goes on."


class BackupRefused(Exception):
    """The folder is no backup, or not of this agency, or damaged. The message tells the next step."""


class BackupFailed(StoreFailed):
    """The folder's disk is full or fails. The message tells the next step."""


class BackupNote(ServiceMessage, frozen=True):
    """A finished backup: what of, of which moment, and what its database is. `audit` is the trail's head, if any."""

    format: Literal[1]
    root: Thumbprint
    at: Timestamp
    form: str
    database: str
    database_sha256: Sha256
    films: Count
    parts: Count
    bytes: Count
    audit_number: Count | None
    audit_hash: Sha256 | None


Sign = Callable[[str], tuple[BackupNote, bytes]]  # is given the database's SHA-256


class BackupFolder:
    """A folder that holds a backup, or is to hold one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def store(self) -> Store:
        """The objects; the folder is made if it is not there. Raises `BackupFailed`."""
        with named_failures(self.path):
            return _FolderStore(self.path / _STORE)

    @property
    def is_unfinished(self) -> bool:
        """Whether a backup into this folder was cut short, or is under way."""
        return (self.path / UNFINISHED).exists()

    def note(self, directory: Directory, root: str) -> BackupNote | None:
        """Return what the newest finished backup is; None if there is none yet. Raises `BackupRefused`."""
        try:
            token = (self.path / NOTE).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as reason:
            raise BackupRefused(f"{self.path / NOTE} can't be read ({reason.strerror}). Check its disk.") from None
        try:
            note = read_message(MessageType.BACKUP, BackupNote, token, directory)
        except FootageError as reason:
            raise BackupRefused(f"{self.path / NOTE} proves nothing. {reason}") from None
        if note.root != root:
            raise BackupRefused(f"{self.path} holds the backup of another agency. Name another folder.")
        return note

    def begin(self, at: str) -> Path:
        """Enter that a backup has begun, and return where its database is to be written."""
        with named_failures(self.path):
            durable.make_folder(self.path)
            durable.write_file(self.path / UNFINISHED, at.encode("ascii"))
            _FolderStore(self.path / _STORE).prepare()
            for leftover in self.path.glob("*.new*"):
                leftover.unlink()
        return self.path / "database.new"

    def finish(self, written: Path, sign: Sign) -> BackupNote:
        """Make the database durable under its name, then the note that `sign` makes for its SHA-256."""
        with named_failures(self.path):
            _end_journal(written)
            durable.sync_file(written)
            note, token = sign(_sha256(written))
            written.replace(self.path / note.database)
            durable.sync_folder(self.path)
            durable.write_file(self.path / NOTE, token)
            for older in self.path.glob("database-*.sqlite3"):
                if older.name != note.database:
                    older.unlink()
            durable.remove_file(self.path / UNFINISHED)
        return note

    def copy_database(self, note: BackupNote, to: Path) -> None:
        """Copy the database, verified, so that it can be worked on. Raises `BackupRefused`, `BackupFailed`."""
        file = self.path / note.database
        with named_failures(to.parent):
            try:
                with file.open("rb") as source, to.open("wb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
            except FileNotFoundError:
                raise BackupRefused(f"{file} is missing. Use another backup.") from None
            if _sha256(to) != note.database_sha256:
                to.unlink()
                raise BackupRefused(f"{file} is damaged. Use another backup.")


def refuse_foreign(path: Path) -> None:
    """Make sure that a new backup may begin in a folder, if there is one. Raises `BackupRefused`, `BackupFailed`."""
    with named_failures(path):
        names = {entry.name for entry in path.iterdir()} - _NOT_OURS if path.exists() else set()
    if names and not names & {NOTE, UNFINISHED}:
        raise BackupRefused(f"{path} holds other things than a backup. Name an empty folder.")


class _FolderStore(DiskStore):
    """The folder's store, which says by name that it is the backup's disk that is full or fails."""

    def put(self, key: str, data: Data) -> Put:
        with named_failures(self._root):
            return super().put(key, data)

    def replace(self, key: str, data: Data) -> None:
        with named_failures(self._root):
            super().replace(key, data)

    def get(self, key: str) -> bytes | None:
        with named_failures(self._root):
            return super().get(key)

    def delete(self, keys: Iterable[str]) -> None:
        with named_failures(self._root):
            super().delete(keys)

    def list(self, prefix: str) -> Iterator[str]:
        with named_failures(self._root):
            yield from super().list(prefix)


@contextmanager
def named_failures(folder: Path) -> Iterator[None]:
    """Turn what a full or failing disk raises into `BackupFailed`."""
    try:
        with named_errors():
            yield
    except BackupFailed:
        raise
    except StoreFull:
        raise BackupFailed(_FULL.format(folder)) from None
    except StoreFailed as reason:
        raise BackupFailed(f"{folder} can't be used. {reason}") from None
    except OSError as reason:
        if reason.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackupFailed(_FULL.format(folder)) from None
        raise BackupFailed(f"{folder} can't be used ({reason.strerror}). Check its disk and rights.") from None


def sqlite_file(path: Path) -> URL:
    """Return the address of a database file."""
    return URL.create("sqlite", database=str(path))


def _end_journal(file: Path) -> None:
    """Leave a database as one file, without a write-ahead log beside it."""
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
