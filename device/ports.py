"""What the recorder asks of a camera, a microphone and sensors. `tests/device/contract` holds them to it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol

from footage.manifest import ClockStatus


class Track(Enum):
    """The two tracks of a film."""

    PICTURE = auto()
    SOUND = auto()


class EncodedPacket(NamedTuple):
    """One encoded frame.

    `data` is one H.264 access unit in Annex B form (key frames repeat SPS and PPS; no B-frames, so that decoding order
    is presentation order), or one raw AAC-LC frame of 1024 samples without ADTS header. `at_us` is the presentation
    time in microseconds on one clock for both tracks, which starts near 0 when the camera starts; never decreasing
    within a track. A sound packet's time is that of its first sample.
    """

    track: Track
    data: bytes
    at_us: int
    key_frame: bool


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """Size in pixels, frames a second, and the most bits a second. A key frame comes every second."""

    width: int
    height: int
    frame_rate: int
    bits_per_second: int = 4_000_000


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """Samples a second, channels, and the AAC AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""

    sample_rate: int
    channels: int
    config: bytes


class CameraFailed(Exception):
    """The camera or its source can't be used; the message says what to do."""


class Notice(Enum):
    """What a camera tells while it goes on filming."""

    MICROPHONE_AWAY = auto()  # unplugged or broken: its sound is silence from here on
    MICROPHONE_BACK = auto()


Deliver = Callable[[EncodedPacket], None]
Failed = Callable[[str], None]
Notify = Callable[[Notice], None]


def ignore(_: Notice) -> None:
    """Leave a notice unheard."""


class Camera(Protocol):
    """Camera and microphone together, encoded.

    `start` returns at once and calls `deliver` from a thread of the camera's own; it raises `CameraFailed` if there is
    nothing to film with. `deliver` never blocks and never raises. After `stop` returned, `deliver` is not called any
    more; what was filmed before has been delivered. `failed` is called, at most once a start, with a reason for
    people, when no more packets will come though nobody called `stop`. `notify` is called when something changes that
    does not end the film; neither of the two blocks or raises.
    A camera can be started again after `stop`; times then begin anew.
    """

    picture: PictureFormat
    sound: SoundFormat | None

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102


class Microphone(Protocol):
    """A microphone, encoded; a camera adapter that has none of its own is given one.

    `start` returns at once and calls `deliver` from a thread of the microphone's own with sound packets only; it never
    fails, because a film without sound is better than none. Times (`at_us`) are those of CLOCK_MONOTONIC, in
    microseconds. From the first packet to `stop` one packet follows the other without a gap, 1024 samples each: where
    the microphone was away they hold silence, and `notify` tells it. However its own clock drifts, samples stay within
    a few milliseconds of when they were heard. After `stop` returned neither is called any more. It can be started
    again.
    """

    sound: SoundFormat

    def start(self, deliver: Deliver, notify: Notify = ignore) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102


class Readings(NamedTuple):
    """What the kit feels of itself just now."""

    temperature: float | None = None  # °C of the processor; None where nobody knows
    undervoltage: bool = False  # the supply was too weak since it was asked last
    battery_low: bool = False  # the battery lasts for minutes only
    clock: ClockStatus = ClockStatus.SYNCHRONISED


class Sensors(Protocol):
    """The kit's sensors. Asked every few seconds; `read` answers at once and never raises."""

    def read(self) -> Readings: ...  # noqa: D102
