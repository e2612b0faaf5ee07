"""Packets to fragmented MP4 in memory: an init segment, then one fragment for each group of pictures.

No byte of it touches a disk. Truncated after any segment it is still a valid file.
"""

from collections import deque
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from device.ports import EncodedPacket, PictureFormat, SoundFormat, Track
from footage.parts import PartKind

_SECOND_US = 1_000_000
_MICROSECOND = Fraction(1, _SECOND_US)
_AAC_SAMPLES = 1024  # of one frame
_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov+skip_trailer",
    "flush_packets": "1",
    # With libav's default of 10 s a stalled microphone would hold back ten seconds of picture.
    "max_interleave_delta": "200000",
    "use_editlist": "0",
}
_BUFFER_SIZE = 2 * 1024 * 1024  # one call of the sink for each fragment


class Segment(NamedTuple):
    """A piece of the film: kind, bytes, and for media its duration in ms."""

    kind: PartKind
    data: bytes
    duration_ms: int


class Muxer:
    """Takes packets in the order of their time within each track, gives segments. Not thread-safe."""

    def __init__(self, picture: PictureFormat, sound: SoundFormat | None) -> None:
        self._sink = _Boxes()
        self._container: OutputContainer = av.open(
            self._sink, "w", format="mp4", options=_OPTIONS, buffer_size=_BUFFER_SIZE
        )
        self._picture = self._container.add_mux_stream(
            "h264", rate=picture.frame_rate, width=picture.width, height=picture.height
        )
        self._picture_us = _SECOND_US // picture.frame_rate
        self._sound: AudioStream | None = None
        if sound is not None:
            layout = "mono" if sound.channels == 1 else "stereo"
            self._sound = self._container.add_stream("aac", rate=sound.sample_rate, layout=layout)
            self._sound_us = _SECOND_US * _AAC_SAMPLES // sound.sample_rate
        self._mux_one = self._container.mux_one
        self._group_starts: deque[int] = deque()  # µs of the key frames whose fragments are not out yet
        self._end_us = 0

    def add(self, packet: EncodedPacket) -> list[Segment]:
        """Take a packet and return the segments that it completed. Pictures before the first key frame are dropped."""
        track, data, at_us, key_frame = packet
        frame = av.Packet(data)
        if track is Track.PICTURE:
            if key_frame:
                self._group_starts.append(at_us)
            elif not self._group_starts:
                return []
            self._end_us = at_us + self._picture_us
            frame.stream, frame.duration = self._picture, self._picture_us
        elif self._sound is not None:
            frame.stream, frame.duration = self._sound, self._sound_us
        else:
            return []
        frame.time_base = _MICROSECOND
        frame.pts = frame.dts = at_us
        frame.is_keyframe = key_frame
        self._mux_one(frame)
        return self._take() if self._sink.pieces else []

    def finish(self) -> list[Segment]:
        """End the film and return its last segments."""
        if not self._group_starts:
            return []  # without a picture there is nothing that a player could show
        self._container.close()
        self._group_starts.append(self._end_us)
        return self._take()

    def _take(self) -> list[Segment]:
        segments = []
        for data in self._sink.take():
            if data[4:8] == b"moof":
                start = self._group_starts.popleft()
                duration_ms = self._group_starts[0] // 1000 - start // 1000
                segments.append(Segment(PartKind.MEDIA, data, duration_ms))
            else:
                segments.append(Segment(PartKind.INIT, data, 0))
        return segments


class _Boxes:
    """The muxer's sink: cuts its bytes into the init segment and `moof` + `mdat` pairs (ISO/IEC 14496-12).

    A write usually is one whole fragment, which is then handed on without being copied.
    """

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(data)
        return len(data)

    def take(self) -> list[bytes]:
        """Return the complete segments and keep the rest."""
        data = b"".join(self.pieces)
        cuts = [0]
        position = 0
        while position + 8 <= len(data):
            size = int.from_bytes(data[position : position + 4], "big")
            kind = data[position + 4 : position + 8]
            if position + size > len(data):
                break
            position += size
            if kind in (b"moov", b"mdat"):
                cuts.append(position)
        rest = data[cuts[-1] :]
        self.pieces = [rest] if rest else []
        return [data[start:end] for start, end in pairwise(cuts)]
