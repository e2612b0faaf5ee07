"""What the recorder asks of a camera. One contract suite (`tests/device/contract`) runs on every adapter."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol


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
    """Size in pixels, and frames a second. A key frame comes every second."""

    width: int
    height: int
    frame_rate: int


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """Samples a second, channels, and the AAC AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""

    sample_rate: int
    channels: int
    config: bytes


class CameraFailed(Exception):
    """The camera or its source can't be used; the message says what to do."""


class Camera(Protocol):
    """Camera and microphone together, encoded.

    `start` returns at once and calls `deliver` from a thread of the camera's own; it raises `CameraFailed` if there is
    nothing to film with. `deliver` never blocks and never raises. After `stop` returned, `deliver` is not called any
    more; what was filmed before has been delivered. `failed` is called, at most once a start, with a reason for
    people, when no more packets will come though nobody called `stop`.
    A camera can be started again after `stop`; times then begin anew.
    """

    picture: PictureFormat
    sound: SoundFormat | None

    def start(self, deliver: Callable[[EncodedPacket], None], failed: Callable[[str], None]) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102
