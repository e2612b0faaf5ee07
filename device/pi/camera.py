"""The camera module of a Raspberry Pi, by picamera2 on libcamera.

One configuration is made once and kept: making it anew for each film exhausts contiguous memory in the end (picamera2
issue 1125). The camera is opened when the first film starts and not before, because only then has it power.
"""

import atexit
import logging
import time
from typing import Any

import libcamera
from picamera2 import Picamera2
from picamera2.outputs import Output

from device.pi.encoder_choice import make_encoder
from device.pi.one_clock import FilmThread
from device.ports import (
    CameraFailed,
    Deliver,
    EncodedPacket,
    Failed,
    Microphone,
    Notify,
    PictureFormat,
    SoundFormat,
    Track,
    ignore,
)
from device.profiles import DEFAULT

_BUFFERS = 4  # one filled, one encoded, one waiting, one spare; the Zero 2 W has contiguous memory for few (issue 1358)
_MAINS_FLICKER_US = 10_000  # lamps on 50 Hz mains; exposures in step with it show no bands

_log = logging.getLogger(__name__)


class PiCamera:
    """Implements `device.ports.Camera`. `microphone` is heard while filming; without one there is no sound track.

    `stop` waits for picamera2, which waits for ever where the camera hangs (picamera2 issue 1264): then end the process
    instead, by `os._exit`, as picamera2's exit handler would wait too.
    """

    def __init__(self, picture: PictureFormat = DEFAULT, microphone: Microphone | None = None) -> None:
        self.picture = picture
        self.sound: SoundFormat | None = microphone.sound if microphone else None
        self._microphone = microphone
        self._camera: Any = None
        self._film: FilmThread | None = None

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        """As `Camera.start`. Raises `CameraFailed` also when it is filming already."""
        if self._film is not None:
            raise CameraFailed("The camera was started before. Stop it first.")
        film = FilmThread(deliver, failed)
        if self._microphone is not None:
            self._microphone.start(film.put, notify)  # before the camera: sound must be there from the first picture on
        try:
            if self._camera is None:
                self._camera = open_camera(self.picture)
            encoder = make_encoder(self.picture)
            self._camera.set_controls(_controls(self._camera, self.picture))  # picamera2 forgets them at each start
            self._camera.start_recording(encoder, _FilmOutput(encoder, film))
        except Exception as reason:  # picamera2 and libcamera raise whatever comes to hand
            self._give_up(film)
            raise CameraFailed(
                f"The camera can't be used ({reason}). Check its cable, then switch off and on."
            ) from reason
        self._film = film

    def stop(self) -> None:
        """As `Camera.stop`. Call it from another thread than the camera's."""
        if self._film is None:
            return
        film, self._film = self._film, None
        film.clock.end_at(time.monotonic_ns() // 1000)
        try:
            self._camera.stop_recording()
        except Exception as reason:
            _log.error("the camera did not stop cleanly (%s) and is opened anew", reason)
            self._close_camera()
        if self._microphone is not None:
            self._microphone.stop()
        film.finish()

    def close(self) -> None:
        """Stop, and give the camera back. The next start opens it again."""
        self.stop()
        self._close_camera()

    def _give_up(self, film: FilmThread) -> None:
        if self._microphone is not None:
            self._microphone.stop()
        film.finish()
        self._close_camera()

    def _close_camera(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            try:
                camera.stop_encoder()  # one that was started for a camera that did not start
                camera.close()
            except Exception as reason:
                atexit.unregister(camera.close)
                _log.error("the camera can't be closed: %s", reason)


def open_camera(picture: PictureFormat) -> Any:
    """Return a configured `Picamera2`. Raises what picamera2 raises, RuntimeError and IndexError above all."""
    camera = Picamera2()
    try:
        _configure(camera, picture)
    except Exception:
        camera.close()
        raise
    return camera


def _configure(camera: Any, picture: PictureFormat) -> None:
    configuration = camera.create_video_configuration(
        main={"format": "YUV420", "size": (picture.width, picture.height)},
        raw=None,
        display=None,
        queue=False,
        buffer_count=_BUFFERS,
        sensor=_whole_view(camera.sensor_resolution, picture),
    )
    camera.configure(configuration)
    size = camera.camera_configuration()["main"]["size"]
    if size != (picture.width, picture.height):
        raise RuntimeError(f"it films {size[0]}x{size[1]} and not {picture.width}x{picture.height}")


def _controls(camera: Any, picture: PictureFormat) -> dict[str, Any]:
    frame_us = 1_000_000 // picture.frame_rate
    wanted = {
        "FrameDurationLimits": (frame_us, frame_us),
        "AfMode": libcamera.controls.AfModeEnum.Continuous,  # else Camera Module 3 stays where its lens happens to be
        "AeFlickerMode": libcamera.controls.AeFlickerModeEnum.Manual,
        "AeFlickerPeriod": _MAINS_FLICKER_US,
    }
    return {name: value for name, value in wanted.items() if name in camera.camera_controls}


def _whole_view(resolution: tuple[int, int], picture: PictureFormat) -> dict[str, Any]:
    # Left to itself libcamera takes the smallest mode that is large enough, which on most modules sees only the middle
    # of the room. Half the resolution is the mode of all Raspberry Pi camera modules that bins the whole view.
    half = (resolution[0] // 2, resolution[1] // 2)
    return {"output_size": half} if half[0] >= picture.width and half[1] >= picture.height else {}


class _FilmOutput(Output):  # type: ignore[misc]  # picamera2 has no types
    """Called from picamera2's threads: nothing in it may raise or wait."""

    def __init__(self, encoder: Any, film: FilmThread) -> None:
        super().__init__()
        self._encoder = encoder
        self._film = film

    def outputframe(
        self,
        frame: bytes,
        keyframe: bool = True,
        timestamp: int | None = None,
        packet: Any = None,  # noqa: ARG002
        audio: bool = False,  # noqa: ARG002
    ) -> None:
        """Take one encoded frame; `timestamp` is in microseconds from the encoder's first."""
        at_us = (self._encoder.firsttimestamp or 0) + (timestamp or 0)
        self._film.put(EncodedPacket(Track.PICTURE, frame, at_us, keyframe))
