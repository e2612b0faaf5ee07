"""What several commands share: the rig, the spool, the status file, signals."""

import argparse
import logging
import resource
import signal
from collections.abc import Callable
from pathlib import Path

from device import notify
from device.board import BOARD
from device.config import KitConfig
from device.profiles import PROFILES, bytes_per_minute
from device.rig import Rig
from device.spool import Spool
from device.status import write_status
from footage.messages import Message

_log = logging.getLogger(__name__)


def rig_of(options: argparse.Namespace, config: KitConfig, *, sound: bool) -> Rig:
    """Return the rig of this name. Imported here are libraries that are on its own machines only."""
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


def spool_of(config: KitConfig) -> Spool:
    """Return the kit's spool."""
    room = config.room_minutes * bytes_per_minute(PROFILES[config.profile])
    return Spool(config.spool, reserve=config.reserve_bytes, last_film=config.status / "last-film", room=room)


def reporter(path: Path) -> Callable[[Message], None]:
    """Return what writes a status to its file when it is another one."""
    last: list[Message] = []

    def report(status: Message) -> None:
        if last != [status]:
            last[:] = [status]
            try:
                write_status(path, status)
            except OSError as reason:  # nothing depends on it, a film least of all
                _log.warning("the status can't be written: %s", reason)

    return report


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` when somebody wants the program to end."""

    def stop_once(*_: object) -> None:
        notify.stopping()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_once)


def no_core_dumps() -> None:
    """Forbid them to this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one would hold a second of plaintext
