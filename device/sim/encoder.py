"""The simulated camera's encoders: libx264 and FFmpeg's AAC, both by PyAV.

They make what the Pi's camera makes: closed groups of pictures of exactly one second, no B-frames, no more bits a
second than asked for.
"""

from fractions import Fraction

import av
from av.video.frame import PictureType

from device.ports import CameraFailed, EncodedPacket, PictureFormat, SoundFormat, Track

SAMPLE_RATE = 48_000
BLOCK = 1024
"""Samples in one AAC-LC frame."""

_SOUND_BITS = 128_000
_BT709 = 1  # ISO/IEC 23091-2: primaries, transfer and matrix have the same number
_LIMITED_RANGE = 1
_MICROSECONDS = 1_000_000


class PictureEncoder:
    """H.264 in Annex B form, one packet a frame at once. Raises `CameraFailed` for a format that can't be encoded."""

    def __init__(self, picture: PictureFormat) -> None:
        rate = str(picture.frame_rate)
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, picture.frame_rate), Fraction(picture.frame_rate)
        codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
        codec.color_range = _LIMITED_RANGE
        codec.bit_rate = picture.bits_per_second
        codec.thread_count = 2
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "maxrate": str(picture.bits_per_second),
            "bufsize": str(picture.bits_per_second),
            "g": rate,
            "keyint_min": rate,
            "sc_threshold": "0",
            "a53cc": "0",
        }
        try:
            codec.open()
        except av.FFmpegError:
            raise CameraFailed(
                f"Pictures of {picture.width}x{picture.height} can't be encoded. Choose an even width and height."
            ) from None
        self._codec = codec
        self._rate = picture.frame_rate

    def encode(self, frame: av.VideoFrame, number: int) -> list[EncodedPacket]:
        """Encode the picture of this number, counted from 0."""
        frame.pts, frame.time_base = number, self._codec.time_base
        frame.pict_type = PictureType.NONE  # else x264 makes a key frame wherever the source had one
        return [
            EncodedPacket(Track.PICTURE, bytes(packet), microseconds(packet.pts or 0, self._rate), packet.is_keyframe)
            for packet in self._codec.encode(frame)
        ]


class SoundEncoder:
    """Raw AAC-LC frames. A packet comes two blocks after its own, as the encoder looks ahead."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("aac", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = SAMPLE_RATE, "mono", "fltp"
        self._codec.time_base = Fraction(1, SAMPLE_RATE)
        self._codec.bit_rate = _SOUND_BITS
        self._codec.open()

    @property
    def format(self) -> SoundFormat:
        """What a player must know."""
        return SoundFormat(SAMPLE_RATE, 1, self._codec.extradata or b"")

    def encode(self, block: av.AudioFrame, number: int) -> list[EncodedPacket]:
        """Encode the block of 1024 samples of this number, counted from 0."""
        block.pts, block.time_base = number * BLOCK, self._codec.time_base
        return self._packets(block)

    def finish(self) -> list[EncodedPacket]:
        """Return what the encoder still holds."""
        return self._packets(None)

    def _packets(self, block: av.AudioFrame | None) -> list[EncodedPacket]:
        # A packet decodes to the samples that its time names. The first one, at -1024, only primes a decoder. Without
        # it the first 21 ms fade in, but every sample is in its place, also for players that ignore edit lists.
        return [
            EncodedPacket(Track.SOUND, bytes(packet), microseconds(packet.pts, SAMPLE_RATE), True)
            for packet in self._codec.encode(block)
            if packet.pts is not None and packet.pts >= 0
        ]


def microseconds(count: int, rate: int) -> int:
    """Return the time of the `count`-th frame or sample."""
    return (count * _MICROSECONDS + rate // 2) // rate


def silence(samples: int = BLOCK) -> av.AudioFrame:
    """Return mono samples of nothing."""
    frame = av.AudioFrame(format="fltp", layout="mono", samples=samples)
    frame.sample_rate = SAMPLE_RATE
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame
