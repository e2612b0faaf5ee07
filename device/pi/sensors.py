"""What a Raspberry Pi can feel of itself, from Linux's sysfs and one pin."""

from pathlib import Path
from typing import Any

from gpiozero import DigitalInputDevice

from device import clock
from device.board import Board
from device.ports import Readings

_TEMPERATURE = "class/thermal/thermal_zone0/temp"  # m°C (kernel documentation, thermal/sysfs-api)
_UNDERVOLTAGE = "class/hwmon/*/in0_lcrit_alarm"  # of raspberrypi-hwmon, named rpi_volt: below 4.63 V since last read


class PiSensors:
    """As `Sensors`. `system` is where sysfs is mounted."""

    def __init__(self, board: Board, pin_factory: Any = None, system: Path = Path("/sys")) -> None:
        self._power_low = DigitalInputDevice(board.power_low, pull_up=False, pin_factory=pin_factory)
        self._system = system

    def read(self) -> Readings:
        """Return what sysfs, the supply's pin and the kernel's clock say."""
        text = _text(self._system / _TEMPERATURE)
        alarms = self._system.glob(_UNDERVOLTAGE)
        return Readings(
            temperature=int(text) / 1000 if text.lstrip("-").isdigit() else None,
            undervoltage=any(_text(alarm.parent / "name") == "rpi_volt" and _text(alarm) == "1" for alarm in alarms),
            battery_low=bool(self._power_low.is_active),
            clock=clock.clock_status(),
        )


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
