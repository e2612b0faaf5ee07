"""Two people put a hold on a film, as staff would. May be repeated: what is there is gone on with.

Run it as `python -m tests.rigs.hold film:ID --data …`, with the settings that `companion-api upkeep` takes.
"""

import os
import sys
from collections.abc import Sequence

from companion_api.__main__ import parsed
from companion_api.films.hold_rows import HoldReason, HoldRows
from companion_api.films.holds import ask_hold, confirm_hold
from companion_api.service import Exit, NotStarted, open_eraser
from companion_api.stores.store import StoreFailed, StoreFull

ASKING, CONFIRMING = (f"staff:00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))


def main() -> None:
    """Hold, and exit as `companion-api` does."""
    subject, *settings = sys.argv[1:]
    try:
        hold_film(subject, settings)
    except NotStarted as reason:
        sys.exit(reason.exit_code)
    except (StoreFull, StoreFailed):
        sys.exit(Exit.DATA_UNUSABLE)


def hold_film(subject: str, settings: Sequence[str]) -> None:
    """Ask, say so, confirm, say so. Raises `NotStarted`, `StoreFull`, `StoreFailed`."""
    eraser = open_eraser(parsed(["upkeep", *settings], os.environ)[0])
    with eraser.archive.database.reading() as connection:
        asked = [hold.hold for hold in HoldRows(connection).holds()]
    hold = asked[0] if asked else ask_hold(eraser, ASKING, subject, HoldReason.COURT, "A-1").hold
    print("hold asked", flush=True)
    confirm_hold(eraser, CONFIRMING, hold)
    print("hold confirmed", flush=True)


if __name__ == "__main__":
    main()
