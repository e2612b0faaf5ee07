"""Opening a service from its settings: every reason not to start has a name, an exit code and a next step."""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI

from companion_api.app import create_app
from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.films.archive import Archive, utc_now
from companion_api.films.erasure import Eraser
from companion_api.films.upkeep import mend as mend_erasures
from companion_api.published_directory import PublishedDirectory
from companion_api.settings import Settings
from companion_api.staff.provider import Provider
from companion_api.stores.store import Store, StoreFailed, StoreFull, StoreUnfit
from companion_api.stores.store_address import open_store
from companion_api.truth.restore import RESTORING
from companion_api.workers import BACKLOG, retransmit_soon
from footage import durable
from footage.directory import Directory, read_directory
from footage.errors import FootageError
from footage.keys import key_from_pem, thumbprint

T = TypeVar("T")


class Exit(IntEnum):
    """How `companion-api` ends. 2 is argparse's: the settings can't be used."""

    STOPPED = 0  # done, and all is well; `serve`: SIGTERM or Ctrl-C
    FAULTS_FOUND = 3  # a scrub found faults; its report names them
    TRAIL_BROKEN = 4  # the audit trail is not as it was written
    UNFINISHED = 5  # stopped by a signal before the end; call again to go on
    DATA_UNUSABLE = 10  # the data folder can't be made, written, or read
    DATA_IN_USE = 11  # another companion-api runs on the same data folder
    KEY_UNREADABLE = 12  # the file of the receipt key, or of the OpenID provider's client secret
    DIRECTORY_UNREADABLE = 13  # the directory's file
    DIRECTORY_REFUSED = 14  # forged, malformed, or older than the one served before
    RECEIPT_KEY_UNLISTED = 15  # kits would not believe the receipts
    ADDRESS_UNUSABLE = 16  # the port is in use, or the address not of this machine
    STORE_UNFIT = 17  # the store's address is none, or its bucket overwrites objects or keeps versions
    REFUSED = 18  # what the command was asked for can't be; it names the problem
    DESTINATION_UNUSABLE = 20  # what a command writes to can't be written, is full, or is of something else
    BACKUP_REFUSED = 21  # there is no finished backup, or it is damaged, forged, or of a newer version
    NOT_EMPTY = 22  # a restore would mix two services
    JOURNAL_MISSING = 23  # without it a restore could bring erased films back
    RESTORE_UNFINISHED = 24  # a restore was begun here and has not come to its end
    ERASURE_UNFINISHED = 30  # some film could not be erased now; the next upkeep tries again
    CERTIFICATE_UNPROVEN = 31  # an erasure certificate proves nothing; its film was not touched
    CLOCK_DOUBTFUL = 32  # the clock has gone far since the last upkeep, so nothing that is due was erased
    FILMS_HELD = 33  # a legal hold keeps some of the films
    NOT_CONFIRMED = 34  # nothing was done: call again with --yes


