"""What a kit may film: three profiles, chosen by `profile` in `kit.toml`."""

from device.ports import PictureFormat

PROFILES = {
    "720p25": PictureFormat(1280, 720, 25, 4_000_000),
    "1080p30": PictureFormat(1920, 1080, 30, 8_000_000),
    "360p25": PictureFormat(640, 360, 25, 1_000_000),  # for the smallest boards and the longest visits
}
DEFAULT = PROFILES["720p25"]

_SOUND_BITS = 128_000
_OVERHEAD = 1.08  # padding, headers, boxes


def bytes_per_minute(picture: PictureFormat) -> int:
    """Return the room that a minute of film takes at most."""
    return int((picture.bits_per_second + _SOUND_BITS) * _OVERHEAD * 60 / 8)
