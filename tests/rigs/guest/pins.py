"""gpiozero's pins in the guest, on lgpio and the kernel's own GPIO chip. Only the guest can import this."""

from typing import Any

from gpiozero.pins.lgpio import LGPIOFactory
from gpiozero.pins.mock import MockFactory

from tests.rigs.guest.board import LINES

_RASPBERRY_PI_4 = 0xC03114  # gpiozero must know which pins a board has; the guest says nothing of it


class GuestPins(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
    """The chip's lines as pins 0 to 7; the others are simulated."""

    def __init__(self) -> None:
        super().__init__(chip=0)
        self._elsewhere = MockFactory()

    def _get_revision(self) -> int:
        return _RASPBERRY_PI_4

    def pin(self, name: int) -> Any:
        """As `gpiozero.Factory.pin`."""
        return super().pin(name) if name < LINES else self._elsewhere.pin(name)
