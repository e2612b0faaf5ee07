"""`kit`: make an agency, add kits, recover films."""

import argparse
import getpass
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.prompt import Confirm
from rich.table import Table

from footage.admission import AdmissionRequest, grouped
from footage.enrolment import WaitingKit, WaitingKits
from footage.errors import FootageError
from footage.messages import KIT_PATTERN, SERVICE_PATTERN, decode, timestamp
from provisioning.agency import Agency, read_valid
from provisioning.errors import NetworksInvalid, ProvisioningError, RecoveryIdentityInvalid
from provisioning.network_profiles import write_profiles
from provisioning.networks import FORM, read_networks
from provisioning.passphrase import VARIABLE, read_passphrase
from provisioning.recipients import entry, read_requests, with_recipients, without_recipient
from provisioning.recover import Outcome, read_recovery_file, recover_film, sealed_bytes
from provisioning.store_films import Store

EXIT_SOME_NOT_OPENED = 3

_MAX_DAYS = 3650
_MAX_MEGABYTES = 1_000_000
_console = Console()


def main() -> None:
    """Run `kit`."""
    options = _parser().parse_args()
    os.umask(0o077)  # keys and opened films are for this account alone
    try:
        options.run(options)
    except (ProvisioningError, FootageError) as reason:
        sys.exit(f"kit: {reason.code}: {reason}")
    except OSError as reason:
        sys.exit(f"kit: {reason.strerror}: {reason.filename}. Check the folder and its room, then call again.")


def _init(options: argparse.Namespace) -> None:
    authority = read_valid(options.authority) if options.authority else ""
    agency = Agency.create(options.agency, read_passphrase(options.passphrase_file, new=True), authority)
    _console.print(f"The agency is made. Its root is [bold]{agency.root}[/bold].\n")
    table = Table("file", "what to do with it", box=None)
    table.add_row("recovery.txt", "Print it, lock it away, then delete it: it opens every film of the agency.")
    table.add_row("root.key.pem", "Keep it offline, with its passphrase elsewhere: it decides whom kits trust.")
    table.add_row("receipt.key.pem", "Give it to the service (companion-api serve --receipt-key …).")
    table.add_row("directory.jws", "Give it to the service, and again after each change.")
    _console.print(table)
    _console.print(
        "\nNext step, for each kit one of two ways:\n"
        f"  kit add {options.agency} --kit kit-0001 --service https://…    its key is made here and copied to the kit\n"
        "  companion-api enrolment new --kit kit-0001 --service https://…    the kit makes its key itself, and "
        "`kit admit` lists it"
    )


def _add(options: argparse.Namespace) -> None:
    agency = Agency.unlock(options.agency, read_passphrase(options.passphrase_file))
    authority = read_valid(options.authority) if options.authority else ""
    folder = agency.add_kit(options.kit, options.service, authority=authority, simulated=options.simulated)
    _console.print(f"Kit [bold]{options.kit}[/bold] is added. Copy {folder} to its /etc/attune-kit.")
    _console.print(f"Next step: give {options.agency / 'directory.jws'} to the service.")


def _admit(options: argparse.Namespace) -> None:
    agency = Agency.unlock(options.agency, read_passphrase(options.passphrase_file))
    waiting = decode(WaitingKits, options.enrolments.read_bytes()).waiting
    table = Table("kit", "thumbprint of its key", "enrolled at", box=None)
    for one in waiting:
        table.add_row(one.kit, one.thumbprint, one.enrolled_at)
    _console.print(table)
    if not options.compared:
        waiting = tuple(one for one in waiting if _shows(one))
    before = agency.directory()
    directory = agency.admit(waiting)
    if directory == before:
        _console.print("\nNo kit is new, so the directory stays as it is.")
        return
    _console.print(f"\nDirectory version {directory.version} lists {', '.join(one.kit for one in waiting)}.")
    _console.print(f"Next step: give {options.agency / 'directory.jws'} to the service; kits fetch it there.")


def _shows(one: WaitingKit) -> bool:
    """Ask whether the kit itself shows this key: the service, which the list comes from, might have put in another."""
    return Confirm.ask(f"Does {one.kit} itself (`kit-device status`) show {one.thumbprint}?", console=_console)


def _policy(options: argparse.Namespace) -> None:
    agency = Agency.unlock(options.agency, read_passphrase(options.passphrase_file))
    now = agency.directory()
    decided = {
        "sound": None if options.sound is None else options.sound == "on",
        "erase_after_days": options.erase_after_days,
        "max_age_days": options.max_age_days,
        "hotspot_megabytes": options.hotspot_megabytes,
    }
    policy = replace(now.policy, **{name: value for name, value in decided.items() if value is not None})
    until = now.valid_until
    if options.valid_days is not None:
        until = timestamp(datetime.now(UTC) + timedelta(options.valid_days)) if options.valid_days else None
    directory = agency.decide(policy, until)
    table = Table("decision", "is", box=None)
    table.add_row("sound", "on" if directory.policy.sound else "off: microphones have no power")
    table.add_row("films are erased", f"{policy.erase_after_days} days after the end of the work is recorded")
    table.add_row("and at the latest", f"{policy.max_age_days} days after they were closed")
    budget = policy.hotspot_megabytes
    table.add_row("telephones' hotspots", f"{budget} MB of films a month and kit" if budget else "carry no films")
    table.add_row("valid until", directory.valid_until or "no end")
    table.add_row("directory", f"version {directory.version}")
    _console.print(table)
    _console.print(f"\nNext step: give {options.agency / 'directory.jws'} to the service; kits fetch it there.")


