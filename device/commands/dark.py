"""`kit-device dark`: switch all lights off, and with them the power of camera and microphone."""

import argparse

from device.board import BOARD
from device.lights import go_dark


def run(_options: argparse.Namespace) -> None:
    """Go dark. Raises `PinsUnusable`."""
    try:
        go_dark(BOARD)
    except Exception as reason:  # the pin factories' own errors have no common kind
        from device.errors import PinsUnusable

        raise PinsUnusable(
            f"The lights can't be switched ({reason}). Run this on a kit, as root or in the group gpio, while no "
            "other program has the pins."
        ) from None
