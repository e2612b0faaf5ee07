"""The Pi's camera beyond the contract, where picamera2 is: `tests/rigs/test_pi_camera.py` runs this in its folder."""

import threading
from itertools import pairwise
from pathlib import Path

import libcamera
import pytest

from device.pi.camera import PiCamera
from device.ports import CameraFailed, EncodedPacket, PictureFormat
from device.profiles import PROFILES
from tests.device.sim.filming import Filmed, decoded_pictures, film, muxed


@pytest.mark.parametrize("picture", PROFILES.values(), ids=PROFILES.keys())
def test_each_profile_is_filmed_as_it_says(picture: PictureFormat) -> None:
    camera = PiCamera(picture)
    filmed = film(camera, 3)
    camera.close()
    assert camera.sound is None
    assert not filmed.sounds()
    times = [packet.at_us / 1_000_000 for packet in filmed.pictures()]
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(picture.frame_rate, rel=0.05)
    assert all(later > earlier for earlier, later in pairwise(times))
    assert {(one.width, one.height) for one in decoded_pictures(muxed(camera, filmed))} == {
        (picture.width, picture.height)
    }
    bits = 8 * sum(len(packet.data) for packet in filmed.pictures())
    assert bits < picture.bits_per_second * (times[-1] + 1)  # a second's worth of buffer


def test_who_breaks_while_taking_packets_does_not_harm_the_camera() -> None:
    camera = PiCamera(PictureFormat(320, 180, 25))
    failed = threading.Event()
    reasons: list[str] = []

    def deliver(_: EncodedPacket) -> None:
        raise ZeroDivisionError

    def fail(reason: str) -> None:
        reasons.append(reason)
        failed.set()

    camera.start(deliver, fail)
    assert failed.wait(10)
    camera.stop()
    assert len(reasons) == 1
    again = film(camera, 1)
    assert again.failures == []
    assert len(again.pictures()) >= 25
    camera.close()


def test_a_camera_in_other_hands_is_refused_and_works_once_it_is_free() -> None:
    (other,) = libcamera.CameraManager.singleton().cameras
    other.acquire()
    camera = PiCamera(PictureFormat(320, 180, 25))
    filmed, before = Filmed(), threading.active_count()
    with pytest.raises(CameraFailed, match="cable"):
        camera.start(filmed.packets.append, filmed.failures.append)
    assert (filmed.packets, filmed.failures) == ([], [])
    assert threading.active_count() == before
    other.release()
    assert film(camera, 0.5).pictures()[0].key_frame
    camera.close()


def test_it_is_started_once() -> None:
    camera = PiCamera(PictureFormat(320, 180, 25))
    camera.start(lambda _: None, lambda _: None)
    with pytest.raises(CameraFailed, match="Stop it first"):
        camera.start(lambda _: None, lambda _: None)
    camera.stop()
    camera.close()


def test_many_films_leave_nothing_behind() -> None:
    camera = PiCamera(PictureFormat(320, 180, 25))
    film(camera, 0.2)
    threads, files = threading.active_count(), open_files()
    for _ in range(20):
        film(camera, 0.1)
    assert threading.active_count() == threads
    assert open_files() <= files
    camera.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
