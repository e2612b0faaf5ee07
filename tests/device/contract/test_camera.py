"""What `device.ports.Camera` promises, held against every camera."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from device.ports import Camera, PictureFormat
from device.sim.camera import SimulatedCamera
from tests.device.pi.tone_microphone import ToneMicrophone
from tests.device.sim.filming import Filmed, decoded_pictures, film, muxed
from tests.device.sim.sources import make_video

SECONDS = 2.5
PICTURE = PictureFormat(320, 180, 25)


def _generated(_: Path) -> Camera:
    return SimulatedCamera(picture=PICTURE, speed=None)


def _with_source(folder: Path) -> Camera:
    return SimulatedCamera(make_video(folder / "source.mp4", seconds=1), picture=PICTURE, speed=None)


def _in_real_time(_: Path) -> Camera:
    return SimulatedCamera(picture=PICTURE)


ADAPTERS: dict[str, Callable[[Path], Camera]] = {
    "generated": _generated,
    "with source": _with_source,
    "real time": _in_real_time,
}


def _raspberry_pi(_: Path) -> Camera:
    from device.pi.camera import PiCamera

    return PiCamera(PICTURE, ToneMicrophone())


if find_spec("picamera2"):  # on a kit, and in the rig with libcamera's virtual camera
    ADAPTERS["Raspberry Pi"] = _raspberry_pi


@pytest.fixture(scope="module", params=ADAPTERS, name="camera")
def _camera(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Camera:
    return ADAPTERS[request.param](tmp_path_factory.mktemp("camera"))


@pytest.fixture(scope="module", name="filmed")
def _filmed(camera: Camera) -> Filmed:
    return film(camera, SECONDS)


def test_it_does_not_fail(filmed: Filmed) -> None:
    assert filmed.failures == []


def test_pictures_are_in_annex_b_form(filmed: Filmed) -> None:
    for packet in filmed.pictures():
        assert packet.data.startswith((b"\0\0\0\1", b"\0\0\1"))


def test_key_frames_repeat_their_parameters_and_others_are_none(filmed: Filmed) -> None:
    for packet in filmed.pictures():
        kinds = nal_kinds(packet.data)
        assert ({7, 8, 5} <= kinds) if packet.key_frame else (5 not in kinds and 1 in kinds)


def test_a_key_frame_comes_first_and_then_every_second(camera: Camera, filmed: Filmed) -> None:
    rate = camera.picture.frame_rate
    for number, packet in enumerate(filmed.pictures()):
        assert packet.key_frame == (number % rate == 0)


def test_pictures_are_evenly_spaced(camera: Camera, filmed: Filmed) -> None:
    times = [packet.at_us for packet in filmed.pictures()]
    frame = 1_000_000 / camera.picture.frame_rate
    assert all(frame / 2 < later - earlier < frame * 3 / 2 for earlier, later in pairwise(times))


def test_sound_is_raw_aac(camera: Camera, filmed: Filmed) -> None:
    assert camera.sound is not None
    assert camera.sound.config[0] >> 3 == 2  # AAC-LC
    for packet in filmed.sounds():
        assert packet.key_frame
        assert packet.data[:1] != b"\xff"  # as an ADTS header begins


def test_sound_has_1024_samples_a_packet_and_no_gaps(camera: Camera, filmed: Filmed) -> None:
    assert camera.sound is not None
    first = filmed.sounds()[0].at_us
    for number, packet in enumerate(filmed.sounds()):
        assert abs(packet.at_us - first - number * 1024 * 1_000_000 / camera.sound.sample_rate) < 1000


def test_both_tracks_begin_near_0_and_are_equally_long(filmed: Filmed) -> None:
    pictures, sounds = filmed.pictures(), filmed.sounds()
    assert 0 <= pictures[0].at_us < 100_000
    assert 0 <= sounds[0].at_us < 100_000
    assert abs(pictures[-1].at_us - sounds[-1].at_us) < 100_000


def test_it_decodes_without_an_error(camera: Camera, filmed: Filmed) -> None:
    pictures = decoded_pictures(muxed(camera, filmed))
    assert len(pictures) == len(filmed.pictures())
    assert {(picture.width, picture.height) for picture in pictures} == {(camera.picture.width, camera.picture.height)}
    assert not any(picture.is_corrupt for picture in pictures)


def test_nothing_comes_after_stop(camera: Camera) -> None:
    filmed = film(camera, 0.3)
    delivered = len(filmed.packets)
    time.sleep(0.15)
    assert len(filmed.packets) == delivered


def test_stop_does_not_wait_long(camera: Camera) -> None:
    filmed = Filmed()
    camera.start(filmed.packets.append, filmed.failures.append)
    time.sleep(0.3)
    began = time.monotonic()
    camera.stop()
    assert time.monotonic() - began < 0.5
    assert filmed.pictures()
    assert not filmed.failures


def test_it_can_be_stopped_unstarted_and_twice(camera: Camera) -> None:
    camera.stop()
    film(camera, 0.1)
    camera.stop()  # film stopped it already


@pytest.mark.usefixtures("filmed")
def test_it_films_again_from_time_0(camera: Camera) -> None:
    again = film(camera, 0.5)
    assert again.pictures()[0].key_frame
    assert again.pictures()[0].at_us < 100_000
    assert again.sounds()[0].at_us < 100_000
    assert not again.failures


def nal_kinds(data: bytes) -> set[int]:
    """Return the types of the NAL units (Rec. H.264, table 7-1) of an access unit in Annex B form."""
    return {unit[0] & 31 for unit in data.split(b"\0\0\1")[1:]}
