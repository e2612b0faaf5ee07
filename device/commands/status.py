"""`kit-device status`: tell what is on the kit, and what recorder and uplink do."""

import argparse
import os
import sys
from contextlib import suppress

from device.commands.common import spool_of
from device.config import KitConfig, read_config
from device.kit_status import as_json, as_text, kit_status
from device.status import UPLINK_FILE, UplinkStatus, read_status


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    config = read_config(options.config)
    if options.watch:
        _watch(config, json=options.json)
        return
    status = kit_status(config, spool_of(config))
    print(as_json(status) if options.json else as_text(status))


def _watch(config: KitConfig, *, json: bool) -> None:
    from rich.console import Console  # here, as nothing else on a kit needs it

    from device.status_watch import StatusWatch

    watch = StatusWatch(config.kit, lambda: read_status(config.status / UPLINK_FILE, UplinkStatus), Console())
    with suppress(KeyboardInterrupt):
        try:
            watch.run(json=json)
        except BrokenPipeError:  # whoever read it has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
