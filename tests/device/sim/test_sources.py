"""Files to film: their shape, their turns, and everything that is no video, or a broken one."""

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from device.ports import CameraFailed, EncodedPacket, PictureFormat
from device.sim.camera import SimulatedCamera
from device.sim.framing import fit
from tests.device.sim.filming import Filmed, beeps, decoded_pictures, film, flashes, luma, muxed
from tests.device.sim.sources import make_video

WIDE = PictureFormat(320, 180, 25)


def first_picture(source: Path) -> npt.NDArray[np.float64]:
    camera = SimulatedCamera(source, picture=WIDE, sound=False, speed=None)
    return luma(decoded_pictures(muxed(camera, film(camera, 0.1)))[0])


def refusal(source: Path) -> str:
    filmed = Filmed()
    with pytest.raises(CameraFailed) as refused:
        SimulatedCamera(source, picture=WIDE).start(filmed.packets.append, filmed.failures.append)
    assert (filmed.packets, filmed.failures) == ([], [])
    return str(refused.value)


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((1920, 1080), (320, 180)),
        ((640, 480), (240, 180)),
        ((720, 1280), (102, 180)),
        ((2000, 500), (320, 80)),
        ((10_000, 2), (320, 2)),
    ],
)
def test_the_aspect_is_kept(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    assert fit(*size, WIDE) == fitted


def test_a_vertical_source_stands_between_black_bars(tmp_path: Path) -> None:
    light = first_picture(make_video(tmp_path / "vertical.mp4", size=(180, 320), seconds=1))
    assert light[:, :105].mean() < 5
    assert light[:, 215:].mean() < 5
    assert light[90, 120:200].mean() > 220


@pytest.mark.parametrize(("turned", "corner"), [(90, "lower left"), (180, "lower right"), (-90, "upper right")])
def test_a_source_filmed_sideways_is_turned_upright(turned: int, corner: str, tmp_path: Path) -> None:
    """The display matrix turns counter-clockwise; the sources' upper left corner is dark."""
    light = first_picture(make_video(tmp_path / "turned.mp4", size=(160, 160), seconds=1, turned=turned))
    upright = light[:, 70:250]
    dark = {
        "upper left": upright[:16, :16].mean(),
        "upper right": upright[:16, -16:].mean(),
        "lower left": upright[-16:, :16].mean(),
        "lower right": upright[-16:, -16:].mean(),
    }
    assert min(dark, key=lambda name: dark[name]) == corner
    assert dark[corner] < 100


def test_a_sideways_phone_video_is_portrait(tmp_path: Path) -> None:
    light = first_picture(make_video(tmp_path / "phone.mp4", size=(320, 180), seconds=1, turned=-90))
    assert light[:, :100].mean() < 5
    assert light[90, 120:200].mean() > 220


def test_a_source_without_sound_has_silence(tmp_path: Path) -> None:
    camera = SimulatedCamera(make_video(tmp_path / "mute.mp4", audio=None), picture=WIDE, speed=None)
    filmed = film(camera, 2)
    assert abs(filmed.sounds()[-1].at_us - filmed.pictures()[-1].at_us) < 100_000
    assert beeps(muxed(camera, filmed), above=0.001) == []


def test_a_source_is_filmed_again_and_again(tmp_path: Path) -> None:
    camera = SimulatedCamera(make_video(tmp_path / "short.mp4", seconds=1), picture=WIDE, speed=None)
    seen = flashes(muxed(camera, film(camera, 4.5)), across=0.5, down=0.5)
    assert seen[:5] == pytest.approx([0, 1, 2, 3, 4], abs=0.001)


def test_a_raw_stream_without_times_is_filmed(tmp_path: Path) -> None:
    camera = SimulatedCamera(
        make_video(tmp_path / "raw.h264", seconds=2, rate=Fraction(25), audio=None), picture=WIDE, speed=None
    )
    seen = flashes(muxed(camera, film(camera, 3.9)), across=0.5, down=0.5)
    assert seen[:4] == pytest.approx([0, 1, 2, 3], abs=0.05)


def test_a_still_picture_is_filmed(tmp_path: Path) -> None:
    with av.open(tmp_path / "still.png", "w", format="image2", options={"update": "1"}) as container:
        video = container.add_stream("png", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "rgb24"
        container.mux(video.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 200, dtype=np.uint8))))
        container.mux(video.encode(None))
    assert first_picture(tmp_path / "still.png")[90, 120:200].mean() > 150


@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
def test_what_can_be_decoded_of_a_cut_file_is_filmed(name: str, tmp_path: Path) -> None:
    whole = make_video(tmp_path / f"whole-{name}", seconds=4, faststart=True).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    camera = SimulatedCamera(cut, picture=WIDE, speed=None)
    filmed = film(camera, 6)
    assert filmed.failures == []
    film_ = muxed(camera, filmed)
    assert len(flashes(film_, across=0.5, down=0.5)) >= 5
    assert len(beeps(film_)) >= 5


def test_damage_in_the_middle_is_survived(tmp_path: Path) -> None:
    source = make_video(tmp_path / "damaged.mkv", seconds=4)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    source.write_bytes(data)
    filmed = film(SimulatedCamera(source, picture=WIDE, speed=None), 6)
    assert filmed.failures == []


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no file" in refusal(tmp_path / "nothing.mp4")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4"])
def test_a_text_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("This is no video.\n" * 500)
    assert name in refusal(tmp_path / name)


@pytest.mark.parametrize("size", [0, 100_000])
def test_nonsense_is_refused(size: int, tmp_path: Path) -> None:
    (tmp_path / "nonsense.mp4").write_bytes(np.random.default_rng(1).bytes(size))
    assert "can't be read as a video" in refusal(tmp_path / "nonsense.mp4")


def test_a_file_cut_before_its_index_is_refused(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", seconds=1).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert "can't be read as a video" in refusal(tmp_path / "cut.mp4")


def test_a_file_whose_pictures_are_destroyed_is_refused(tmp_path: Path) -> None:
    source = make_video(tmp_path / "empty.mp4", seconds=1, audio=None)
    data = bytearray(source.read_bytes())
    begin = data.index(b"mdat") + 4
    end = data.index(b"moov", begin) - 4
    data[begin:end] = bytes(end - begin)
    source.write_bytes(data)
    assert "can be decoded" in refusal(source)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with av.open(tmp_path / "sound.m4a", "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
        block.sample_rate = 48_000
        container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    assert "no moving picture" in refusal(tmp_path / "sound.m4a")


def test_a_file_that_vanishes_while_it_is_filmed_fails_once(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", seconds=1)
    filmed = Filmed()
    ended = threading.Event()

    def deliver(packet: EncodedPacket) -> None:
        source.unlink(missing_ok=True)
        filmed.packets.append(packet)

    def failed(reason: str) -> None:
        filmed.failures.append(reason)
        ended.set()

    camera = SimulatedCamera(source, picture=WIDE, speed=None)
    camera.start(deliver, failed)
    assert ended.wait(10)
    camera.stop()
    assert len(filmed.failures) == 1
    assert "no file" in filmed.failures[0]
    assert len(filmed.pictures()) == 25
