"""The board of the guest: QEMU's one PL061 has eight lines, so what is pressed and watched from outside is on these.

Pins from 8 on (a second lamp of a light, the rest of the ring) are on gpiozero's own `MockFactory`: nobody looks.
"""

from device.board import Board

LINES = 8
GUEST_BOARD = Board(
    record_button=0,
    agree_button=1,
    tally=2,
    consent_light=(3, 8),
    tally_sense=4,
    status_ring=(5, 9, 10),
    buzzer=11,
    microphone_power=6,
    power_low=7,
)
