"""What the kit feels of itself: clock, heat, supply and battery."""

from device import health
from device.errors import KitUnfit
from device.ports import Readings
from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.stand import Stand
from device.trouble import Trouble
from footage.manifest import ClockStatus


def clock(stand: Stand) -> Passed:
    """Ask whether a time service has set the clock."""
    if stand.rig.sensors.read().clock is ClockStatus.UNSYNCHRONISED:
        raise PartFailed(
            Trouble.CLOCK_NOT_SET, "The kit does not know the time. Connect it to a network and wait a minute."
        )
    return Passed("synchronised", {})


def power(stand: Stand) -> Passed:
    """Judge heat, supply and battery."""
    return judge(stand.rig.sensors.read())


def judge(readings: Readings) -> Passed:
    """Return what is passed. Raises `KitUnfit` for what forbids to film, `PartFailed` for the rest."""
    if trouble := health.unfit(readings):
        raise KitUnfit(trouble)
    if readings.undervoltage:
        raise PartFailed(
            Trouble.UNDERVOLTAGE,
            "The supply was too weak since it was asked last. Use the supply and the cable that came with the kit.",
        )
    if readings.temperature is None:
        raise PartFailed(
            Flaw.SENSOR_MISSING,
            "The kit can't feel how hot it is. Switch off and on; if it stays so, replace the board.",
        )
    return Passed(
        f"{readings.temperature:.0f} °C, supply and battery well", {"temperature_c": round(readings.temperature, 1)}
    )
