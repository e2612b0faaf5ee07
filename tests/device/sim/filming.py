"""Filming with a camera, and measuring what it delivered as a player would hear and see it."""

import io
import threading
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from device.ports import Camera, EncodedPacket, Track

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov", "use_editlist": "0"}


@dataclass
class Filmed:
    """What a camera delivered, and what it said when it failed."""

    packets: list[EncodedPacket] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def track(self, track: Track) -> list[EncodedPacket]:
        return [packet for packet in self.packets if packet.track is track]

    def pictures(self) -> list[EncodedPacket]:
        return self.track(Track.PICTURE)

    def sounds(self) -> list[EncodedPacket]:
        return self.track(Track.SOUND)


def film(camera: Camera, seconds: float, *, timeout: float = 60) -> Filmed:
    """Film until a picture or sound of this time has come, or the camera failed; then stop."""
    filmed = Filmed()
    enough = threading.Event()

    def deliver(packet: EncodedPacket) -> None:
        filmed.packets.append(packet)
        if packet.at_us >= seconds * 1_000_000:
            enough.set()

    def failed(reason: str) -> None:
        filmed.failures.append(reason)
        enough.set()

    camera.start(deliver, failed)
    try:
        assert enough.wait(timeout), "the camera delivered too little in time"
    finally:
        camera.stop()
    return filmed


def muxed(camera: Camera, filmed: Filmed) -> bytes:
    """Return a fragmented MP4 without edit lists: what the plainest player plays."""
    sink = io.BytesIO()
    picture = camera.picture
    with av.open(sink, "w", format="mp4", options=FRAGMENTED) as container:
        video = container.add_mux_stream("h264", rate=picture.frame_rate, width=picture.width, height=picture.height)
        audio = container.add_stream("aac", rate=48_000, layout="mono") if camera.sound else None
        for source in sorted(filmed.packets, key=lambda packet: packet.at_us):
            packet = av.Packet(source.data)
            stream = video if source.track is Track.PICTURE else audio
            assert stream is not None
            packet.stream = stream
            packet.time_base = Fraction(1, 1_000_000)
            packet.pts = packet.dts = source.at_us
            packet.is_keyframe = source.key_frame
            container.mux(packet)
    return sink.getvalue()


def flashes(mp4: bytes, *, across: float = 0.25, down: float = 0.25) -> list[float]:
    """Return when the picture turns white around a spot, in seconds."""
    found: list[float] = []
    was_white = False
    with av.open(io.BytesIO(mp4), "r") as container:
        for frame in container.decode(video=0):
            light = luma(frame)
            y, x = int(frame.height * down), int(frame.width * across)
            is_white = float(light[y - 4 : y + 4, x - 4 : x + 4].mean()) > 200
            if is_white and not was_white:
                found.append(frame.time)
            was_white = is_white
    return found


def beeps(mp4: bytes, *, above: float = 0.15) -> list[float]:
    """Return when a loud sound begins after a quarter of a second without one, in seconds."""
    loud: list[npt.NDArray[np.float64]] = []
    with av.open(io.BytesIO(mp4), "r") as container:
        for frame in container.decode(audio=0):
            samples = np.abs(np.asarray(frame.to_ndarray(), dtype=np.float64)[0])
            loud.append((frame.time or 0.0) + np.flatnonzero(samples > above) / frame.sample_rate)
    times = np.concatenate(loud)
    onsets = np.flatnonzero(np.diff(times, prepend=-1.0) > 0.25)
    return [float(time) for time in times[onsets]]


def luma(frame: av.VideoFrame) -> npt.NDArray[np.float64]:
    """Return the brightness of each pixel: an array of height x width."""
    return np.asarray(frame.to_ndarray(format="gray"), dtype=np.float64)


def decoded_pictures(mp4: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(mp4), "r") as container:
        return list(container.decode(video=0))


def worst_offset(mp4: bytes, *, least: int, across: float = 0.25, down: float = 0.25) -> float:
    """Return how far a beep and the flash nearest to it are apart at worst, in seconds, over `least` beeps or more."""
    seen, heard = flashes(mp4, across=across, down=down), beeps(mp4)
    assert len(heard) >= least, (seen, heard)
    return max(min(abs(flash - beep) for flash in seen) for beep in heard)
