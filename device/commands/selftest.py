"""`kit-device selftest`: test every part of the kit by name."""

import argparse
import logging
import os
import sys
from collections.abc import Iterable, Iterator

from device import clock
from device.board import BOARD
from device.commands.common import no_core_dumps, on_signals, rig_of, spool_of
from device.config import KitConfig, read_config
from device.errors import SpoolClaimed
from device.selftest.memory import remember
from device.selftest.outcome import Result
from device.selftest.parts import PARTS, described
from device.selftest.parts import run as test
from device.selftest.report import print_results, tell
from device.selftest.stand import Stand
from footage.manifest import ClockStatus

_log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    if options.list:
        print(described())
        return
    if unknown := set(options.names) - set(PARTS):
        options.refuse(f"no such part: {', '.join(sorted(unknown))} (choose from {', '.join(PARTS)})")
    no_core_dumps()
    config = read_config(options.config)
    spool = spool_of(config)
    try:
        spool.claim()
    except SpoolClaimed:
        raise SpoolClaimed(
            "A recorder runs, and a self-test must not take its camera and lights. Stop it first (systemctl stop "
            "kit-recorder), and start it again afterwards."
        ) from None
    on_signals(_interrupt)  # so that whatever is under way goes dark
    stand = Stand(config, spool, BOARD, lambda sound: rig_of(options, config, sound=sound), tell)
    known: list[Result] = []
    try:
        results = test(stand, options.names or list(PARTS), hands=options.hands)
        end = print_results(config.kit, _kept(results, known), as_json=options.json)
    finally:
        stand.close()
    _remember(config, known)
    if stand.camera_hangs:
        os._exit(end)  # as the recorder does
    sys.exit(end)


def _kept(results: Iterable[Result], known: list[Result]) -> Iterator[Result]:
    for result in results:
        known.append(result)
        yield result


def _remember(config: KitConfig, known: list[Result]) -> None:
    """Keep the results for the uplink, which tells the agency. What can't be kept is still printed."""
    at = clock.now() if clock.clock_status() is ClockStatus.SYNCHRONISED else None
    try:
        remember(config.spool, known, at)
    except OSError as reason:
        _log.warning("the results can't be kept: %s", reason)


def _interrupt() -> None:
    on_signals(lambda: None)  # once is enough: going dark must not be interrupted
    raise KeyboardInterrupt
