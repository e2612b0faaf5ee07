"""`kit-device uplink`: bring films to the agency."""

import argparse

from device import notify
from device.agency import Agency
from device.commands.common import on_signals, reporter, spool_of
from device.config import read_config
from device.status import UPLINK_FILE
from device.uplink import Uplink


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    config = read_config(options.config)
    agency = Agency(config.service, config.kit, config.kit_key())
    uplink = Uplink(config, spool_of(config), agency, reporter(config.status / UPLINK_FILE), notify.alive)
    on_signals(uplink.stop)
    notify.ready()
    try:
        uplink.run(until_empty=options.until_empty)
    finally:
        agency.close()
