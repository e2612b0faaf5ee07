"""`companion-api backup`: copy everything into a folder, beside a running service."""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from threading import Event

from rich.filesize import decimal

from companion_api.commands.scrubbing import (
    Scrubbing,
    add_pace,
    backups_named,
    budget_of,
    opened_backup,
    prove,
    signals,
)
from companion_api.films.film_rows import FilmRows
from companion_api.service import Exit, NotStarted, claimed, open_archive, open_receipt_key, read_published
from companion_api.settings import Settings
from companion_api.stores.store_address import folder_of
from companion_api.truth.backup import Source, back_up
from companion_api.truth.backup_folder import BackupFolder, BackupNote, refuse_foreign
from companion_api.truth.object_copy import Run, Stopped, Uncopied
from companion_api.truth.progress import shown

SUMMARY = "copy everything into a folder, beside a running service, and let the copy prove itself"
EPILOG = """examples:
  companion-api backup --to /mnt/backup            again into the same folder: copies only what is new
  companion-api backup --to /mnt/backup --no-prove   and prove it later: companion-api scrub --backup /mnt/backup

Films that were erased since the last backup are erased from the folder. A folder that is no longer used keeps its
erased films: destroy it. The receipt key, the directory's file and the settings are not in it; keep them elsewhere.
Stop it at any time; what was cut short is gone on with by the next call. The folder must be on a Unix file system."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where to, and how."""
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the backup's folder; made if missing")
    add_pace(parser, 0)
    parser.add_argument("--no-prove", action="store_true", help="do not read the whole backup again afterwards")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Back up, and prove. Raises `NotStarted`, `StoreFull`, `StoreFailed`; exits by `Exit` if all is not well."""
    refuse_within(settings, given.to)
    with backups_named(), signals() as stopped:
        refuse_foreign(given.to)
        folder = BackupFolder(given.to)
        with claimed(given.to):
            end = _back_up(settings, folder, given.mib_per_second, stopped)
            if end is not Exit.UNFINISHED and not given.no_prove:
                how = Scrubbing("proof", given.mib_per_second, stopped)
                proof = prove(settings, *opened_backup(settings, given.to), how)
                end = end if proof is Exit.STOPPED else proof
    if end is not Exit.STOPPED:
        sys.exit(end)


def _back_up(settings: Settings, folder: BackupFolder, mib_per_second: float, stopped: Event) -> Exit:
    folder.note(read_published(settings), settings.root)  # refuses another agency's
    if folder.is_unfinished:
        print("going on with a backup that was cut short", file=sys.stderr)
    archive = open_archive(settings)
    with closing(archive.database):
        source = Source(archive, open_receipt_key(settings), settings.root)
        with archive.database.reading() as connection:
            _, total = FilmRows(connection).held_after()
        with shown("backup", total) as advance:
            run = Run(advance, budget_of(mib_per_second, stopped).spend, stopped.is_set)
            try:
                note, uncopied = back_up(source, folder, run)
            except Stopped:
                return Exit.UNFINISHED
    return _tell(note, uncopied)


def refuse_within(settings: Settings, folder: Path) -> None:
    """Make sure that a backup does not stand in what it is a backup of. Raises `NotStarted`."""
    for own in (settings.data, folder_of(settings.store)):
        if own is not None and folder.resolve().is_relative_to(own.resolve()):
            message = f"{folder} is within {own}, which is what is backed up. Name a folder on another disk."
            raise NotStarted(Exit.DESTINATION_UNUSABLE, message)


def _tell(note: BackupNote, uncopied: Uncopied) -> Exit:
    print(f"backup of {note.at}: {note.films} films, {note.parts} parts, {decimal(note.bytes)}")
    if not uncopied.count:
        return Exit.STOPPED
    print(f"{uncopied.count} objects could not be copied; run `companion-api scrub`:", file=sys.stderr)
    for line in uncopied.first:
        print(f"  {line}", file=sys.stderr)
    return Exit.FAULTS_FOUND
