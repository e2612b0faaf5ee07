"""Fitting pictures of any size, shape and rotation into the camera's picture."""

from fractions import Fraction

import av
from av.filter import Graph

from device.ports import PictureFormat

_TURNS: dict[int, tuple[str, ...]] = {
    0: (),
    90: ("transpose=cclock",),
    180: ("hflip", "vflip"),
    270: ("transpose=clock",),
}


class Framing:
    """Turns pictures upright, scales them with their aspect kept, and pads them with black, in yuv420p BT.709."""

    def __init__(self, picture: PictureFormat, pixel_aspect: float) -> None:
        self._picture = picture
        self._pixel_aspect = pixel_aspect
        self._graph = Graph()
        self._graph_for: tuple[object, ...] = ()

    def frame(self, source: av.VideoFrame) -> av.VideoFrame:
        """Return the picture as the camera sees it."""
        turn = round(source.rotation / 90) * 90 % 360
        shape = (source.width, source.height, source.format.name, source.colorspace, source.color_range, turn)
        if shape != self._graph_for:  # a file may change its size midway
            self._graph = self._build(source, turn)
            self._graph_for = shape
        self._graph.vpush(source)
        return self._graph.vpull()

    def _build(self, source: av.VideoFrame, turn: int) -> Graph:
        width, height = source.width * self._pixel_aspect, float(source.height)
        if turn in (90, 270):
            width, height = height, width
        inner_width, inner_height = fit(width, height, self._picture)
        graph = Graph()
        graph.threads = 1
        steps = [
            graph.add(
                "buffer",
                video_size=f"{source.width}x{source.height}",
                pix_fmt=source.format.name,
                time_base=str(source.time_base or Fraction(1, self._picture.frame_rate)),
                colorspace=str(source.colorspace),
                range=str(source.color_range),
            )
        ]
        for turning in _TURNS[turn]:
            name, _, direction = turning.partition("=")
            steps.append(graph.add(name, direction or None))
        steps += [
            graph.add("scale", f"{inner_width}:{inner_height}:flags=bilinear:out_color_matrix=bt709:out_range=limited"),
            graph.add("format", "yuv420p"),
            graph.add("pad", f"{self._picture.width}:{self._picture.height}:-1:-1:black"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        return graph


def fit(width: float, height: float, into: PictureFormat) -> tuple[int, int]:
    """Return the largest even size of the same aspect within the picture."""
    scale = min(into.width / width, into.height / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
