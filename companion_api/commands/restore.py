"""`companion-api restore`: fill an empty service from a backup."""

import argparse
import sys
from contextlib import closing
from pathlib import Path

from companion_api.audit.heads import HeadRefused
from companion_api.audit.verification import TrailBroken, verify_trail
from companion_api.commands.scrubbing import (
    Scrubbing,
    add_pace,
    backups_named,
    budget_of,
    opened_backup,
    scrubbed,
    signals,
)
from companion_api.films.archive import Archive
from companion_api.films.replay import replay
from companion_api.service import Exit, NotStarted, claimed, eraser_of, open_archive, read_published
from companion_api.settings import Settings
from companion_api.stores.store import ERASURES, StoreUnfit
from companion_api.stores.store_address import folder_of, open_store
from companion_api.truth.backup_folder import BackupFolder
from companion_api.truth.object_copy import Run, Stopped, only_in_first
from companion_api.truth.progress import shown
from companion_api.truth.restore import NotEmpty, restore

SUMMARY = "fill an empty service from a backup; what was erased since then does not come back"
EPILOG = """example:
  companion-api restore --from /mnt/backup --erasures /srv/journal

The journal of erasures must be the live one, which stands apart from the store: a backup does not know what was erased
after it. If the journal is lost as well, say --journal-lost, and find out in another way what has to be erased again.

Database and store may be of another kind than those that were backed up. Kits complete what they still have; what they
have erased since the backup is lost. In the end everything is read again, as by `companion-api scrub`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where from, and how."""
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="DIR", help="the backup's folder")
    parser.add_argument("--journal-lost", action="store_true", help="go on without the live journal of erasures")
    add_pace(parser, 0)
    parser.add_argument("--no-prove", action="store_true", help="do not read everything again afterwards")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Restore, and prove. Raises `NotStarted`, `StoreFull`, `StoreFailed`; exits by `Exit` if all is not well."""
    with backups_named(), claimed(settings.data), signals() as stopped:
        folder, note = opened_backup(settings, given.source)
        if not given.journal_lost:
            refuse_without_journal(settings, folder)
        target = open_archive(settings, restoring=True)
        with closing(target.database):
            with shown("restore", note.bytes) as advance:
                how = Run(advance, budget_of(given.mib_per_second, stopped).spend, stopped.is_set)
                try:
                    target.store.prepare()
                    done = restore(folder, note, target, settings.data, lambda archive: bury(settings, archive), how)
                except StoreUnfit as reason:
                    raise NotStarted(Exit.STORE_UNFIT, str(reason)) from None
                except NotEmpty as reason:
                    raise NotStarted(Exit.NOT_EMPTY, str(reason)) from None
                except Stopped:
                    sys.exit(Exit.UNFINISHED)
            print(f"restored the backup of {note.at}; {done.buried} films were erased since then and did not come back")
            end = Exit.FAULTS_FOUND if done.uncopied.count else Exit.STOPPED
            for line in done.uncopied.first:
                print(f"the backup lacks {line}", file=sys.stderr)
            if not given.no_prove:
                end = max(end, prove(target, settings, Scrubbing("proof", given.mib_per_second, stopped)))
    if end is not Exit.STOPPED:
        sys.exit(end)


def refuse_without_journal(settings: Settings, folder: BackupFolder) -> None:
    """Make sure that the journal is there, and knows at least what the backup knows. Raises `NotStarted`."""
    folder_there = folder_of(settings.erasures)
    lacking = 0
    if folder_there is None or folder_there.is_dir():  # opening it would make it
        in_backup = (name.removeprefix(f"{ERASURES}/") for name in folder.store.list(ERASURES))
        lacking = sum(1 for _ in only_in_first(in_backup, open_store(settings.erasures).list("")))
        if not lacking:
            return
    what = f"lacks {lacking} certificates that the backup has" if lacking else "is not there"
    raise NotStarted(
        Exit.JOURNAL_MISSING,
        f"The journal of erasures {settings.erasures} {what}, so erased films could come back. Name the live one by "
        "--erasures, or say --journal-lost.",
    )


def bury(settings: Settings, archive: Archive) -> int:
    """Erase in an archive what was erased before, and return how many films went. Raises `NotStarted`."""
    done = replay(eraser_of(settings, archive), thorough=True)
    trouble = done.unproven | done.failed
    if trouble:
        film, why = next(iter(trouble.items()))
        raise NotStarted(
            Exit.CERTIFICATE_UNPROVEN,
            f"{len(trouble)} films of which there is an erasure certificate could not be kept from coming back; the "
            f"first is {film}: {why}",
        )
    return len(done.films)


def prove(target: Archive, settings: Settings, how: Scrubbing) -> Exit:
    """Scrub what was restored, and verify its audit trail."""
    end, _ = scrubbed(target, settings, how)
    try:
        whole = verify_trail(target, read_published(settings))
    except (TrailBroken, HeadRefused) as reason:
        raise NotStarted(Exit.TRAIL_BROKEN, f"The audit trail can't be trusted. {reason}") from None
    print(f"the audit trail is whole: {whole.count} entries")
    return end
