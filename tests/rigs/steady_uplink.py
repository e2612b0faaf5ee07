"""`kit-device uplink` in one thread and without a status file: so each of its durable steps has a number of its own.

strace counts the calls of each thread by itself; a status file is renamed, too, in a thread that does nothing else.
"""

from collections.abc import Callable
from pathlib import Path

from device.__main__ import main
from device.commands import uplink
from device.status import UplinkStatus
from device.uplink import uplink as loop


def _silent(_: Path) -> Callable[[UplinkStatus], None]:
    return lambda _: None


if __name__ == "__main__":
    vars(uplink)["reporter"] = _silent
    vars(loop)["MOST"] = 1
    main()
