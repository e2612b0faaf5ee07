"""Opened parts to an ordinary MP4: index at the front, one chapter for each moment. Nothing is encoded again."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer, OutputContainer

from provisioning.errors import FilmUnplayable

if TYPE_CHECKING:
    from av.container.core import Chapter

_MILLISECONDS = 1000


class JoinedParts:
    """Init and media parts, joined as they are read: a fragmented MP4 that is never whole in memory."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def write_movie(parts: Iterator[bytes], path: Path, moments_ms: list[int], duration_ms: int) -> None:
    """Write the film to `path`; what reading `parts` raises comes through, and no file is left then.

    `moments_ms` and `duration_ms` count from the first frame. Raises `FilmUnplayable`.
    """
    unfinished = path.with_name(f".{path.name}")
    joined = JoinedParts(parts)
    try:
        with (
            av.open(joined, "r", format="mp4") as source,
            av.open(str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}) as target,
        ):
            if moments_ms:
                target.set_chapters(_chapters(moments_ms, duration_ms))
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


def _chapters(moments_ms: list[int], end_ms: int) -> "list[Chapter]":
    starts = [0, *moments_ms]
    ends = [*moments_ms, max(end_ms, moments_ms[-1] + 1)]
    return [
        {
            "id": number,
            "start": start,
            "end": end,
            "time_base": Fraction(1, _MILLISECONDS),
            "metadata": {"title": f"Moment {number}" if number else "Start"},
        }
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
