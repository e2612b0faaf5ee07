"""How fast the card makes parts of film durable, written as films are written, and how much film it can take."""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from device.errors import CardFull
from device.profiles import bytes_per_minute
from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.stand import Stand
from footage import durable

PARTS = 40
MARGIN = 3  # times as fast as the film, so that the uplink, and a card of some age, may slow it down
LONGEST_SECONDS = 1.0  # a part is a second of film
_FOLDER = "selftest"


class Pace(NamedTuple):
    """Bytes a second; seconds until a part is durable (file and folder fsynced): half of them, 95 of 100, and all."""

    speed: float
    median: float
    most: float
    longest: float


def card(stand: Stand) -> Passed:
    """Write as much as 40 s of film, remove it, and judge."""
    minute = bytes_per_minute(stand.profile)
    minutes = stand.spool.room_left() / minute
    if minutes < max(1, stand.config.room_minutes):  # a minute is more than what is written here
        raise CardFull(
            f"The card has room for {max(0, int(minutes))} minutes of film; {stand.config.room_minutes} are needed. "
            "Bring the kit to its dock, so that its films go to the agency."
        )
    pace = measure(stand.config.spool / _FOLDER, minute // 60)
    judge(pace, minute / 60)
    return Passed(
        f"{pace.speed / 1e6:.0f} MB/s, a part is durable after {pace.median * 1000:.0f} ms "
        f"(longest of {PARTS}: {pace.longest * 1000:.0f} ms), room for {minutes:.0f} minutes of film",
        {
            "bytes_per_second": round(pace.speed),
            "part_ms_median": round(pace.median * 1000, 2),
            "part_ms_95": round(pace.most * 1000, 2),
            "part_ms_longest": round(pace.longest * 1000, 2),
            "room_minutes": round(minutes, 1),
        },
    )


def measure(folder: Path, part_bytes: int) -> Pace:
    """Write parts of that size to `folder`, which is removed afterwards, as is what a self-test before left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    durable.make_folder(folder)
    try:
        seconds = [_write(folder / str(number), os.urandom(part_bytes)) for number in range(PARTS)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        durable.sync_folder(folder.parent)
    return pace_of(seconds, part_bytes)


def pace_of(seconds: Sequence[float], part_bytes: int) -> Pace:
    """Return the pace of parts that took so many seconds each."""
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return Pace(part_bytes * len(seconds) / sum(seconds), hundredths[49], hundredths[94], max(seconds))


def judge(pace: Pace, film: float) -> None:
    """Raise `PartFailed` unless the card keeps up with `film` bytes a second, with a margin."""
    if pace.speed < MARGIN * film:
        raise PartFailed(
            Flaw.CARD_SLOW,
            f"The card writes {pace.speed / 1e6:.1f} MB/s; {MARGIN * film / 1e6:.1f} are needed. Replace it by a "
            "faster one (A1 or A2), or choose a smaller profile in kit.toml.",
        )
    if pace.longest > LONGEST_SECONDS:
        raise PartFailed(
            Flaw.CARD_SLOW,
            f"A part was durable only after {pace.longest:.1f} s; a second of film comes each second. Test again; if "
            "it stays so, replace the card.",
        )


def _write(file: Path, data: bytes) -> float:
    began = time.perf_counter()
    durable.create_file(file, data)
    return time.perf_counter() - began
