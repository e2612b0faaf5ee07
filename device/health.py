"""Whether the kit is fit to film: power, heat, clock. Pure decisions on what the sensors say."""

from device.ports import Readings
from device.trouble import Trouble
from footage.manifest import ClockStatus

HOT = 80.0  # °C; here a Raspberry Pi begins to slow down, so no film is begun
TOO_HOT = 85.0  # °C; here it slows down hard, and a running film would lose pictures


def unfit(readings: Readings) -> Trouble | None:
    """Return what forbids to begin a film."""
    return _exhausted(readings, HOT)


def failing(readings: Readings) -> Trouble | None:
    """Return what ends a running film."""
    return _exhausted(readings, TOO_HOT)


def warnings(readings: Readings) -> set[Trouble]:
    """Return what people should know of, though a film may run."""
    found = {unfit(readings)}
    if readings.undervoltage:
        found.add(Trouble.UNDERVOLTAGE)
    if readings.clock is ClockStatus.UNSYNCHRONISED:
        found.add(Trouble.CLOCK_NOT_SET)
    return {trouble for trouble in found if trouble}


def _exhausted(readings: Readings, limit: float) -> Trouble | None:
    if readings.battery_low:
        return Trouble.BATTERY_LOW
    if readings.temperature is not None and readings.temperature >= limit:
        return Trouble.TOO_HOT
    return None