class NotStarted(Exception):
    """The service can't start; the message says why and what to do next."""

    def __init__(self, exit_code: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextmanager
def claimed(data: Path, what: str = "in-use") -> Iterator[None]:
    """Hold the data folder for this process alone, made if missing. Raises `NotStarted`.

    `what`: for which use; those of different uses may run beside each other.
    """
    try:
        durable.make_folder(data)
        lock = os.open(data / what, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as reason:
        message = (
            f"The data folder {data} can't be used ({reason.strerror}). Let this user write there, or name another."
        )
        raise NotStarted(Exit.DATA_UNUSABLE, message) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        message = f"Another companion-api uses {data}. Stop it first, or name another folder."
        raise NotStarted(Exit.DATA_IN_USE, message) from None
    finally:
        os.close(lock)


def open_service(settings: Settings) -> FastAPI:
    """Open all that serving needs. Raises `NotStarted`."""
    eraser = open_eraser(settings)
    return create_app(
        eraser=eraser,
        origin=settings.origin,
        provider=_provider(settings),
        session_secret=session_secret(eraser.receipt_key),
    )


def open_eraser(settings: Settings) -> Eraser:
    """Open store, database, key, directory and the journal of erasures. Raises `NotStarted`."""
    return eraser_of(settings, open_archive(settings))


def eraser_of(settings: Settings, archive: Archive) -> Eraser:
    """Return what erases in an archive, with the directory, the key and the journal of the settings.

    Raises `NotStarted`.
    """
    receipt_key = open_receipt_key(settings)
    directory = open_directory(settings, archive.store)
    if directory.published.directory.receipt_key(thumbprint(receipt_key.public_key())) is None:
        raise NotStarted(
            Exit.RECEIPT_KEY_UNLISTED,
            f"The directory does not list the receipt key {settings.receipt_key}, so kits would not believe receipts. "
            "Sign a directory that lists it, or use the key that it lists.",
        )
    journal = _kept(lambda: open_store(settings.erasures))
    scheme = urlsplit(settings.store).scheme
    store_kind = "disk" if scheme in ("", "file") else scheme
    return Eraser(archive, directory, receipt_key, journal, store_kind, settings.backup_days)


def session_secret(receipt_key: EllipticCurvePrivateKey) -> bytes:
    """Return the secret of session nonces: what all workers of a service share, on whatever machine, is this key."""
    number = receipt_key.private_numbers().private_value.to_bytes(32, "big")
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"attune-kit session nonces").derive(number)


def mend(settings: Settings) -> None:
    """Upgrade the database and finish what a crash cut short. Only before anybody serves. Raises `NotStarted`."""
    for address in (settings.store, settings.erasures):
        _kept(_kept(partial(open_store, address)).prepare)
    eraser = open_eraser(settings)
    _kept(lambda: mend_erasures(eraser))
    eraser.archive.database.close()


def open_archive(settings: Settings, *, restoring: bool = False) -> Archive:
    """Open store and database, upgraded to this version. Raises `NotStarted`.

    Only a restore opens what a restore has begun to fill.
    """
    if not restoring and (settings.data / RESTORING).exists():
        message = f"A restore into {settings.data} was cut short. Call `companion-api restore` again: it goes on."
        raise NotStarted(Exit.RESTORE_UNFINISHED, message)

    def opened() -> Archive:
        store, database = open_store(settings.store), Database(settings.database)
        migrate(database)
        return Archive(store, database)

    return _kept(opened)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that accepts connections from now on. Raises `NotStarted`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return retransmit_soon(socket.create_server((host, port), family=family, backlog=BACKLOG))
    except OSError as reason:
        why = str(reason.strerror).partition(" (")[0]  # Python adds the address to it
        message = f"{host} port {port} can't be listened on ({why}). Stop what uses it, or choose another --port."
        raise NotStarted(Exit.ADDRESS_UNUSABLE, message) from None


def open_receipt_key(settings: Settings) -> EllipticCurvePrivateKey:
    """Return the key that signs receipts. Raises `NotStarted`."""
    try:
        return key_from_pem(settings.receipt_key.read_bytes())
    except OSError as reason:
        why = reason.strerror
    except FootageError as refusal:
        why = str(refusal)
    raise NotStarted(
        Exit.KEY_UNREADABLE,
        f"The receipt key {settings.receipt_key} can't be read ({why}). Name the file that `kit init` made.",
    )


def _provider(settings: Settings) -> Provider | None:
    if settings.provider is None:
        return None
    try:
        secret = settings.provider.client_secret.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as reason:
        message = f"The OpenID client secret {settings.provider.client_secret} can't be read ({reason}). Name its file."
        raise NotStarted(Exit.KEY_UNREADABLE, message) from None
    return Provider(settings.provider, secret, settings.origin, utc_now)


def open_directory(settings: Settings, store: Store) -> PublishedDirectory:
    """Open the directory that is in force. Raises `NotStarted`."""
    return _refusals_named(settings, lambda: PublishedDirectory(settings.directory, settings.root, store))


def read_published(settings: Settings) -> Directory:
    """Return the published directory, verified by the root. Raises `NotStarted`."""
    return _refusals_named(
        settings, lambda: read_directory(settings.directory.read_text("utf-8").strip(), settings.root)
    )


def _refusals_named(settings: Settings, read: Callable[[], T]) -> T:
    try:
        return _kept(read)
    except OSError as reason:
        message = (
            f"The directory {settings.directory} can't be read ({reason.strerror}). Name the file that `kit` signed."
        )
        raise NotStarted(Exit.DIRECTORY_UNREADABLE, message) from None
    except (FootageError, UnicodeDecodeError) as refusal:
        message = f"The directory {settings.directory} is refused. {refusal}"
        raise NotStarted(Exit.DIRECTORY_REFUSED, message) from None


def _kept(do: Callable[[], T]) -> T:
    try:
        return do()
    except StoreUnfit as reason:
        raise NotStarted(Exit.STORE_UNFIT, str(reason)) from None
    except (StoreFull, StoreFailed) as reason:
        raise NotStarted(Exit.DATA_UNUSABLE, str(reason)) from None
