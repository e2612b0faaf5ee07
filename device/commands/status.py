"""`kit-device status`: tell what is on the kit, and what recorder and uplink do."""

import argparse

from device.commands.common import spool_of
from device.config import read_config
from device.kit_status import as_json, as_text, kit_status


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    config = read_config(options.config)
    status = kit_status(config, spool_of(config))
    print(as_json(status) if options.json else as_text(status))
