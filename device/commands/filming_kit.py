"""The recorder put together: camera, panel, spool and supervisor."""

import argparse
import gc
import logging
import threading
from collections.abc import Callable
from functools import partial

from device import notify
from device.board import BOARD
from device.commands.common import no_core_dumps, on_signals, reporter, rig_of, spool_of
from device.config import KitConfig, read_config
from device.endings import BEHIND
from device.film_starter import FilmStarter
from device.filming import Filming
from device.films_stuck import FilmsStuck
from device.on_the_way import UplinkWatch
from device.panel import Panel
from device.policy import PolicyWatch
from device.recorder import State
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status
from device.supervisor import Fault, Outcome, Supervisor
from device.trouble import Trouble
from device.watch import Limits, Watch

_log = logging.getLogger(__name__)


def film(options: argparse.Namespace) -> Outcome:
    """Film until somebody switches the recorder off, or a new one must go on."""
    no_core_dumps()
    config = read_config(options.config)
    kit_key = config.kit_key()
    policy = PolicyWatch(config)
    rig = rig_of(options, config, sound=policy.policy.sound)
    spool = spool_of(config)
    spool.claim()
    recovered = list(spool.recover(kit_key))
    for manifest in recovered:
        _log.info("film %s closed as %s", manifest.opening.film, manifest.ended.value)
    starter = FilmStarter(config, spool)
    uplink = partial(read_status, config.status / UPLINK_FILE, UplinkStatus)
    stuck, on_the_way = FilmsStuck(uplink), UplinkWatch(uplink, spool.is_empty)
    limits = Limits(config.agreement_minutes * 60, config.film_minutes * 60)
    supervisor = Supervisor(
        filming_for=lambda post: Filming(rig.camera, spool, starter, kit_key, post),
        panel_for=lambda post: Panel(BOARD, post, rig.pin_factory, microphone=policy.policy.sound),
        spool=spool,
        watch=Watch(rig.sensors, limits, policy.changed, on_the_way, films_stuck=stuck.look),
        report=reporter(config.status / RECORDER_FILE),
        alive=notify.alive,
        fault=_fault_before(config),
        standing={BEHIND[manifest.ended] for manifest in recovered if manifest.ended in BEHIND},
    )
    on_signals(supervisor.shut_down)
    if rig.visit is not None:
        threading.Thread(target=_play_then, args=(rig.visit, supervisor.shut_down), name="visit", daemon=True).start()
    # What is there by now never becomes garbage; looking through it again and again would only cost CPU while filming.
    gc.collect()
    gc.freeze()
    notify.ready()
    return supervisor.run()


def _fault_before(config: KitConfig) -> Fault | None:
    """Return the fault that ended the recorder before this one: nobody has seen it yet."""
    status = read_status(config.status / RECORDER_FILE, RecorderStatus)
    if status is None or status.state != State.FAULT.value:
        return None
    return Fault(Trouble.of(status.fault_code), status.fault)


def _play_then(visit: Callable[[], None], shut_down: Callable[[], None]) -> None:
    try:
        visit()
    finally:
        shut_down()
