"""`kit-device selftest`: test every part of the kit by name."""

import argparse
import os
import sys

from device.board import BOARD
from device.commands.common import no_core_dumps, on_signals, rig_of, spool_of
from device.config import read_config
from device.errors import SpoolClaimed
from device.selftest.parts import PARTS, described
from device.selftest.parts import run as test
from device.selftest.report import print_results, tell
from device.selftest.stand import Stand


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
    try:
        results = test(stand, options.names or list(PARTS), hands=options.hands)
        end = print_results(config.kit, results, as_json=options.json)
    finally:
        stand.close()
    if stand.camera_hangs:
        os._exit(end)  # as the recorder does
    sys.exit(end)


def _interrupt() -> None:
    on_signals(lambda: None)  # once is enough: going dark must not be interrupted
    raise KeyboardInterrupt
