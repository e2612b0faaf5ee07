"""Everything that can be wrong with a kit, by name: what people are told, and what they can do about it.

A *fault* ended a film or kept it from beginning, and stays until a person presses a button. A *warning* changes
nothing but what the kit says.
"""

from enum import StrEnum


class Trouble(StrEnum):
    """The names, as in logs, in `kit-device status` and in a film's sealed notes."""

    CAMERA_FAILED = "camera-failed"
    CAMERA_STALLED = "camera-stalled"
    MICROPHONE_AWAY = "microphone-away"
    LIGHT_FAILED = "light-failed"
    CARD_FULL = "card-full"
    CARD_FAILED = "card-failed"
    SPOOL_DAMAGED = "spool-damaged"
    BATTERY_LOW = "battery-low"
    UNDERVOLTAGE = "undervoltage"
    TOO_HOT = "too-hot"
    CLOCK_NOT_SET = "clock-not-set"
    DIRECTORY_EXPIRED = "directory-expired"
    FILMS_STUCK = "films-stuck"
    CONFIG_INVALID = "config-invalid"
    RECORDER_FAILED = "recorder-failed"

    @classmethod
    def of(cls, code: str) -> "Trouble":
        """Return the trouble of this code; a code of none is the software's own failure."""
        return cls(code) if code in set(cls) else cls.RECORDER_FAILED


ADVICE = {
    Trouble.CAMERA_FAILED: "The camera can't be used. Check its cable.",
    Trouble.CAMERA_STALLED: "The camera gives no pictures any more. The film so far is kept. Check the camera's cable.",
    Trouble.MICROPHONE_AWAY: "The microphone is away, so films are silent. Check its cable.",
    Trouble.LIGHT_FAILED: "The recording light does not shine, so nothing is filmed. What was filmed is kept. "
    "Have the kit repaired.",
    Trouble.CARD_FULL: "The card is full. The films on it are kept. Bring the kit to its dock.",
    Trouble.CARD_FAILED: "The card does not take the film. What was written is kept. Have the card replaced.",
    Trouble.SPOOL_DAMAGED: "The card lost a part of a film. The rest is kept. Have the card replaced.",
    Trouble.BATTERY_LOW: "The battery is nearly empty. What was filmed is kept. Charge the kit.",
    Trouble.UNDERVOLTAGE: "The supply is too weak for the kit. Use the supply that came with it.",
    Trouble.TOO_HOT: "The kit is too hot. What was filmed is kept. Let it cool, and keep it out of the sun.",
    Trouble.CLOCK_NOT_SET: "The kit does not know the time, and films say so. A network sets it.",
    Trouble.DIRECTORY_EXPIRED: "The agency's directory has expired, so nothing is filmed. Bring the kit to its dock.",
    Trouble.FILMS_STUCK: "Films wait on the kit and can't go to the agency. Use another network, or tell IT; "
    "`kit-device status` says why.",
    Trouble.CONFIG_INVALID: "The kit's settings can't be used. Tell IT; the log says why.",
    Trouble.RECORDER_FAILED: "Filming failed. What was filmed is kept. Tell IT; the log says why.",
}
