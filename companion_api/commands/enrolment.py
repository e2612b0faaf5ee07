"""`companion-api enrolment`: let kits join that make their keys themselves."""

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from companion_api.commands.columns import columns
from companion_api.kits.enrolment import DAYS, MAX_DAYS, enrolments, make_enrolment, revoke_enrolment, waiting_kits
from companion_api.service import Exit, NotStarted, open_archive, open_directory
from companion_api.settings import Settings
from footage.authority import check_valid, read_authority
from footage.enrolment import Ticket, write_ticket, write_waiting_kits
from footage.errors import FootageError
from footage.messages import KIT_PATTERN, SERVICE_PATTERN

SUMMARY = "let kits join that make their keys themselves: new, list, export, revoke"
EPILOG = f"""new      print a ticket: copy it to the kit as /etc/attune-kit/enrolment.toml, then `kit-device enrol`
list     tell how far each enrolment has come
export   print the keys that wait for the agency root, for `kit admit` on the offline machine
revoke   make a kit's token worthless, and forget its key if that still waits

example:
  companion-api enrolment new --kit kit-0007 --service https://films.example > enrolment.toml
  companion-api enrolment new --kit kit-0008 --service https://films.example --authority ca.pem > enrolment.toml
  companion-api enrolment export > enrolments.json

With --authority the kit trusts only certificates by that authority, from its first request on; without it, those
that its system trusts.

Call it beside the service, as its user. A token is good once, for {DAYS} days, and is not told again."""
_OPERATOR = "operator"
_HEAD = ("KIT", "STANDING", "MADE", "BY", "GOOD UNTIL", "USED", "KEY")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do, and for which kit."""
    parser.add_argument("action", choices=("new", "list", "export", "revoke"), help="what to do")
    parser.add_argument("--kit", type=_kit, help="new, revoke: the kit's name, such as kit-0007")
    parser.add_argument("--service", type=_service, help="new: this service as kits reach it: https://HOST")
    parser.add_argument(
        "--authority", type=Path, help="new: who signed the service's certificate, a PEM file; kits then trust no other"
    )
    parser.add_argument("--days", type=_days, default=DAYS, help=f"new: how long the token is good (default: {DAYS})")
    parser.add_argument("--json", action="store_true", help="list: one JSON array, for programs")
    parser.set_defaults(refuse=parser.error)


def run(settings: Settings, given: argparse.Namespace) -> None:
    """As its help says. Raises `NotStarted`, `Refusal`, `StoreFull`, `StoreFailed`."""
    for option in {"new": ("kit", "service"), "revoke": ("kit",)}.get(given.action, ()):
        if getattr(given, option) is None:
            given.refuse(f"{given.action} needs --{option}")
    authority = _authority(given.authority)
    archive = open_archive(settings)
    directory = open_directory(settings, archive.store).published.directory
    match given.action:
        case "new":
            made = make_enrolment(archive, directory, _OPERATOR, given.kit, given.days)
            print(write_ticket(Ticket(given.kit, given.service, settings.root, made.token, authority)), end="")
            print(f"{given.kit} may enrol until {made.expires_at}. This token is not told again.", file=sys.stderr)
        case "list":
            known = enrolments(archive, directory)
            if given.json:
                rows = msgspec.json.encode([one._asdict() for one in known])
                print(msgspec.json.format(rows, indent=2).decode())
            else:
                print(columns(_HEAD, known))
        case "export":
            waiting = waiting_kits(archive, directory)
            print(write_waiting_kits(waiting).decode(), end="")
            print(f"Kits that wait: {len(waiting.waiting)}. Next step: kit admit AGENCY FILE", file=sys.stderr)
        case "revoke":
            if not revoke_enrolment(archive, _OPERATOR, given.kit):
                raise NotStarted(Exit.REFUSED, f"{given.kit} has no enrolment. See `companion-api enrolment list`.")
            print(f"The enrolment of {given.kit} is revoked.")


def _authority(file: Path | None) -> str:
    """Return the PEM text for a ticket. Raises `NotStarted`."""
    if file is None:
        return ""
    try:
        authority = read_authority(file.read_bytes())
        check_valid(authority, datetime.now(UTC))
    except (OSError, FootageError) as reason:
        raise NotStarted(Exit.REFUSED, f"{file} can't be given to kits. {reason}") from None
    return authority


def _kit(text: str) -> str:
    if not re.match(KIT_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r}: use small letters, digits and hyphens, such as kit-0007")
    return text


def _service(text: str) -> str:
    if not re.match(SERVICE_PATTERN, text.rstrip("/")):
        raise argparse.ArgumentTypeError(f"{text!r}: use https://HOST, without a path")
    return text.rstrip("/")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r}: use a whole number of days, 1 to {MAX_DAYS}")
    return int(text)