def _networks(options: argparse.Namespace) -> None:
    networks = read_networks(options.networks, _secret)
    for file in write_profiles(networks, options.out):
        _console.print(escape(str(file)))
    _console.print(
        "\nThey hold secrets, and NetworkManager takes them from root alone. Next step, on the kit or its card: "
        f"sudo cp -r {options.out}/. /etc/, then start it anew.\n"
        "Telephones carry films as far as `kit policy --hotspot-megabytes` allows."
    )


def _secret(question: str) -> str:
    """Ask for a network's secret: on a command line others would see it, and the shell would keep it."""
    if not sys.stdin.isatty():
        raise NetworksInvalid("The file leaves out a passphrase or password, and there is nobody to ask for it.")
    return getpass.getpass(question)


def _recipient_add(options: argparse.Namespace) -> None:
    requests = read_requests(options.requests)
    table = Table("name", "roles", "asked at", "fingerprint of the recipient", box=None)
    for request in requests:
        table.add_row(
            escape(request.name), escape(", ".join(request.roles)), request.requested_at, grouped(request.fingerprint)
        )
    _console.print(table)
    if not options.compared:
        requests = tuple(request for request in requests if _reads_out(request))
    if not requests:
        _console.print("\nNobody is admitted, so the directory stays as it is.")
        return
    agency = Agency.unlock(options.agency, read_passphrase(options.passphrase_file))
    directory = agency.set_recipients(with_recipients(agency.directory(), tuple(map(entry, requests))))
    _console.print(
        f"\nDirectory version {directory.version} admits {', '.join(escape(request.name) for request in requests)}."
    )
    _console.print(
        "Films are sealed to them from when a kit has it. Earlier films must be shared with them, with a key."
    )
    _console.print(f"Next step: give {options.agency / 'directory.jws'} to the service; kits fetch it there.")


def _reads_out(request: AdmissionRequest) -> bool:
    """Ask whether the colleague has this recipient: the service, whose file it is, might have put in another."""
    question = f"Does {escape(request.name)}, in person or by telephone, read out {grouped(request.fingerprint)}?"
    return Confirm.ask(question, console=_console, default=False)


def _recipient_remove(options: argparse.Namespace) -> None:
    agency = Agency.unlock(options.agency, read_passphrase(options.passphrase_file))
    directory = agency.set_recipients(without_recipient(agency.directory(), options.fingerprint))
    _console.print(f"Directory version {directory.version} lists them no longer. Films that they could open stay so.")
    _console.print(f"Next step: give {options.agency / 'directory.jws'} to the service; kits fetch it there.")


def _recover(options: argparse.Namespace) -> None:
    recovery = read_recovery_file(options.identity)
    root = options.root or recovery.root
    if not root:
        raise RecoveryIdentityInvalid(f"{options.identity} does not pin the agency root. Name it by --root.")
    store = Store(options.store)
    directory = store.directory(root)
    options.out.mkdir(parents=True, exist_ok=True)
    with _progress() as progress:
        bar = progress.add_task("", total=sealed_bytes(store))

        def advance(count: int) -> None:
            progress.advance(bar, count)

        outcomes = []
        for film in store.films():
            progress.update(bar, description=film.film)
            outcomes.append(recover_film(film, directory, recovery.identity, options.out, advance))
    _console.print(_table(outcomes))
    if any(outcome.refused for outcome in outcomes):
        sys.exit(EXIT_SOME_NOT_OPENED)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("film", "ended", "length", "moments", "receipt", "movie", title=f"{len(outcomes)} films")
    for outcome in outcomes:
        if outcome.movie:
            length = f"{outcome.duration_ms / 1000:.1f} s"
            receipt = "verified" if outcome.receipt_verified else "none"
            moments = str(len(outcome.moments_ms))
            table.add_row(outcome.film, outcome.ended, length, moments, receipt, outcome.movie.name)
        else:
            table.add_row(outcome.film, "", "", "", "", f"[bold]{outcome.code}[/bold]: {outcome.problem}")
    return table


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=_console
    )


def _kit_name(text: str) -> str:
    if not re.match(KIT_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r}: use small letters, digits and hyphens, such as kit-0001")
    return text


def _days(text: str, least: int = 0) -> int:
    if not text.isdigit() or not least <= int(text) <= _MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r}: use a whole number of days, {least} to {_MAX_DAYS}")
    return int(text)


def _days_kept(text: str) -> int:
    return _days(text, least=1)


def _megabytes(text: str) -> int:
    if not text.isdigit() or int(text) > _MAX_MEGABYTES:
        raise argparse.ArgumentTypeError(f"{text!r}: use a whole number of megabytes, 0 to {_MAX_MEGABYTES}")
    return int(text)


