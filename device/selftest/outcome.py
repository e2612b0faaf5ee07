"""How a test ends. Codes are those of `device.trouble` and `device.errors`, and here those that only a bench finds."""

from enum import StrEnum
from typing import NamedTuple

from device.errors import DeviceError
from device.trouble import Trouble


class Flaw(StrEnum):
    """What a running kit can't know of itself, by code."""

    KIT_REVOKED = "kit-revoked"
    KEY_FOREIGN = "key-foreign"
    KEY_EXPOSED = "key-exposed"
    CARD_SLOW = "card-slow"
    PINS_UNUSABLE = "pins-unusable"
    BUTTON_FAILED = "button-failed"
    LAMP_DARK = "lamp-dark"
    BUZZER_SILENT = "buzzer-silent"
    NO_ANSWER = "no-answer"
    PICTURES_MISSING = "pictures-missing"
    PICTURE_DARK = "picture-dark"
    PICTURE_BRIGHT = "picture-bright"
    PICTURE_BLURRED = "picture-blurred"
    SOUND_MISSING = "sound-missing"
    SOUND_SILENT = "sound-silent"
    SOUND_CLIPPED = "sound-clipped"
    SOUND_AGAINST_POLICY = "sound-against-policy"
    SENSOR_MISSING = "sensor-missing"
    SELFTEST_FAILED = "selftest-failed"


MEANINGS = {
    Flaw.KIT_REVOKED: "The directory says that this kit may not send any more.",
    Flaw.KEY_FOREIGN: "The directory lists another key for this kit.",
    Flaw.KEY_EXPOSED: "Every user of the kit may read its key.",
    Flaw.CARD_SLOW: "The card is too slow for the profile, or stops to think for too long.",
    Flaw.PINS_UNUSABLE: "The pins can't be had: none there, no right to them, or another program has them.",
    Flaw.BUTTON_FAILED: "A press or a hold did not arrive, or arrived as another.",
    Flaw.LAMP_DARK: "A person did not see a light.",
    Flaw.BUZZER_SILENT: "A person did not hear the buzzer.",
    Flaw.NO_ANSWER: "Nobody answered a question.",
    Flaw.PICTURES_MISSING: "Fewer or more pictures or key frames a second than the profile says, or damaged ones.",
    Flaw.PICTURE_DARK: "The picture is nearly black.",
    Flaw.PICTURE_BRIGHT: "The picture is nearly white.",
    Flaw.PICTURE_BLURRED: "The picture has no sharp edges.",
    Flaw.SOUND_MISSING: "Less sound than picture, or not at 48 kHz.",
    Flaw.SOUND_SILENT: "The microphone hears nothing.",
    Flaw.SOUND_CLIPPED: "The sound is too loud for the microphone.",
    Flaw.SOUND_AGAINST_POLICY: "There is sound, though the agency wants none.",
    Flaw.SENSOR_MISSING: "The kit can't feel how hot it is.",
    Flaw.SELFTEST_FAILED: "The self-test itself broke.",
}


class PartFailed(DeviceError):
    """A part that is not as it must be; the message says what was found, and what to do."""

    def __init__(self, code: Flaw | Trouble, message: str) -> None:
        super().__init__(message)
        self.code = code.value


class Verdict(StrEnum):
    """The first word of a line."""

    OK = "OK"
    ERROR = "ERROR"
    SKIP = "SKIP"


class Passed(NamedTuple):
    """What was found, in words, and as figures whose names tell their units."""

    text: str
    figures: dict[str, float]


class Result(NamedTuple):
    """How one test ended; `code` is there only for an error."""

    name: str
    verdict: Verdict
    text: str
    code: str = ""
    figures: dict[str, float] = {}  # noqa: RUF012 - never changed
