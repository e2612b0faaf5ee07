"""`companion-api scrub`: read and hash the whole store again."""

import argparse
import re
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from companion_api.commands.scrubbing import (
    Scrubbing,
    add_pace,
    backups_named,
    budget_of,
    opened_backup,
    prove,
    scrubbed,
    signals,
)
from companion_api.films.archive import Archive
from companion_api.service import Exit, claimed, open_archive, read_published
from companion_api.settings import Settings
from companion_api.truth.film_check import SETTLE_SECONDS
from companion_api.truth.mending import mend
from companion_api.truth.report import grave_faults
from companion_api.truth.scrub import Manner, scrub_film

SUMMARY = "read and hash the whole store again, beside a running service, and report every fault"
EPILOG = """examples:
  companion-api scrub                          go on where the last one was stopped, or begin
  companion-api scrub --mib-per-second 5       leave more of the disk to the kits
  companion-api scrub --film 0d2f7b1c-…        one film, at once
  companion-api scrub --backup /mnt/backup     whether a backup would do
  companion-api scrub --mend-from /mnt/backup  mend what was found missing or damaged

Stop it at any time (Ctrl-C, SIGTERM): the next call goes on. What is damaged and may still be on its kit is asked for
again; the damaged object is set aside, not destroyed. The exit code tells whether all is well."""

DEFAULT_PACE = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what is to be read, and how."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--film", type=_film, metavar="ID", help="only this film")
    which.add_argument("--backup", type=Path, metavar="DIR", help="the backup there, not the service's store")
    which.add_argument("--mend-from", type=Path, metavar="DIR", help="mend by the backup there what was found before")
    parser.add_argument("--anew", action="store_true", help="begin at the beginning, also if one was stopped")
    add_pace(parser, DEFAULT_PACE)
    parser.add_argument("--only-look", action="store_true", help="do not ask kits again for what is damaged")
    parser.add_argument("--json", action="store_true", help="report as one JSON object")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Scrub and report. Raises `NotStarted`, `StoreFull`, `StoreFailed`; exits by `Exit` if all is not well."""
    with claimed(settings.data, "scrubbing"), signals() as stopped:
        how = Scrubbing("scrub", given.mib_per_second, stopped, given.film, given.anew, as_json=given.json)
        if given.backup:
            with backups_named():
                end = prove(settings, *opened_backup(settings, given.backup), how)
        else:
            how = replace(how, asks_again=not given.only_look, settle=SETTLE_SECONDS)
            archive = open_archive(settings)
            with closing(archive.database):
                if given.mend_from:
                    end = _mend(archive, settings, given.mend_from, how)
                else:
                    end, _ = scrubbed(archive, settings, how)
    if end is not Exit.STOPPED:
        sys.exit(end)


def _mend(archive: Archive, settings: Settings, source: Path, how: Scrubbing) -> Exit:
    """Mend, and look again at the films that were mended."""
    directory = read_published(settings)
    with backups_named():
        folder, _ = opened_backup(settings, source)
        mended = mend(archive, folder.store, directory)
    budget = budget_of(how.mib_per_second, how.stopped)
    for film in mended:
        scrub_film(archive, directory, film, Manner(budget.spend, settle=lambda: how.stopped.wait(how.settle)))
    left = grave_faults(archive, None)
    print(f"{sum(map(len, mended.values()))} objects of {len(mended)} films are mended; {left} faults are left")
    return Exit.FAULTS_FOUND if left else Exit.STOPPED


def _film(text: str) -> str:
    if not re.fullmatch("[0-9a-f-]{36}", text):
        raise ValueError(text)
    return text
