"""`companion-api upkeep`: erase what is due, finish what was cut short, and say what needs somebody's eye."""

import argparse
import sys
from collections.abc import Iterable

import msgspec

from companion_api.commands.columns import columns
from companion_api.films.upkeep import Line, Report, preview, upkeep
from companion_api.service import Exit, open_eraser
from companion_api.settings import Settings

SUMMARY = "erase films whose time is over; run it once a day"
EPILOG = """It may run beside the service, and several at once.
A film goes when its time after the end of the work is over, or when it has the longest age that a film may have; the
signed directory says how long (`kit policy`). What a crash or a legal hold left is gone on with. Films that were
erased and came back with a backup are erased again. Films that are open for days are shown, not erased.

--dry-run first shows what would go."""
_HEAD = ("FILM", "KIT", "CASE", "STATE", "CAME", "GOES", "BECAUSE", "HELD")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take how to run."""
    parser.add_argument("--dry-run", action="store_true", help="change nothing; show what would be erased, and when")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--days", type=int, default=30, help="show what goes in so many days (default: 30)")
    parser.add_argument(
        "--trust-clock", action="store_true", help="erase, though the clock has gone far since the last upkeep"
    )


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Print the report, and exit by its worst trouble. Raises `NotStarted`, `StoreFull`, `StoreFailed`."""
    eraser = open_eraser(settings)
    days, trust = given.days, given.trust_clock
    report = preview(eraser, days) if given.dry_run else upkeep(eraser, days, trust_clock=trust)
    print(as_json(report) if given.json else as_text(report, dry_run=given.dry_run))
    sys.exit(outcome(report))


def outcome(report: Report) -> Exit:
    """Return how an upkeep with this report ends."""
    if report.failed:
        return Exit.ERASURE_UNFINISHED
    if report.unproven:
        return Exit.CERTIFICATE_UNPROVEN
    return Exit.STOPPED if report.doubt is None else Exit.CLOCK_DOUBTFUL


def as_json(report: Report) -> str:
    """Return the report as a JSON object with the fields of `Report`."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def as_text(report: Report, *, dry_run: bool) -> str:
    """Return the report for people: a paragraph for each matter that there is."""
    paragraphs = [
        _films("would be erased now" if dry_run else "erased now, because their time was over", report.erased),
        _films("kept by a legal hold, and erased when it ends", report.held),
        _films("erased soon", report.coming),
        _films("incomplete for days: look for their kits", report.incomplete),
        _listed("had come back with a backup, and are erased again", report.came_back),
        _listed(
            "had their certificate in only one of journal and store; is the journal's disk mounted?", report.copied
        ),
        _listed("have a certificate that proves nothing, and were not touched", _told(report.unproven)),
        _listed("could not be erased now; the next upkeep tries again", _told(report.failed)),
        f"Nothing that is due was erased. {report.doubt}\n" if report.doubt else "",
    ]
    return "\n".join(filter(None, paragraphs)) or "Nothing to do."


def _films(what: str, lines: list[Line]) -> str:
    rows = [
        (line.film, line.kit, line.case, line.state, line.received_at, line.due_at, line.reason, "held" * line.held)
        for line in lines
    ]
    return f"{len(rows)} films {what}\n{columns(_HEAD, rows)}\n" if rows else ""


def _listed(what: str, films: Iterable[str]) -> str:
    names = [f"  {film}" for film in films]
    return "\n".join([f"{len(names)} films {what}", *names, ""]) if names else ""


def _told(troubles: dict[str, str]) -> list[str]:
    return [f"{film}  {why}" for film, why in troubles.items()]
