"""Opening a video file as something to film, and decoding one of its streams."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import av
from av.stream import Discard, Disposition, Stream

from device.ports import CameraFailed

_Frame = TypeVar("_Frame", av.VideoFrame, av.AudioFrame)


class TimedPicture(NamedTuple):
    """A decoded picture: when it is shown and for how long, in seconds on the file's own clock."""

    at: float
    lasts: float
    frame: av.VideoFrame


class VideoFile:
    """An open video file. Decode either its pictures or its sounds: it is read only once.

    Packets that can't be decoded are left out, and a damaged file ends where reading it ends.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises `CameraFailed` if it has no moving picture that can be decoded."""
        try:
            # No network, whatever a playlist says. An absolute path is never taken for a protocol.
            self._container = av.open(
                path.absolute(), "r", options={"protocol_whitelist": "file"}, metadata_errors="replace"
            )
        except av.FFmpegError as reason:
            raise CameraFailed(_refusal(path, reason)) from None
        streams = self._container.streams
        pictures = [stream for stream in streams.video if not stream.disposition & Disposition.attached_pic]
        if not pictures or self._container.format.name == "tty":  # libav draws text files as a terminal would
            self._container.close()
            raise CameraFailed(f"There is no moving picture in {path}. Name a video file, or none.")
        self._picture = pictures[0]
        self._sound = streams.audio[0] if streams.audio else None
        self.pixel_aspect = float(self._picture.sample_aspect_ratio or 1)
        """Width of a pixel by its height: other than 1 in anamorphic video."""

    def pictures(self) -> Iterator[TimedPicture]:
        """Yield the decoded pictures."""
        codec = self._picture.codec_context
        codec.thread_type, codec.thread_count = "AUTO", 2
        usual = 1 / float(self._picture.guessed_rate or 25)
        following = 0.0
        for frame in self._decoded(self._picture, av.VideoFrame):
            tick = float(frame.time_base or 0)
            count = frame.pts if frame.pts is not None else frame.dts
            at = following if count is None else count * tick  # raw streams have no times
            lasts = frame.duration * tick or usual
            following = at + lasts
            yield TimedPicture(at, lasts, frame)

    def sounds(self) -> Iterator[av.AudioFrame]:
        """Yield the decoded sound; nothing if there is none."""
        if self._sound is not None:
            yield from self._decoded(self._sound, av.AudioFrame)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _decoded(self, wanted: Stream, kind: type[_Frame]) -> Iterator[_Frame]:
        for stream in self._container.streams:
            stream.discard = Discard.default if stream.index == wanted.index else Discard.all
        packets = self._container.demux(wanted)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            yield from (frame for frame in frames if isinstance(frame, kind))


def _refusal(path: Path, reason: av.FFmpegError) -> str:
    match reason:
        case FileNotFoundError():
            return f"There is no file {path}. Name a video file, or none for the generated scene."
        case IsADirectoryError():
            return f"{path} is a folder. Name a video file."
        case PermissionError():
            return f"{path} may not be read. Allow this user to read it."
        case _:
            return f"{path} can't be read as a video: it is damaged, or of an unknown kind. Convert it to MP4."
