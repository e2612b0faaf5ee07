"""`kit-device`: recorder, uplink, status and self-test. Everything is put together here and nowhere else."""

import argparse
import gc
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from device import notify
from device.agency import Agency
from device.board import BOARD
from device.config import DEFAULT_PATH, KitConfig, read_config
from device.errors import DeviceError, SpoolClaimed
from device.film_starter import FilmStarter
from device.filming import Filming
from device.kit_status import as_json, as_text, kit_status
from device.panel import Panel, go_dark
from device.policy import PolicyWatch
from device.profiles import PROFILES, bytes_per_minute
from device.recorder import State
from device.rig import Rig
from device.spool import Spool
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, read_status, write_status
from device.supervisor import Fault, Outcome, Supervisor
from device.trouble import BEHIND, Trouble
from device.uplink import Uplink
from device.watch import Limits, Watch
from footage.errors import FootageError
from footage.messages import Message

EXIT_RESTART = 75  # EX_TEMPFAIL of sysexits.h: systemd starts the recorder again

_log = logging.getLogger("kit-device")


def main() -> None:
    """Run `kit-device`."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        options.run(options)
    except (DeviceError, FootageError) as reason:
        sys.exit(f"kit-device: {reason.code}: {reason}")
    except KeyboardInterrupt:
        sys.exit("kit-device: interrupted; all lights are dark")
    except OSError as reason:
        sys.exit(f"kit-device: card-failed: {reason}. Check the card and the folders in {options.config}.")


def _recorder(options: argparse.Namespace) -> None:
    if options.rig != "sim":
        go_dark(BOARD)  # before anything else: pins keep what a recorder that died left in them
    _no_core_dumps()
    config = read_config(options.config)
    kit_key = config.kit_key()
    policy = PolicyWatch(config)
    rig = _rig(options, config, sound=policy.policy.sound)
    spool = _spool(config)
    spool.claim()
    recovered = list(spool.recover(kit_key))
    for manifest in recovered:
        _log.info("film %s closed as %s", manifest.opening.film, manifest.ended.value)
    starter = FilmStarter(config, spool)
    limits = Limits(config.agreement_minutes * 60, config.film_minutes * 60)
    supervisor = Supervisor(
        filming_for=lambda post: Filming(rig.camera, spool, starter, kit_key, post),
        panel_for=lambda post: Panel(BOARD, post, rig.pin_factory, microphone=policy.policy.sound),
        spool=spool,
        watch=Watch(rig.sensors, limits, policy.changed),
        report=_reporter(config.status / RECORDER_FILE),
        alive=notify.alive,
        fault=_fault_before(config),
        standing={BEHIND[manifest.ended] for manifest in recovered if manifest.ended in BEHIND},
    )
    _on_signals(supervisor.shut_down)
    if rig.visit is not None:
        threading.Thread(target=_play_then, args=(rig.visit, supervisor.shut_down), name="visit", daemon=True).start()
    # What is there by now never becomes garbage; looking through it again and again would only cost CPU while filming.
    gc.collect()
    gc.freeze()
    notify.ready()
    if supervisor.run() is Outcome.RESTART:
        _log.warning("the recorder ends, so that a new one goes on")
        logging.shutdown()
        os._exit(EXIT_RESTART)  # not sys.exit: it would wait for the threads of a camera that hangs


def _no_core_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one would hold a second of plaintext


def _fault_before(config: KitConfig) -> Fault | None:
    """Return the fault that ended the recorder before this one: nobody has seen it yet."""
    status = read_status(config.status / RECORDER_FILE, RecorderStatus)
    if status is None or status.state != State.FAULT.value:
        return None
    return Fault(Trouble.of(status.fault_code), status.fault)


def _dark(_options: argparse.Namespace) -> None:
    go_dark(BOARD)


def _rig(options: argparse.Namespace, config: KitConfig, *, sound: bool) -> Rig:
    # Imports stand here and not above: the uplink needs no camera, and a rig's libraries are on its own machines only.
    picture = PROFILES[config.profile]
    if options.rig == "pi":
        from device.pi.rig import pi_rig

        return pi_rig(BOARD, picture=picture, sound=sound)
    if options.rig == "bench":
        from device.pi.sensors import PiSensors
        from device.sim.camera import SimulatedCamera

        return Rig(SimulatedCamera(options.source, picture=picture, sound=sound), PiSensors(BOARD))
    from device.sim.rig import simulated_rig

    return simulated_rig(BOARD, picture=picture, sound=sound, script=options.script, source=options.source)


def _uplink(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    agency = Agency(config.service, config.kit, config.kit_key())
    uplink = Uplink(config, _spool(config), agency, _reporter(config.status / UPLINK_FILE), notify.alive)
    _on_signals(uplink.stop)
    notify.ready()
    try:
        uplink.run(until_empty=options.until_empty)
    finally:
        agency.close()


def _status(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    status = kit_status(config, _spool(config))
    print(as_json(status) if options.json else as_text(status))


def _selftest(options: argparse.Namespace) -> None:
    # Imported here, because nobody else needs it.
    from device.selftest.parts import PARTS, described, run
    from device.selftest.report import print_results, tell
    from device.selftest.stand import Stand

    if options.list:
        print(described())
        return
    if unknown := set(options.names) - set(PARTS):
        options.refuse(f"no such part: {', '.join(sorted(unknown))} (choose from {', '.join(PARTS)})")
    _no_core_dumps()
    config = read_config(options.config)
    spool = _spool(config)
    try:
        spool.claim()
    except SpoolClaimed:
        raise SpoolClaimed(
            "A recorder runs, and a self-test must not take its camera and lights. Stop it first (systemctl stop "
            "kit-recorder), and start it again afterwards."
        ) from None
    _on_signals(_interrupt)  # so that whatever is under way goes dark
    stand = Stand(config, spool, BOARD, lambda sound: _rig(options, config, sound=sound), tell)
    try:
        results = run(stand, options.names or list(PARTS), hands=options.hands)
        end = print_results(config.kit, results, as_json=options.json)
    finally:
        stand.close()
    if stand.camera_hangs:
        os._exit(end)  # as the recorder does
    sys.exit(end)


def _interrupt() -> None:
    _on_signals(lambda: None)  # once is enough: going dark must not be interrupted
    raise KeyboardInterrupt


def _spool(config: KitConfig) -> Spool:
    room = config.room_minutes * bytes_per_minute(PROFILES[config.profile])
    return Spool(config.spool, reserve=config.reserve_bytes, last_film=config.status / "last-film", room=room)


def _play_then(visit: Callable[[], None], shut_down: Callable[[], None]) -> None:
    try:
        visit()
    finally:
        shut_down()


def _reporter(path: Path) -> Callable[[Message], None]:
    last: list[Message] = []

    def report(status: Message) -> None:
        if last != [status]:
            last[:] = [status]
            try:
                write_status(path, status)
            except OSError as reason:  # nothing depends on it, a film least of all
                _log.warning("the status can't be written: %s", reason)

    return report


def _on_signals(stop: Callable[[], None]) -> None:
    def on_signal(*_: object) -> None:
        notify.stopping()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kit-device", description="The firmware of an Attune kit.")
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, help=f"the kit's settings (default: {DEFAULT_PATH})"
    )
    commands = parser.add_subparsers(title="commands", required=True)
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
    recorder.set_defaults(run=_recorder)
    dark = commands.add_parser(
        "dark",
        help="switch all lights off, and with them the camera's power",
        description="Switch all lights off, and with them the power of camera and microphone. Services do so before "
        "they start a recorder and after it ended, however it ended.",
    )
    dark.set_defaults(run=_dark)
    uplink = commands.add_parser(
        "uplink",
        help="bring films to the agency; no camera",
        description="Bring films to the agency and erase each when its receipt proves true. Safe to stop at any time.",
    )
    uplink.add_argument("--until-empty", action="store_true", help="end when no film is left on the kit")
    uplink.set_defaults(run=_uplink)
    status = commands.add_parser(
        "status",
        help="tell what is on the kit, and what recorder and uplink do",
        description="Tell what is on the kit, what recorder and uplink do, and what to do about what is wrong. It asks "
        "neither of them, and disturbs neither.",
    )
    status.add_argument("--json", action="store_true", help="one JSON object, for programs")
    status.set_defaults(run=_status)
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
    selftest.set_defaults(run=_selftest, refuse=selftest.error, script=None)
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
