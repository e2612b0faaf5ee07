"""Rate, key frames, brightness and focus, against pictures that are known to be dark, white, blurred or too few."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph

from device.ports import PictureFormat, Track
from device.selftest import picture
from device.selftest.outcome import PartFailed
from device.selftest.picture import Light, LightMeter
from device.selftest.sample import Sample
from device.sim.camera import SimulatedCamera
from tests.device.selftest.bench import SMALL, Bench
from tests.device.sim.filming import film


def video(path: Path, *filters: tuple[str, str]) -> Path:
    """Write three seconds of what these filters make."""
    graph = Graph()
    nodes = [graph.add(name, options) for name, options in filters]
    graph.link_nodes(*nodes, graph.add("format", "yuv420p"), graph.add("buffersink")).configure()
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = SMALL.width, SMALL.height, "yuv420p"
        for number in range(75):
            frame = graph.vpull()
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


CARD = ("testsrc2", f"size={SMALL.width}x{SMALL.height}:rate=25")


def plain(color: str) -> tuple[str, str]:
    return ("color", f"c={color}:size={SMALL.width}x{SMALL.height}:rate=25")


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ((CARD,), ""),
        ((CARD, ("gblur", "sigma=0.5")), ""),
        ((CARD, ("gblur", "sigma=4")), "picture-blurred"),
        ((plain("gray"),), "picture-blurred"),
        ((plain("black"),), "picture-dark"),
        ((plain("white"),), "picture-bright"),
    ],
)
def test_what_nobody_could_work_with_is_named(tmp_path: Path, filters: tuple[tuple[str, str], ...], code: str) -> None:
    camera = SimulatedCamera(video(tmp_path / "scene.mp4", *filters), picture=SMALL, speed=None)
    assert Bench(tmp_path, camera).code("camera") == code


def test_focus_falls_with_every_step_of_blur(tmp_path: Path) -> None:
    sharpness = []
    for sigma in (0.3, 0.7, 1, 2, 4, 8):
        source = video(tmp_path / f"{sigma}.mp4", CARD, ("gblur", f"sigma={sigma}"))
        sharpness.append(picture.seen(sample(SimulatedCamera(source, picture=SMALL, speed=None))).focus)
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 10 * sharpness[3]


@pytest.mark.parametrize("noise", [0, 3, 10])
def test_focus_is_the_variance_of_the_laplacian_and_brightness_the_mean_luma(noise: int) -> None:
    random = np.random.default_rng(7)
    height, width = 120, 160
    luma = (128 + noise * random.standard_normal((height, width))).clip(16, 235).astype(np.uint8)
    chroma = np.full((height // 2, width), 128, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(np.concatenate([luma, chroma]), format="yuv420p")
    light = LightMeter(frame).measure(frame)
    assert light.brightness == pytest.approx(luma.mean(), abs=0.01)
    # The filter works on full range: black to white is 255 steps there, and 219 in the film.
    middle = luma.astype(float) * 255 / 219
    laplacian = middle[:-2, 1:-1] + middle[2:, 1:-1] + middle[1:-1, :-2] + middle[1:-1, 2:] - 4 * middle[1:-1, 1:-1]
    assert light.focus == pytest.approx(laplacian.var(), rel=0.08, abs=1)


@pytest.mark.parametrize(
    ("rate", "gap", "says"),
    [
        (25.0, 1.0, None),
        (23.8, 1.04, None),
        (23.7, 1.0, "23.7 pictures a second"),
        (26.3, 1.0, "26.3 pictures a second"),
        (25.0, 1.06, "between two key frames"),
    ],
)
def test_pictures_and_key_frames_come_in_time(rate: float, gap: float, says: str | None) -> None:
    if says is None:
        picture.judge_pace(SMALL, rate, gap)
        return
    with pytest.raises(PartFailed, match=says) as refusal:
        picture.judge_pace(SMALL, rate, gap)
    assert refusal.value.code == "pictures-missing"


def test_the_pace_is_measured_by_the_pictures_times() -> None:
    every_second_one = whole = sample(SimulatedCamera(picture=SMALL, speed=None))
    every_second_one = whole._replace(pictures=whole.pictures[::2])
    assert picture.picture_rate(whole) == pytest.approx(25)
    assert picture.picture_rate(every_second_one) == pytest.approx(12.5, rel=0.05)
    assert picture.key_frame_gap(whole) == pytest.approx(1)
    without_the_second_group = [packet for packet in whole.pictures if not (packet.key_frame and packet.at_us)]
    assert picture.key_frame_gap(whole._replace(pictures=tuple(without_the_second_group))) > 1.9


def test_pictures_that_can_not_be_decoded_are_named() -> None:
    whole = sample(SimulatedCamera(picture=SMALL, speed=None))
    damaged = tuple(packet._replace(data=b"\0\0\0\1" + bytes(200)) for packet in whole.pictures)
    with pytest.raises(PartFailed, match="can't be decoded") as refusal:
        picture.seen(whole._replace(pictures=damaged))
    assert refusal.value.code == "camera-failed"


def test_pictures_of_another_size_are_named() -> None:
    whole = sample(SimulatedCamera(picture=SMALL, speed=None))
    with pytest.raises(PartFailed, match="640x360"):
        picture.seen(whole._replace(picture=PictureFormat(1280, 720, 25)))


@pytest.mark.parametrize(
    ("light", "code"),
    [
        (Light(picture.DARK, picture.BLURRED), ""),
        (Light(picture.BRIGHT, picture.BLURRED), ""),
        (Light(picture.DARK - 1, 0), "picture-dark"),
        (Light(picture.BRIGHT + 1, 0), "picture-bright"),
        (Light(120, picture.BLURRED - 1), "picture-blurred"),
    ],
)
def test_the_first_thing_to_put_right_is_told_first(light: Light, code: str) -> None:
    if not code:
        picture.judge_light(light)
        return
    with pytest.raises(PartFailed) as refusal:
        picture.judge_light(light)
    assert refusal.value.code == code


def sample(camera: SimulatedCamera) -> Sample:
    """Two seconds, without a panel."""
    packets = [packet for packet in film(camera, 2).packets if packet.track is Track.PICTURE][:51]
    return Sample(camera.picture, camera.sound, tuple(packets), (), False)
