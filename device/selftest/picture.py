"""What the pictures of a sample show: how many a second, how bright, how sharp. All frames are decoded, in memory."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import av
from av.filter import Graph

from device.ports import EncodedPacket, PictureFormat
from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.sample import Sample
from device.selftest.stand import Stand
from device.trouble import Trouble

RATE_TOLERANCE = 0.05
DARK, BRIGHT = 32.0, 220.0  # mean luma; black is 16 and white 235 (ITU-R BT.709)
BLURRED = 20.0  # a blur of sigma 1 px at 720p scores about 40 and more, of 2 px less than 12, out of focus about 2
_SETTLED_SECONDS = 1.0  # exposure and focus find their way before
_LOOK_AT_EVERY = 5  # pictures; one differs little from the next
_LAPLACIAN = "0m='0 1 0 1 -4 1 0 1 0':0rdiv=1:0bias=128"
_GREY = "0x808080"
_TICK = Fraction(1, 25)  # pictures are only counted


class Light(NamedTuple):
    """Mean luma (16 black, 235 white), and variance of the Laplacian of the luma, which grows with sharp edges."""

    brightness: float
    focus: float


def camera(stand: Stand) -> Passed:
    """Film, and judge the pictures."""
    sample = stand.sample()
    size, rate, gap = f"{sample.picture.width}x{sample.picture.height}", picture_rate(sample), key_frame_gap(sample)
    judge_pace(sample.picture, rate, gap)
    light = seen(sample)
    judge_light(light)
    return Passed(
        f"{size}, {rate:.1f} pictures a second, a key frame each {gap:.2f} s, "
        f"brightness {light.brightness:.0f}, focus {light.focus:.0f}",
        {
            "width": sample.picture.width,
            "height": sample.picture.height,
            "pictures_per_second": round(rate, 2),
            "longest_key_frame_gap_s": round(gap, 3),
            "brightness": round(light.brightness, 1),
            "focus": round(light.focus, 1),
        },
    )


def picture_rate(sample: Sample) -> float:
    """Return how many pictures a second came, by their own times."""
    return (len(sample.pictures) - 1) / sample.seconds


def key_frame_gap(sample: Sample) -> float:
    """Return the longest time between two key frames, or to the end, in seconds."""
    times = [packet.at_us for packet in sample.pictures if packet.key_frame]
    return max(after - before for before, after in pairwise([*times, sample.pictures[-1].at_us])) / 1_000_000


def judge_pace(wanted: PictureFormat, rate: float, gap: float) -> None:
    """Raise `PartFailed` unless the rate is the profile's, with a key frame each second."""
    if abs(rate - wanted.frame_rate) > RATE_TOLERANCE * wanted.frame_rate:
        raise PartFailed(
            Flaw.PICTURES_MISSING,
            f"The camera gives {rate:.1f} pictures a second and not {wanted.frame_rate}. "
            "Choose a smaller profile in kit.toml, or another board.",
        )
    if gap > 1 + RATE_TOLERANCE:
        raise PartFailed(
            Flaw.PICTURES_MISSING,
            f"There are {gap:.2f} s between two key frames, so a power cut would cost more than a second. Tell IT.",
        )


def judge_light(light: Light) -> None:
    """Raise `PartFailed` for a picture that nobody could work with. A dark one is never sharp: that comes first."""
    if light.brightness < DARK:
        found = f"The picture is dark (brightness {light.brightness:.0f} of at least {DARK:.0f})."
        raise PartFailed(Flaw.PICTURE_DARK, f"{found} Uncover the lens, and test by daylight or lamps.")
    if light.brightness > BRIGHT:
        found = f"The picture is nearly white (brightness {light.brightness:.0f} of at most {BRIGHT:.0f})."
        raise PartFailed(Flaw.PICTURE_BRIGHT, f"{found} Turn the kit away from the sun or lamp.")
    if light.focus < BLURRED:
        found = f"The picture has no sharp edges (focus {light.focus:.1f} of at least {BLURRED:.0f})."
        raise PartFailed(
            Flaw.PICTURE_BLURRED, f"{found} Let it see a printed page two metres away; wipe, then turn, the lens."
        )


def seen(sample: Sample) -> Light:
    """Decode all pictures and return what is in the middle of the settled ones. Raises `PartFailed`."""
    try:
        meter = None
        first_us = sample.pictures[0].at_us
        lights = []
        count = 0
        for count, (packet, frame) in enumerate(_decoded(sample), start=1):
            settled = packet.at_us - first_us >= _SETTLED_SECONDS * 1_000_000
            if settled and (count - 1) % _LOOK_AT_EVERY == 0:
                meter = meter or LightMeter(frame)
                lights.append(meter.measure(frame))
    except av.FFmpegError as reason:
        raise PartFailed(Trouble.CAMERA_FAILED, f"{_DAMAGED} ({type(reason).__name__})") from None
    if count < len(sample.pictures) or not lights:
        raise PartFailed(Trouble.CAMERA_FAILED, f"{_DAMAGED} ({count} of {len(sample.pictures)})")
    middle = len(lights) // 2
    return Light(sorted(light.brightness for light in lights)[middle], sorted(light.focus for light in lights)[middle])


_DAMAGED = "The camera's pictures can't be decoded. Check its cable, then switch off and on."


def _decoded(sample: Sample) -> Iterator[tuple[EncodedPacket, av.VideoFrame]]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1  # with more, pictures come later than their packets
    for packet in sample.pictures:
        for frame in decoder.decode(av.Packet(packet.data)):
            assert isinstance(frame, av.VideoFrame)
            if (frame.width, frame.height) != (sample.picture.width, sample.picture.height):
                raise PartFailed(
                    Trouble.CAMERA_FAILED,
                    f"The pictures have {frame.width}x{frame.height} pixels. Choose another profile in kit.toml.",
                )
            yield packet, frame


class LightMeter:
    """Measures pictures of one size and format with libav's filters.

    The variance of the Laplacian is the mean square of what the convolution gives, because its mean is 0; and that is
    what `psnr` calls the mean square error of the convolved picture, which lies around 128, against plain grey. Eight
    bits hold no more than 128 either way, so a picture full of the hardest edges scores less than its true variance.
    """

    def __init__(self, like: av.VideoFrame) -> None:
        self._graph = graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(width=like.width, height=like.height, format=like.format, time_base=_TICK)
        luma = graph.add("signalstats"), graph.add("format", "gray"), graph.add("convolution", _LAPLACIAN)
        grey = (
            graph.add("color", f"c={_GREY}:size={like.width}x{like.height}:rate={1 / _TICK}"),
            graph.add("format", "gray"),
        )
        against, sink = graph.add("psnr"), graph.add("buffersink")
        for before, after in (*pairwise((source, *luma)), *pairwise(grey)):
            before.link_to(after)
        luma[-1].link_to(against, 0, 0)
        grey[-1].link_to(against, 0, 1)
        against.link_to(sink)
        graph.configure()
        self._measured = 0

    def measure(self, frame: av.VideoFrame) -> Light:
        """Measure a picture of the same size and format."""
        frame.pts, frame.time_base = self._measured, _TICK
        self._measured += 1
        self._graph.vpush(frame)
        found = self._graph.vpull().metadata
        return Light(float(found["lavfi.signalstats.YAVG"]), float(found["lavfi.psnr.mse.y"]))
