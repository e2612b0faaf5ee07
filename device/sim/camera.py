"""The simulated camera: real H.264 and AAC of a generated scene, or of any video file, in real time or at any speed.

Developers, trainers and the checks run it in place of the Pi's camera; see `device.ports` for what a camera must do.
"""

import heapq
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from device.ports import (
    CameraFailed,
    Deliver,
    EncodedPacket,
    Failed,
    Notice,
    Notify,
    PictureFormat,
    SoundFormat,
    Track,
    ignore,
)
from device.profiles import DEFAULT
from device.sim.encoder import PictureEncoder
from device.sim.faults import Faults
from device.sim.replay import Replay
from device.sim.scene import GeneratedScene, Scene
from device.sound_encoder import BLOCK, SAMPLE_RATE, SoundEncoder, microseconds, silence

_NO_FAULTS = Faults()
_MICROSECONDS = 1_000_000


class SimulatedCamera:
    """Films `source` from its beginning, again and again; without a source, a moving test card (`GeneratedScene`).

    `speed` 1 is real time and 10 ten times that; None is as fast as encoding goes. Times are kept to an absolute
    schedule. On a machine that is too slow packets come late, but none is left out and their times stay true. For the
    same reason this camera, unlike a real one, stands a `deliver` that blocks: a consumer may so set its pace.
    """

    def __init__(
        self,
        source: Path | None = None,
        *,
        picture: PictureFormat = DEFAULT,
        sound: bool = True,
        speed: float | None = 1.0,
        faults: Faults = _NO_FAULTS,
    ) -> None:
        if speed is not None and speed <= 0:
            raise ValueError("The speed must be above 0. Use 1 for real time, or None for as fast as possible.")
        self.picture = picture
        self.sound: SoundFormat | None = SoundEncoder().format if sound else None
        self._source = source
        self._speed = speed
        self._faults = faults
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        """As `Camera.start`. Raises `CameraFailed` also when it is filming already."""
        if self._thread is not None:
            raise CameraFailed("The camera was started before. Stop it first.")
        encoder = PictureEncoder(self.picture)
        scene = GeneratedScene(self.picture) if self._source is None else Replay(self._source, self.picture)
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._film, args=(scene, encoder, deliver, failed, notify), name="simulated-camera", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """As `Camera.stop`. Call it from another thread than the camera's."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _film(self, scene: Scene, pictures: PictureEncoder, deliver: Deliver, failed: Failed, notify: Notify) -> None:
        microphone_away = False
        sounds = SoundEncoder() if self.sound else None
        reason = None
        try:
            with closing(scene):
                for packets in self._encoded(scene, pictures, sounds):
                    self._deliver(packets, deliver)
                    if packets and microphone_away is not self._faults.microphone_is_away(packets[0].at_us):
                        microphone_away = not microphone_away
                        notify(Notice.MICROPHONE_AWAY if microphone_away else Notice.MICROPHONE_BACK)
        except CameraFailed as failure:
            reason = str(failure)
        except Exception:
            failed("The simulated camera broke. Start filming again, and report it with the log.")
            raise
        if sounds is not None:
            self._deliver(sounds.finish(), deliver)
        if reason is not None:
            failed(reason)

    def _encoded(
        self, scene: Scene, pictures: PictureEncoder, sounds: SoundEncoder | None
    ) -> Iterator[list[EncodedPacket]]:
        """Film until somebody stops it. Raises `CameraFailed`."""
        began = time.monotonic()
        for due_us, track, number in timeline(self.picture, self.sound):
            if self._stopping.wait(self._seconds_until(began, due_us)):
                return
            if self._faults.fails(due_us):
                raise CameraFailed("The camera failed, as it was told to. Stop it and start it again.")
            if track is Track.PICTURE:
                yield pictures.encode(scene.next_picture(), number)
            elif sounds is not None:
                block = scene.next_sound()
                yield sounds.encode(silence() if self._faults.silences(due_us) else block, number)

    def _seconds_until(self, began: float, due_us: int) -> float:
        if self._speed is None:
            return 0.0
        return max(0.0, began + due_us / _MICROSECONDS / self._speed - time.monotonic())

    def _deliver(self, packets: Iterable[EncodedPacket], deliver: Deliver) -> None:
        for packet in packets:
            if not self._faults.loses(packet):
                deliver(packet)


def timeline(picture: PictureFormat, sound: SoundFormat | None) -> Iterator[tuple[int, Track, int]]:
    """Yield when (µs) each picture and each block of sound is due, and its number, in order and without end.

    A picture is due at its own time, a block of sound once all of it was heard.
    """
    pictures = ((microseconds(number, picture.frame_rate), Track.PICTURE, number) for number in count())
    if sound is None:
        return pictures
    sounds = ((microseconds((number + 1) * BLOCK, SAMPLE_RATE), Track.SOUND, number) for number in count())
    return heapq.merge(pictures, sounds, key=lambda due: due[0])
