"""`companion-api audit`: verify, show, export and sign the audit trail."""

import argparse
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from companion_api.audit.heads import HeadRefused, sign_head
from companion_api.audit.syslog import AddressRefused, connected, message, parse_address
from companion_api.audit.trail import Entry, entries
from companion_api.audit.verification import TrailBroken, verify_trail
from companion_api.films.archive import Archive
from companion_api.service import Exit, NotStarted, open_archive, open_receipt_key, read_published
from companion_api.settings import Settings, add_options
from footage import durable
from footage.messages import encode

SUMMARY = "verify, show, export or sign the audit trail, beside a running service"
EPILOG = """examples:
  companion-api audit verify
  companion-api audit show --film 0d2f7b1c-… --since 2026-11-01
  companion-api audit export --to tls://logs.example.org:6514 --cursor /var/lib/attune/exported
  companion-api audit sign-head                              once a day, by a timer"""

_BATCH = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a task and what it needs."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    _task(tasks, "verify", "walk the whole chain: numbers, hashes, and the heads that were signed")
    show = _task(tasks, "show", "print entries, one a line")
    show.add_argument("--film", default=None, help="only those about this film")
    show.add_argument("--subject", default=None, help="only those about this, as in case:K-17 or kit:kit-0001")
    show.add_argument("--since", default="", metavar="DATE", help="only those of this day or time (UTC) and later")
    show.add_argument("--json", action="store_true", default=False, help="one JSON object a line")
    export = _task(tasks, "export", "send entries as syslog messages (RFC 5424)")
    export.add_argument("--to", type=_address, default=None, metavar="ADDRESS",
                        help="udp://HOST:PORT, tcp://…, tls://…, unix:///PATH (default: stdout)")  # fmt: skip
    export.add_argument("--first", type=int, default=0, metavar="NUMBER", help="the first entry (default: 0)")
    export.add_argument("--cursor", type=Path, default=None, metavar="FILE",
                        help="remember here which entry is next, and begin there")  # fmt: skip
    _task(tasks, "sign-head", "sign the newest entry with the receipt key, once a day; repeating it changes nothing")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Do the task. Raises `NotStarted`, `StoreFull`, `StoreFailed`."""
    with _opened(settings) as archive:
        if given.task == "verify":
            _verify(archive, settings)
        elif given.task == "show":
            _show(archive, given)
        elif given.task == "export":
            _export(archive, given)
        else:
            signed = sign_head(archive, open_receipt_key(settings))
            print("the trail is empty: nothing to sign" if signed is None else signed.decode("ascii"))


def _task(
    tasks: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, does: str
) -> argparse.ArgumentParser:
    task = tasks.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    task.argument_default = argparse.SUPPRESS  # settings may stand before the task as well
    add_options(task)
    return task


def _address(text: str) -> object:
    try:
        return parse_address(text)
    except AddressRefused as reason:
        raise argparse.ArgumentTypeError(str(reason)) from None


@contextmanager
def _opened(settings: Settings) -> Iterator[Archive]:
    archive = open_archive(settings)
    try:
        yield archive
    finally:
        archive.database.close()


def _verify(archive: Archive, settings: Settings) -> None:
    try:
        whole = verify_trail(archive, read_published(settings))
    except (TrailBroken, HeadRefused) as reason:
        raise NotStarted(Exit.TRAIL_BROKEN, f"The audit trail can't be trusted. {reason}") from None
    print(f"the trail is whole: {whole.count} entries" + (f", the newest {whole.newest.hash}" if whole.newest else ""))
    if whole.signed is None:
        print("no head was signed yet: who cuts off its end would not be seen. Run `companion-api audit sign-head`")
    else:
        print(f"signed up to entry {whole.signed.number} at {whole.signed.at}")


def _show(archive: Archive, given: argparse.Namespace) -> None:
    subject = f"film:{given.film}" if given.film else given.subject
    with archive.database.reading() as connection:
        for entry in entries(connection, subject=subject, since=given.since):
            print(encode(entry).decode() if given.json else _line(entry))


def _line(entry: Entry) -> str:
    detail = " ".join(f"{name}={value}" for name, value in entry.detail.items())
    return f"{entry.number:>7}  {entry.at}  {entry.actor:<24}  {entry.action:<20}  {entry.subject}  {detail}".rstrip()


def _export(archive: Archive, given: argparse.Namespace) -> None:
    following = _remembered(given.cursor) if given.cursor and given.cursor.exists() else given.first
    hostname = socket.gethostname()
    try:
        with connected(given.to) as send:
            while batch := _read(archive, following):
                for entry in batch:
                    send(message(entry, hostname))
                following = batch[-1].number + 1
                if given.cursor:
                    durable.write_file(given.cursor, b"%d\n" % following)
    except OSError as reason:
        raise NotStarted(
            Exit.DESTINATION_UNUSABLE,
            f"Entry {following} and later could not be sent or the cursor not be kept ({reason.strerror or reason}). "
            "Mend that and call again; what was sent before may come twice.",
        ) from None
    print(f"the next entry is {following}", file=sys.stderr)


def _read(archive: Archive, first: int) -> list[Entry]:
    with archive.database.reading() as connection:
        return list(islice(entries(connection, first=first), _BATCH))


def _remembered(cursor: Path) -> int:
    try:
        return int(cursor.read_text("ascii"))
    except (OSError, ValueError):
        message = f"{cursor} does not hold the number of an entry. Remove it and name the first entry by --first."
        raise NotStarted(Exit.DESTINATION_UNUSABLE, message) from None
