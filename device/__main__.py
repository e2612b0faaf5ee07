"""`kit-device`: recorder, uplink and status. Everything is put together here and nowhere else."""

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
from device.errors import DeviceError
from device.film_starter import FilmStarter
from device.filming import Filming
from device.panel import Panel, go_dark
from device.policy import PolicyWatch
from device.profiles import PROFILES, bytes_per_minute
from device.recorder import State
from device.rig import Rig
from device.spool import Spool
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status, write_status
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
    except OSError as reason:
        sys.exit(f"kit-device: card-failed: {reason}. Check the card and the folders in {options.config}.")


def _recorder(options: argparse.Namespace) -> None:
    if options.rig != "sim":
        go_dark(BOARD)  # before anything else: pins keep what a recorder that died left in them
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold a second of plaintext
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
    spool = _spool(config)
    recorder = read_status(config.status / RECORDER_FILE, RecorderStatus) if spool.is_claimed() else None
    uplink = read_status(config.status / UPLINK_FILE, UplinkStatus)
    films = spool.films()
    print(f"kit       {config.kit}")
    print(f"recorder  {recorder.state if recorder else 'not running'}{_because(recorder.fault if recorder else '')}")
    print(f"uplink    {f'{uplink.receipts} receipts' if uplink else 'not started yet'}", end="")
    print(_because(uplink.problem if uplink else ""))
    print(f"films     {len(films)} on the kit")
    for film in films:
        print(f"          {film.film}  {film.state.name.lower().replace('_', ' ')}, {len(film.part_names())} parts")


def _because(text: str) -> str:
    return f": {text}" if text else ""


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
    recorder.add_argument(
        "--rig",
        choices=["pi", "bench", "sim"],
        default="sim",
        help="pi: a kit; bench: real lights and buttons, simulated camera; sim: all simulated (default)",
    )
    recorder.add_argument("--source", type=Path, help="bench, sim: a video file to film instead of the generated scene")
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
    status = commands.add_parser("status", help="tell what is on the kit, and what recorder and uplink do")
    status.set_defaults(run=_status)
    return parser


if __name__ == "__main__":
    main()
