"""A scrub as commands run it, of the service's store or of a backup: with a pace, progress, a signal, and a report."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.service import Exit, NotStarted, read_published
from companion_api.settings import Settings
from companion_api.truth.backup_folder import BackupFailed, BackupFolder, BackupNote, BackupRefused
from companion_api.truth.progress import shown
from companion_api.truth.proof import copy_anew, proved, proving
from companion_api.truth.read_budget import ReadBudget
from companion_api.truth.report import Scope, grave_faults, tell, write_json
from companion_api.truth.scrub import Manner, scrub_all, scrub_film
from companion_api.truth.scrub_rows import ScrubRows

MIB = 1024 * 1024
FILE_WIDTH = 200  # of a report that goes to no terminal


@dataclass(frozen=True, slots=True)
class Scrubbing:
    """How a command scrubs. `settle`: seconds until what looks wrong is looked at again."""

    what: str
    mib_per_second: float
    stopped: threading.Event
    film: str | None = None
    anew: bool = False
    asks_again: bool = False
    settle: float = 0.0
    as_json: bool = False


def add_pace(parser: argparse.ArgumentParser, default: float) -> None:
    """Let a command take a pace."""
    said = f"{default:g}" if default else "as fast as it goes"
    parser.add_argument(
        "--mib-per-second", type=_pace, default=default, metavar="N", help=f"read no faster than this (default: {said})"
    )


@contextmanager
def signals() -> Iterator[threading.Event]:
    """Give an event that is set when SIGTERM or Ctrl-C comes, so that a run can stop at a good place."""
    stopped = threading.Event()
    before = {sign: signal.signal(sign, lambda *_: stopped.set()) for sign in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def budget_of(mib_per_second: float, stopped: threading.Event) -> ReadBudget:
    """Return a budget whose waiting ends when the run is stopped."""
    return ReadBudget(mib_per_second * MIB, sleep=stopped.wait)


def scrubbed(archive: Archive, settings: Settings, how: Scrubbing) -> tuple[Exit, bool]:
    """Scrub and report on stdout; return how it ended, and whether it came to its end."""
    scope = _scrub(archive, settings, how)
    if how.as_json:
        write_json(archive, scope, sys.stdout)
    else:
        tell(archive, scope, Console(width=None if sys.stdout.isatty() else FILE_WIDTH))
    if grave_faults(archive, scope.film):
        return Exit.FAULTS_FOUND, scope.ended_at is not None
    return (Exit.STOPPED, True) if scope.ended_at is not None else (Exit.UNFINISHED, False)


def prove(settings: Settings, folder: BackupFolder, note: BackupNote, how: Scrubbing) -> Exit:
    """Let a backup prove itself. Raises `BackupRefused`, `BackupFailed`."""
    with proving(folder, note, settings.data) as backup:
        end, ended = scrubbed(backup, settings, how)
        copied_anew = copy_anew(backup) if ended else 0
    if ended:
        proved(note, settings.data)
    if copied_anew:
        print(f"{copied_anew} damaged objects of the backup are set aside; back up again to copy them anew")
    return end


@contextmanager
def backups_named() -> Iterator[None]:
    """Turn what a backup's folder refuses into `NotStarted`."""
    try:
        yield
    except BackupRefused as reason:
        raise NotStarted(Exit.BACKUP_REFUSED, str(reason)) from None
    except BackupFailed as reason:
        raise NotStarted(Exit.DESTINATION_UNUSABLE, str(reason)) from None


def opened_backup(settings: Settings, path: Path) -> tuple[BackupFolder, BackupNote]:
    """Open a finished backup. Raises `NotStarted`, `BackupRefused`."""
    if not path.is_dir():
        raise NotStarted(Exit.BACKUP_REFUSED, f"{path} is no folder. Name the one that `companion-api backup` wrote.")
    folder = BackupFolder(path)
    note = folder.note(read_published(settings), settings.root)
    if note is None:
        what = "the backup there was cut short; finish it" if folder.is_unfinished else "there is none"
        raise NotStarted(Exit.BACKUP_REFUSED, f"{path} holds no finished backup: {what}, or name another.")
    return folder, note


def _scrub(archive: Archive, settings: Settings, how: Scrubbing) -> Scope:
    directory = read_published(settings)
    budget = budget_of(how.mib_per_second, how.stopped)
    began_at = archive.timestamp()
    total, done = _bytes(archive, how)
    with shown(how.what, total, done=done) as advance:

        def spent(count: int) -> None:
            advance(count)
            budget.spend(count)

        manner = Manner(spent, how.stopped.is_set, how.asks_again, lambda: how.stopped.wait(how.settle))
        if how.film:
            counts = scrub_film(archive, directory, how.film, manner)
            return Scope(how.film, began_at, archive.timestamp(), counts.films, counts.objects, counts.bytes)
        row = scrub_all(archive, directory, settings.root, manner, anew=how.anew)
    return Scope(None, row.began_at, row.ended_at, row.films, row.objects, row.bytes)


def _bytes(archive: Archive, how: Scrubbing) -> tuple[int, int]:
    """Return how many bytes there are to read, and how many were read before."""
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        if how.film:
            return sum(part.size for part in rows.parts(how.film)), 0
        newest = ScrubRows(connection).newest()
        _, total = rows.held_after()
        if newest is None or newest.ended_at is not None or how.anew:
            return total, 0
        return total, total - rows.held_after(newest.reached)[1]


def _pace(text: str) -> float:
    rate = float(text)
    if not rate >= 0:
        raise ValueError(text)
    return rate
