"""`kit-device`: its command line. What each command does stands in `device.commands`."""

import argparse
import importlib
import logging
import sys
from pathlib import Path

DEFAULT_PATH = Path("/etc/attune-kit/kit.toml")


def main() -> None:
    """Run `kit-device`."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    command = importlib.import_module(f"device.commands.{options.command}")
    try:
        command.run(options)
    except KeyboardInterrupt:
        sys.exit("kit-device: interrupted; all lights are dark")
    except OSError as reason:
        sys.exit(f"kit-device: card-failed: {reason}. Check the card and the folders in {options.config}.")
    except Exception as reason:
        if code := getattr(reason, "code", None):  # a refusal of ours: its message says what to do
            sys.exit(f"kit-device: {code}: {reason}")
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kit-device", description="The firmware of an Attune kit.")
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, help=f"the kit's settings (default: {DEFAULT_PATH})"
    )
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    recorder = commands.add_parser(
        "recorder",
        help="film at the press of a button; no network",
        description="Film at the press of a button. Films that a power cut interrupted are closed first.",
        epilog="Without --script the panel is played by keys: a agree or stop, r record or moment, s stop (hold), "
        "t take back (hold), l cut light, q switch off. Script lines: press agree, press record, hold record (stop), "
        "hold agree (take back), wait SECONDS, cut light, drain battery, heat up, weaken "
        "supply; # begins a comment.",
    )
    _add_rig(recorder)
    recorder.add_argument("--script", type=Path, help="sim: play a visit from a file, then switch off")
    commands.add_parser(
        "dark",
        help="switch all lights off, and with them the camera's power",
        description="Switch all lights off, and with them the power of camera and microphone. Services do so before "
        "they start a recorder and after it ended, however it ended.",
    )
    enrol = commands.add_parser(
        "enrol",
        help="join an agency by a ticket from IT",
        description="Join an agency by a ticket from IT: make the kit's key, hand in its public half, and write the "
        "kit's settings. Calling it again at any time is safe, and tells whether the agency has admitted the kit.",
    )
    enrol.add_argument(
        "ticket",
        type=Path,
        nargs="?",
        help="what `companion-api enrolment new` printed (default: enrolment.toml beside the settings)",
    )
    enrol.add_argument("--simulated", action="store_true", help="keep what the kit writes beside its settings")
    uplink = commands.add_parser(
        "uplink",
        help="bring films to the agency; no camera",
        description="Bring films to the agency and erase each when its receipt proves true. Safe to stop at any time.",
    )
    uplink.add_argument("--until-empty", action="store_true", help="end when no film is left on the kit")
    commands.add_parser(
        "clock",
        help="set the clock by the agency's signed answer; kit-clock.socket starts it",
        description="Set the clock by the agency's signed answer, if no time service has, and never back while "
        "filming. It writes a question, reads the answer, a line each, and writes what became of it. kit-clock.socket "
        "starts it for the uplink, which fetches the answer.",
    )
    status = commands.add_parser(
        "status",
        help="tell what is on the kit, and what recorder and uplink do",
        description="Tell what is on the kit, what recorder and uplink do, and what to do about what is wrong. It asks "
        "neither of them, and disturbs neither.",
        epilog="A film's bar is full when its signed receipt has come, and not before. Rate and time to go are by the "
        "last minute; as long as nobody can know them, none are told. With --watch --json, a line is what stands under "
        "`uplink` in --json alone.",
    )
    status.add_argument("--json", action="store_true", help="one JSON object, for programs; with --watch, one a line")
    status.add_argument(
        "--watch",
        action="store_true",
        help="show how films get on until Ctrl-C: bars on a terminal, and a line each change in a pipe",
    )
    selftest = commands.add_parser(
        "selftest",
        help="test every part of the kit by name",
        description="Test every part of the kit by name. Each gives a line: OK, ERROR with a code and what to do, or "
        "SKIP. Questions are answered by the kit's buttons. The camera films two seconds, in memory only, under its "
        "light. No recorder may run.",
        epilog="Ends with 0 if all is OK, 1 after an error, 3 if there was no error but something was skipped.",
    )
    selftest.add_argument("names", nargs="*", metavar="NAME", help="test these parts only (default: all)")
    selftest.add_argument("--list", action="store_true", help="list the parts, and test nothing")
    selftest.add_argument("--no-hands", dest="hands", action="store_false", help="skip what needs a person")
    selftest.add_argument("--json", action="store_true", help="one JSON object at the end, for programs")
    _add_rig(selftest)
    selftest.set_defaults(refuse=selftest.error, script=None)
    return parser


def _add_rig(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rig",
        choices=["pi", "bench", "sim"],
        default="sim",
        help="pi: a kit; bench: real lights and buttons, simulated camera; sim: all simulated (default)",
    )
    parser.add_argument("--source", type=Path, help="bench, sim: a video file to film instead of the generated scene")


if __name__ == "__main__":
    main()
