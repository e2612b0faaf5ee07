"""Opened parts to an ordinary MP4 with its index in front, for any player. Nothing is encoded again."""

from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from provisioning.errors import FilmUnplayable


class JoinedParts:
    """Init and media parts, joined as they are read: a fragmented MP4 that is never whole in memory."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = memoryview(part)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


def write_movie(parts: Iterator[bytes], path: Path) -> None:
    """Write the film to `path`; what reading `parts` raises comes through, and no file is left then.

    Raises `FilmUnplayable`.
    """
    unfinished = path.with_name(f".{path.name}")
    try:
        with (
            av.open(JoinedParts(parts), "r", format="mp4") as source,
            av.open(str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}) as target,
        ):
            _copy(source, target)
    except av.FFmpegError as reason:
        unfinished.unlink(missing_ok=True)
        raise FilmUnplayable(f"The film opened, but it is no video ({reason.strerror}). Keep its store.") from None
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(path)


def _copy(source: InputContainer, target: OutputContainer) -> None:
    streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
    for packet in source.demux():
        if packet.dts is not None:
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
