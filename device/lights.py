"""All that a kit can light, power or sound. It imports little: going dark must not wait for what it does not need."""

from typing import Any

from gpiozero import LED, Buzzer, DigitalOutputDevice, LEDBoard

from device.board import Board


class Lights:
    """The board's outputs; making them switches all of them off. They are on or off: there is no brightness."""

    def __init__(self, board: Board, pin_factory: Any = None) -> None:
        self.microphone_power = DigitalOutputDevice(board.microphone_power, pin_factory=pin_factory)
        self.tally = LED(board.tally, pin_factory=pin_factory)
        self.consent = LEDBoard(*board.consent_light, pin_factory=pin_factory)
        self.ring = LEDBoard(*board.status_ring, pin_factory=pin_factory)
        self.buzzer = Buzzer(board.buzzer, pin_factory=pin_factory)

    def close(self) -> None:
        """Go dark and give the pins back."""
        self.ring.source = None
        for light in (self.microphone_power, self.tally, self.consent, self.ring, self.buzzer):
            light.off()
            light.close()


def go_dark(board: Board, pin_factory: Any = None) -> None:
    """Switch everything off, and with the tally the camera: pins keep what a process that died left in them."""
    Lights(board, pin_factory).close()
