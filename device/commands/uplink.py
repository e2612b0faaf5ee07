"""`kit-device uplink`: bring films to the agency."""

import argparse

from device import notify
from device.agency import Agency
from device.clock import clock_status
from device.commands.common import on_signals, reporter, spool_of
from device.config import read_config
from device.heartbeat import Heartbeats
from device.status import UPLINK_FILE
from device.tls import tls_context
from device.uplink.network_manager import NetworkManager
from device.uplink.time_asking import TimeAsking
from device.uplink.uplink import Uplink


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    config = read_config(options.config)
    spool, kit_key = spool_of(config), config.kit_key()
    tls = tls_context(config.authority)
    agency, hearing = (Agency(config.service, config.kit, kit_key, tls) for _ in range(2))
    link = NetworkManager()
    link.watch()
    uplink = Uplink(config, spool, agency, reporter(config.status / UPLINK_FILE), notify.alive, link=link)
    heartbeats = Heartbeats(config, spool, hearing)
    timeless = tls_context(config.authority, check_time=False)
    time = TimeAsking(lambda: Agency(config.service, config.kit, kit_key, timeless), clock_status)
    on_signals(uplink.stop)
    notify.ready()
    try:
        with heartbeats.beating(), time.asking():
            uplink.run(until_empty=options.until_empty)
    finally:
        agency.close()
