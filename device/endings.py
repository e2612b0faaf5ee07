"""How a film ends: what the table calls it, what its manifest says, and the trouble behind it, if any."""

from device.recorder import Effect
from device.trouble import Trouble
from footage.manifest import Ended

ENDINGS = {
    Effect.CLOSE_STOPPED: Ended.STOPPED,
    Effect.CLOSE_TIME_UP: Ended.TIME_UP,
    Effect.CLOSE_SHUT_DOWN: Ended.SHUT_DOWN,
    Effect.CLOSE_CAMERA_STALLED: Ended.CAMERA_STALLED,
    Effect.CLOSE_CARD_FULL: Ended.CARD_FULL,
    Effect.CLOSE_CARD_FAILED: Ended.CARD_FAILED,
    Effect.CLOSE_RECORDER_FAILED: Ended.RECORDER_FAILED,
    Effect.CLOSE_LIGHT_FAILED: Ended.LIGHT_FAILED,
    Effect.CLOSE_BATTERY_LOW: Ended.BATTERY_LOW,
    Effect.CLOSE_TOO_HOT: Ended.TOO_HOT,
}

BEHIND = {
    Ended.CAMERA_STALLED: Trouble.CAMERA_STALLED,
    Ended.LIGHT_FAILED: Trouble.LIGHT_FAILED,
    Ended.CARD_FULL: Trouble.CARD_FULL,
    Ended.CARD_FAILED: Trouble.CARD_FAILED,
    Ended.SPOOL_DAMAGED: Trouble.SPOOL_DAMAGED,
    Ended.BATTERY_LOW: Trouble.BATTERY_LOW,
    Ended.TOO_HOT: Trouble.TOO_HOT,
    Ended.RECORDER_FAILED: Trouble.RECORDER_FAILED,
}
"""The trouble behind each way in which a film ends that nobody wanted."""
