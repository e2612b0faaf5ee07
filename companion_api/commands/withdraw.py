"""`companion-api withdraw`: erase a film, or all films of a case, because somebody asked for it."""

import argparse
import sys

from companion_api.films.withdrawal import WITHDRAWALS, films_of_case, one_film, withdraw
from companion_api.service import Exit, open_eraser
from companion_api.settings import Settings
from footage.erasure import Reason

SUMMARY = "erase a film, or all films of a case, at once"
EPILOG = f"""It may run beside the service. Nobody can bring back what is erased. A legal hold keeps films; they go
when it ends. Films that are still on their kit are taken back there.

reasons: {", ".join(repr(reason.value) for reason in WITHDRAWALS)}

example:
  companion-api withdraw --case A-17 --reason "family asked" --yes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what is withdrawn, and why."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--film", metavar="ID", help="the film's id")
    what.add_argument("--case", metavar="CODE", help="the case's code")
    reasons = [reason.value for reason in WITHDRAWALS]
    parser.add_argument("--reason", required=True, choices=reasons, metavar="REASON", help="one of those below")
    parser.add_argument("--yes", action="store_true", help="erase; without it the films are only told")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Withdraw, and tell what became of each film. Raises `NotStarted`, `Refusal`, `StoreFull`, `StoreFailed`."""
    eraser = open_eraser(settings)
    films = one_film(eraser.archive, given.film) if given.film else films_of_case(eraser.archive, given.case)
    if not given.yes:
        print("\n".join([*films, f"{len(films)} films. Nothing is erased yet: call again with --yes."]))
        sys.exit(Exit.NOT_CONFIRMED)
    withdrawn = withdraw(eraser, films, Reason(given.reason), "operator")
    for film in withdrawn.gone:
        print(f"{film}  erased")
    for film in withdrawn.held:
        print(f"{film}  kept by a legal hold; it goes when the hold ends")
    sys.exit(Exit.FILMS_HELD if withdrawn.held else Exit.STOPPED)
