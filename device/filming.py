"""One film after another: camera, writer and what a film needs to begin, under four verbs for the supervisor."""

import logging
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.film_starter import FilmStarter
from device.film_writer import FilmWriter
from device.ports import Camera, CameraFailed, Notice
from device.recorder import Event
from device.sealed_film import SealedFilm
from device.spool import Spool
from footage.manifest import Ended, Manifest
from footage.notes import NoteEvent

STOP_SECONDS = 3.0  # a healthy camera stops within a frame; one that hangs never does

_log = logging.getLogger(__name__)

_FAILURES = {
    Ended.CARD_FULL: Event.CARD_FULL,
    Ended.CARD_FAILED: Event.CARD_FAILED,
    Ended.RECORDER_FAILED: Event.RECORDER_FAILED,
}


class Filming:
    """`post` is told, from other threads, when the running film can't go on."""

    def __init__(
        self,
        camera: Camera,
        spool: Spool,
        starter: FilmStarter,
        kit_key: EllipticCurvePrivateKey,
        post: Callable[[Event | Notice], None],
    ) -> None:
        self._writer: FilmWriter | None = None
        self._camera = camera
        self._spool = spool
        self._starter = starter
        self._kit_key = kit_key
        self._post = post
        self._camera_runs = False

    def prepare(self) -> None:
        """Begin to make the next film's identity."""
        self._starter.prepare()

    def start(self) -> None:
        """Begin a film. Raises `CameraFailed`, `OSError`, and as `FilmStarter.begin`; nothing is begun then."""
        spooled, opening = self._starter.begin()
        film = SealedFilm(self._spool, spooled, opening, self._camera.picture, self._camera.sound)
        self._writer = FilmWriter(film, lambda ended: self._post(_FAILURES[ended]))
        self._writer.note(NoteEvent.CONSENT_GIVEN)
        try:
            self._camera.start(self._writer.deliver, self._camera_failed, self._post)
        except CameraFailed:
            self.close(Ended.CAMERA_STALLED)
            raise
        self._camera_runs = True

    def _camera_failed(self, reason: str) -> None:
        _log.warning("the camera failed: %s", reason)
        self._post(Event.CAMERA_STALLED)

    @property
    def film(self) -> SealedFilm | None:
        """The running film."""
        return self._writer.film if self._writer else None

    def note(self, event: NoteEvent, detail: str = "") -> None:
        """Note what happens in the running film, if there is one."""
        if self._writer:
            self._writer.note(event, detail)

    def silent_seconds(self) -> float:
        """Return for how long no picture has come."""
        return time.monotonic() - self._writer.last_picture_at if self._writer else 0.0

    def stop_camera(self) -> bool:
        """Stop the camera if it runs; return whether it stands still. If it hangs, only a new process helps."""
        if not self._camera_runs:
            return True
        self._camera_runs = False
        return stops(self._camera)

    def close(self, ended: Ended) -> Manifest | None:
        """Close the running film; None if nothing was filmed. Raises `OSError`; the next start closes it then."""
        assert self._writer is not None
        writer, self._writer = self._writer, None
        return writer.close(ended, self._kit_key)

    def shut_down(self) -> None:
        """Wait for what still runs."""
        self._starter.close()


def stops(camera: Camera) -> bool:
    """Stop a camera; return whether it stands still. If it hangs, only a new process helps."""
    stopping = threading.Thread(target=camera.stop, name="camera-stop", daemon=True)
    stopping.start()
    stopping.join(STOP_SECONDS)
    return not stopping.is_alive()
