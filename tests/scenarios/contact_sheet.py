"""A film at a glance: twelve pictures from beginning to end, in one PNG."""

from pathlib import Path

import av
import av.filter

_COLUMNS, _ROWS, _WIDTH = 4, 3, 320


def write_contact_sheet(movie: Path, sheet: Path) -> None:
    """Write `sheet` from `movie`, the pictures evenly spread over its length."""
    wanted = _COLUMNS * _ROWS
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        total = sum(1 for packet in container.demux(stream) if packet.size)
        container.seek(0)
        graph = _tiles(stream)
        chosen = {number * (total - 1) // (wanted - 1) for number in range(wanted)}
        frames = [frame for number, frame in enumerate(container.decode(stream)) if number in chosen]
        for place in range(wanted):  # a very short film repeats its last picture
            graph.push(frames[min(place, len(frames) - 1)])
        tiled = graph.vpull()
    with av.open(str(sheet), "w", format="image2", options={"update": "1"}) as png:
        encoder = png.add_stream("png")
        encoder.width, encoder.height, encoder.pix_fmt = tiled.width, tiled.height, "rgb24"
        png.mux(encoder.encode(tiled.reformat(format="rgb24")))
        png.mux(encoder.encode(None))


def _tiles(stream: av.VideoStream) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(template=stream)
    scale = graph.add("scale", f"{_WIDTH}:-2")
    tile = graph.add("tile", f"{_COLUMNS}x{_ROWS}:padding=4:margin=4")
    sink = graph.add("buffersink")
    source.link_to(scale)
    scale.link_to(tile)
    tile.link_to(sink)
    graph.configure()
    return graph
