"""`kit-device recorder`: film at the press of a button."""

import argparse
import logging
import os

from device.commands import dark

EXIT_RESTART = 75  # EX_TEMPFAIL of sysexits.h: systemd starts the recorder again

_log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> None:
    """Go dark, then film. Raises `DeviceError`, `FootageError`, `OSError`."""
    if options.rig != "sim":
        dark.run(options)  # before anything else, imports too: pins keep what a recorder that died left in them
    from device.commands.filming_kit import film
    from device.supervisor import Outcome

    if film(options) is Outcome.RESTART:
        _log.warning("the recorder ends, so that a new one goes on")
        logging.shutdown()
        os._exit(EXIT_RESTART)  # not sys.exit: it would wait for the threads of a camera that hangs
