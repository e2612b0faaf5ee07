"""What the kit shows and sounds: lamps of the status ring and tones of the buzzer, as tables.

Position and rhythm carry the meaning, never colour. A frame lasts half a second, so nothing blinks faster than 1 Hz.
`docs/panel.md` is written from these tables.
"""

from collections.abc import Iterable
from typing import NamedTuple

from device.recorder import Announcement, State
from device.trouble import Trouble

FRAME_SECONDS = 0.5
Lamps = tuple[int, int, int]

DARK: Lamps = (0, 0, 0)
_STATE_FRAMES = 6  # three seconds of the state, then each warning once


class Tone(NamedTuple):
    """So many beeps of `on` seconds with `off` seconds between them."""

    beeps: int
    on: float
    off: float = 0.2


class Told(NamedTuple):
    """How an announcement is told."""

    frames: tuple[Lamps, ...]
    tone: Tone | None


ANNOUNCEMENTS = {
    Announcement.AGREED: Told((), Tone(1, 0.1)),
    Announcement.WITHDRAWN: Told((), Tone(1, 0.4)),
    Announcement.FILM_BEGUN: Told((), Tone(2, 0.1)),
    Announcement.MOMENT: Told((DARK,), None),  # no tone: it must not disturb what is worth marking
    Announcement.FIVE_MINUTES: Told(((1, 0, 0), DARK), Tone(1, 0.05)),
    Announcement.TEN_MINUTES: Told(((1, 1, 0), DARK), Tone(2, 0.05)),
    Announcement.FILM_CLOSED: Told((), Tone(1, 0.8)),
    Announcement.TAKEN_BACK: Told(((1, 1, 1), (1, 1, 0), (1, 0, 0), DARK) * 2, Tone(3, 0.4)),
    Announcement.FAULT: Told((), Tone(5, 0.1)),
    # The light that wandered while films were sent has arrived, and rests.
    Announcement.ALL_ARRIVED: Told(((0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 0, 1)), Tone(4, 0.1, 0.5)),
    Announcement.WARNING: Told((), Tone(2, 0.4)),
    Announcement.REFUSED: Told((DARK, DARK), Tone(2, 0.6)),
}

STATES: dict[State, tuple[Lamps, ...]] = {
    State.READY: ((1, 0, 0),),
    State.AGREED: ((1, 1, 0),),
    State.RECORDING: ((1, 1, 1),),
    State.CLOSING: ((1, 1, 1), DARK),
    State.FAULT: (DARK,),  # and the lamps of its trouble
}

# READY while films are being sent: the light wanders away from its place. Never dark between, as troubles are.
SENDING: tuple[Lamps, ...] = (*((1, 0, 0),) * 4, (0, 1, 0), (0, 0, 1))

CAMERA, LIGHT, CARD = (1, 0, 0), (0, 1, 0), (0, 0, 1)
POWER, AGENCY, MICROPHONE = (1, 1, 0), (0, 1, 1), (1, 0, 1)
SOFTWARE = (1, 1, 1)

TROUBLES: dict[Trouble, Lamps] = {
    Trouble.CAMERA_FAILED: CAMERA,
    Trouble.CAMERA_STALLED: CAMERA,
    Trouble.MICROPHONE_AWAY: MICROPHONE,
    Trouble.LIGHT_FAILED: LIGHT,
    Trouble.CARD_FULL: CARD,
    Trouble.CARD_FAILED: CARD,
    Trouble.SPOOL_DAMAGED: CARD,
    Trouble.BATTERY_LOW: POWER,
    Trouble.UNDERVOLTAGE: POWER,
    Trouble.TOO_HOT: POWER,
    Trouble.CLOCK_NOT_SET: AGENCY,
    Trouble.DIRECTORY_EXPIRED: AGENCY,
    Trouble.FILMS_STUCK: AGENCY,
    Trouble.CONFIG_INVALID: AGENCY,
    Trouble.RECORDER_FAILED: SOFTWARE,
}


def ring(
    state: State, fault: Trouble | None = None, warnings: Iterable[Trouble] = (), *, sending: bool = False
) -> tuple[Lamps, ...]:
    """Return the frames that the ring repeats.

    A fault blinks its lamps: 0.5 s on, 1 s off, so that no fault looks like a state. Warnings follow three seconds of
    the state, one after another, each between dark frames. `sending` shows in READY only.
    """
    if state is State.FAULT:
        return (TROUBLES[fault or Trouble.RECORDER_FAILED], DARK, DARK)
    frames = SENDING if sending and state is State.READY else STATES[state]
    winks = tuple(frame for lamps in dict.fromkeys(map(TROUBLES.__getitem__, warnings)) for frame in (DARK, lamps))
    if not winks:
        return frames
    return (frames * _STATE_FRAMES)[:_STATE_FRAMES] + winks + (DARK,)