def _service(text: str) -> str:
    if not re.match(SERVICE_PATTERN, text.removesuffix("/")):
        raise argparse.ArgumentTypeError(f"{text!r}: use https://HOST, without a path")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kit", description="Prepare an agency and its kits; recover films.")
    commands = parser.add_subparsers(title="commands", required=True)

    init = _command(commands, "init", _init, "make an agency: root, recovery identity, receipt key, directory")
    init.add_argument("agency", type=Path, help="a new folder, best on a machine without a network")
    add = _command(commands, "add", _add, "add a kit: its key and settings, and the next directory")
    add.add_argument("agency", type=Path, help="the agency's folder")
    add.add_argument("--kit", type=_kit_name, required=True, help="the kit's name, such as kit-0001")
    add.add_argument("--service", type=_service, required=True, help="the companion API, such as https://films.example")
    for command, whose in (
        (init, "its kits trust no other"),
        (add, "this kit trusts no other (default: the agency's)"),
    ):
        command.add_argument(
            "--authority",
            type=Path,
            metavar="FILE",
            help=f"the authority that signs the service's certificate, as PEM: {whose}",
        )
    add.add_argument("--simulated", action="store_true", help="keep what the kit writes in its own folder")
    admit = _command(commands, "admit", _admit, "list kits that made their keys themselves in the next directory")
    admit.add_argument("agency", type=Path, help="the agency's folder")
    admit.add_argument("enrolments", type=Path, help="what `companion-api enrolment export` wrote")
    admit.add_argument(
        "--compared", action="store_true", help="ask nothing: each thumbprint was compared with what its kit shows"
    )
    policy = _command(commands, "policy", _policy, "decide for all kits, and sign the next directory")
    policy.add_argument("agency", type=Path, help="the agency's folder")
    policy.add_argument("--sound", choices=["on", "off"], help="off: microphones have no power (default: as it is)")
    policy.add_argument(
        "--valid-days",
        type=_days,
        metavar="DAYS",
        help="kits begin no film after so many days, unless a newer directory came; 0: no end (default: as it is)",
    )
    policy.add_argument(
        "--erase-after-days",
        type=_days_kept,
        metavar="DAYS",
        help="the service erases films so long after the end of the work was recorded (default: as it is; at first 61)",
    )
    policy.add_argument(
        "--max-age-days",
        type=_days_kept,
        metavar="DAYS",
        help="and in any case so long after they were closed (default: as it is; at first 730)",
    )
    policy.add_argument(
        "--hotspot-megabytes",
        type=_megabytes,
        metavar="MB",
        help="so much of films each kit may send in a month over a telephone's hotspot, or another link that costs by "
        "the byte; 0: nothing (default: as it is; at first 0). Ten minutes of film are about 300 MB",
    )
    policy.epilog = (
        "A longer time holds for films that come from now on; a shorter one also for those that the service has. "
        "Update kits and service first: older versions refuse a directory that decides what they do not know."
    )
    networks = _command(commands, "networks", _networks, "write NetworkManager's files: which networks kits may use")
    networks.add_argument("networks", type=Path, help="the networks that IT wrote down; for its owner alone")
    networks.add_argument("out", type=Path, help="a folder for what belongs into a kit's /etc")
    networks.formatter_class = argparse.RawDescriptionHelpFormatter
    networks.epilog = FORM
    recipient = commands.add_parser("recipient", help="decide whom films are sealed to, and sign the next directory")
    recipients = recipient.add_subparsers(title="commands", required=True)
    include = _command(recipients, "add", _recipient_add, "admit members of staff who asked for it")
    include.add_argument("agency", type=Path, help="the agency's folder")
    include.add_argument("requests", type=Path, help="the waiting requests, as downloaded from the service")
    include.add_argument(
        "--compared", action="store_true", help="ask nothing: each fingerprint was compared with its owner"
    )
    dismiss = _command(recipients, "remove", _recipient_remove, "seal no further film to a member of staff")
    dismiss.add_argument("agency", type=Path, help="the agency's folder")
    dismiss.add_argument("fingerprint", help="how the fingerprint of their recipient begins")
    for command in (init, add, admit, policy, include, dismiss):
        command.add_argument(
            "--passphrase-file", type=Path, help=f"the root's passphrase (else ${VARIABLE}, else asked)"
        )

    recover = _command(commands, "recover", _recover, "verify and open every film of a store to an ordinary MP4")
    recover.add_argument("--store", type=Path, required=True, help="the service's data folder, or a copy of its store")
    recover.add_argument(
        "--identity", type=Path, required=True, help="the file of the recovery identity (recovery.txt)"
    )
    recover.add_argument("--out", type=Path, required=True, help="where the movies go; they are not sealed any more")
    recover.add_argument("--root", help="the agency root's thumbprint, if the identity's file does not pin it")
    recover.epilog = f"Ends with {EXIT_SOME_NOT_OPENED} if some film could not be opened; the table says why."
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    command.set_defaults(run=run)
    return command


if __name__ == "__main__":
    main()
