"""Which pin of the Raspberry Pi does what (BCM numbers). The circuit in `hardware/` is drawn from the same data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Board:
    """The pins of one kit."""

    record_button: int = 17  # to ground, pulled up
    agree_button: int = 27  # to ground, pulled up
    tally: int = 23  # switches the camera's power and the recording light together
    tally_sense: int = 24  # high only when light current flows: CAM_PWR_OK
    consent_light: tuple[int, ...] = (16, 26)
    status_ring: tuple[int, ...] = (5, 6, 13)
    buzzer: int = 12  # an active one: it sounds while the pin is high
    microphone_power: int = 4  # with the tally's power: low by policy, and the microphone is dead
    power_low: int = 22  # from the supply: high when the battery is nearly empty


BOARD = Board()
