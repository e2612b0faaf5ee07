"""Which H.264 encoder a machine has: the hardware of a Pi 4 or Zero 2 W, or libx264 on everything else.

Both are given the same promise: a key frame each second with its parameter sets repeated, no B-frames, one packet for
each frame at once.
"""

from pathlib import Path
from typing import Any

from device.ports import PictureFormat

# The one device that picamera2's H264Encoder opens. The Pi 5 has none of this name, and no hardware encoder.
HARDWARE_NAME = Path("/sys/class/video4linux/video11/name")
_HARDWARE = "bcm2835-codec-encode"
_SLICE_THREADS = 2


def has_hardware_encoder(name: Path = HARDWARE_NAME) -> bool:
    """Return whether the kernel offers the VideoCore encoder (bcm2835-codec)."""
    try:
        return name.read_text("ascii", "replace").strip() == _HARDWARE
    except OSError:
        return False


def make_encoder(picture: PictureFormat) -> Any:
    """Return a picamera2 `Encoder` for a picture. Make a new one for each film."""
    settings = {
        "bitrate": picture.bits_per_second,
        "repeat": True,
        "iperiod": picture.frame_rate,  # else the driver's own choice, which is 60
        "framerate": picture.frame_rate,
    }
    if has_hardware_encoder():
        from picamera2.encoders.h264_encoder import H264Encoder

        return H264Encoder(enable_sps_framerate=True, **settings)
    return _software_encoder(settings)


def _software_encoder(settings: dict[str, Any]) -> Any:
    from picamera2.encoders import LibavH264Encoder

    class BoundedEncoder(LibavH264Encoder):  # type: ignore[misc]  # picamera2 has no types
        """libx264 as picamera2 sets it up, but within the bit rate, and without the delay of frame threads."""

        def _start(self) -> None:
            super()._start()
            codec = self._stream.codec_context
            codec.options |= {"maxrate": str(self.bitrate), "bufsize": str(self.bitrate)}
            codec.thread_type, codec.thread_count = "SLICE", _SLICE_THREADS

    return BoundedEncoder(**settings)
