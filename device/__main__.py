"""`kit-device`: recorder, uplink and status. Everything is put together here and nowhere else."""

import argparse
import gc
import logging
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from device.agency import Agency
from device.board import BOARD
from device.config import DEFAULT_PATH, KitConfig, read_config
from device.errors import DeviceError
from device.film_starter import FilmStarter
from device.filming import Filming
from device.panel import Panel
from device.profiles import PROFILES
from device.rig import Rig
from device.spool import Spool
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status, write_status
from device.supervisor import Supervisor
from device.uplink import Uplink
from footage.errors import FootageError
from footage.messages import Message

_log = logging.getLogger("kit-device")


def main() -> None:
    """Run `kit-device`."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        options.run(options, read_config(options.config))
    except (DeviceError, FootageError) as reason:
        sys.exit(f"kit-device: {reason.code}: {reason}")
    except OSError as reason:
        sys.exit(f"kit-device: card-failed: {reason}. Check the card and the folders in {options.config}.")


def _recorder(options: argparse.Namespace, config: KitConfig) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold a second of plaintext
    kit_key = config.kit_key()
    rig = _rig(options, config, sound=config.accepted_directory().policy.sound)
    spool = _spool(config)
    spool.claim()
    for manifest in spool.recover(kit_key):
        _log.info("film %s closed as %s", manifest.opening.film, manifest.ended.value)
    starter = FilmStarter(config, spool)
    supervisor = Supervisor(
        filming_for=lambda post: Filming(rig.camera, spool, starter, kit_key, post),
        panel_for=lambda post: Panel(BOARD, post, rig.pin_factory),
        spool=spool,
        agreement_seconds=config.agreement_minutes * 60,
        report=_reporter(config.status / RECORDER_FILE),
    )
    _on_signals(supervisor.shut_down)
    if rig.visit is not None:
        threading.Thread(target=_play_then, args=(rig.visit, supervisor.shut_down), name="visit", daemon=True).start()
    # What is there by now never becomes garbage; looking through it again and again would only cost CPU while filming.
    gc.collect()
    gc.freeze()
    supervisor.run()


def _rig(options: argparse.Namespace, config: KitConfig, *, sound: bool) -> Rig:
    # Imports stand here and not above: the uplink needs no camera, and a rig's libraries are on its own machines only.
    picture = PROFILES[config.profile]
    if options.rig == "pi":
        from device.pi.rig import pi_rig

        return pi_rig(BOARD, picture=picture, sound=sound)
    if options.rig == "bench":
        from device.sim.camera import SimulatedCamera

        return Rig(SimulatedCamera(options.source, picture=picture, sound=sound))
    from device.sim.rig import simulated_rig

    return simulated_rig(BOARD, picture=picture, sound=sound, script=options.script, source=options.source)


def _uplink(options: argparse.Namespace, config: KitConfig) -> None:
    agency = Agency(config.service, config.kit, config.kit_key())
    uplink = Uplink(config, _spool(config), agency, _reporter(config.status / UPLINK_FILE))
    _on_signals(uplink.stop)
    try:
        uplink.run(until_empty=options.until_empty)
    finally:
        agency.close()


def _status(_options: argparse.Namespace, config: KitConfig) -> None:
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
    return Spool(config.spool, reserve=config.reserve_bytes, last_film=config.status / "last-film")


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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


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
        "hold agree (take back), wait SECONDS, cut light; # begins a comment.",
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
