"""The family's hold of its button, without panel: takes the last film back.

Says on stdout when the tombstone is durable. Run it as `python -m tests.rigs.take_back KIT_TOML`.
"""

import sys
from pathlib import Path

from device.config import read_config
from device.spooled_film import SpooledFilm
from tests.rigs.fast_recorder import kit_spool

ACKNOWLEDGED = "tombstone durable"


class AnnouncedFilm(SpooledFilm):
    """Announces that its tombstone is durable: `take_back` destroys only then."""

    def destroy(self) -> None:
        print(ACKNOWLEDGED, flush=True)
        super().destroy()


def main() -> None:
    """Take the film back."""
    config = read_config(Path(sys.argv[1]))
    AnnouncedFilm(kit_spool(config).last_film().folder).take_back()


if __name__ == "__main__":
    main()
