"""What the simulated camera looks at. `GeneratedScene` needs no file; a `Replay` plays one."""

from typing import Protocol

import av
from av.filter import Graph

from device.ports import PictureFormat
from device.sound_encoder import BLOCK, SAMPLE_RATE


class Scene(Protocol):
    """Pictures and sound without end. Both begin at time 0; neither method waits.

    The sound of a time is asked for after the pictures before its end.
    """

    def next_picture(self) -> av.VideoFrame:
        """Return the next picture, in the camera's size and yuv420p. Raises `CameraFailed`."""
        ...

    def next_sound(self) -> av.AudioFrame:
        """Return the next 1024 samples, fltp, mono, 48 kHz. Raises `CameraFailed`."""
        ...

    def close(self) -> None: ...  # noqa: D102


class GeneratedScene:
    """A moving test card with a running clock, over a low hum.

    Exactly on each second its upper left quarter is white for one frame and a tone of 1 kHz sounds for 40 ms, so that
    anybody can measure how well picture and sound are in step.
    """

    def __init__(self, picture: PictureFormat) -> None:
        flash = f"enable='not(mod(n,{picture.frame_rate}))'"
        self._pictures = _chain(
            ("testsrc2", f"size={picture.width}x{picture.height}:rate={picture.frame_rate}"),
            ("drawbox", f"x=0:y=0:w=iw/2:h=ih/2:color=white:t=fill:{flash}"),
            ("format", "yuv420p"),
            ("buffersink", ""),
        )
        waves = "0.02*sin(2*PI*220*t)+0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.04)"
        self._sounds = _chain(
            ("aevalsrc", f"exprs='{waves}':sample_rate={SAMPLE_RATE}:channel_layout=mono:nb_samples={BLOCK}"),
            ("aformat", "sample_fmts=fltp"),
            ("abuffersink", ""),
        )

    def next_picture(self) -> av.VideoFrame:
        """As `Scene`."""
        return self._pictures.vpull()

    def next_sound(self) -> av.AudioFrame:
        """As `Scene`."""
        block = self._sounds.pull()
        assert isinstance(block, av.AudioFrame)
        return block

    def close(self) -> None:
        """Nothing to close."""


def _chain(*filters: tuple[str, str]) -> Graph:
    graph = Graph()
    graph.threads = 1
    graph.link_nodes(*(graph.add(name, options or None) for name, options in filters)).configure()
    return graph
