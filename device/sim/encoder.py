"""The simulated camera's picture encoder: libx264 by PyAV.

It makes what the Pi's camera makes: closed groups of pictures of exactly one second, no B-frames, no more bits a
second than asked for.
"""

from fractions import Fraction

import av
from av.video.frame import PictureType

from device.ports import CameraFailed, EncodedPacket, PictureFormat, Track
from device.sound_encoder import microseconds

_BT709 = 1  # ISO/IEC 23091-2: primaries, transfer and matrix have the same number
_LIMITED_RANGE = 1


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
