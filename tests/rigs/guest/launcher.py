"""The recorder in the guest: `kit-device` on the guest's board, whose spool marks on the card what it acknowledged.

Run it as `python -m tests.rigs.guest.launcher` with the arguments of `kit-device`.
"""

import runpy
from pathlib import Path
from unittest.mock import patch

from gpiozero import Device

import device.board
import device.spool
from tests.rigs.announced import AnnouncedFilm
from tests.rigs.guest.board import GUEST_BOARD
from tests.rigs.guest.marks import CardMarks
from tests.rigs.guest.pins import GuestPins

CARD = "/dev/vda"


def main() -> None:
    """Run `kit-device`."""
    marks = CardMarks(CARD)

    class MarkedFilm(AnnouncedFilm):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder, lambda name, digest: marks.mark(f"{folder.name} {name} {digest}"))

    Device.pin_factory = GuestPins()
    with patch.object(device.spool, "SpooledFilm", MarkedFilm), patch.object(device.board, "BOARD", GUEST_BOARD):
        runpy.run_module("device", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
