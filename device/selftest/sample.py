"""Two seconds of picture and sound in memory, filmed as the recorder films: the tally is proven first, dark last."""

import queue
import time
from typing import NamedTuple

from device.filming import stops
from device.panel import Panel
from device.ports import Camera, CameraFailed, EncodedPacket, Notice, PictureFormat, SoundFormat, Track
from device.recorder import Announcement, Event
from device.selftest.outcome import Flaw, PartFailed
from device.trouble import Trouble
from device.watch import NO_PICTURE_SECONDS

SAMPLE_SECONDS = 2.0
_LONGEST_SECONDS = 15.0  # of waiting for it
_LOOK_EVERY_SECONDS = 0.02


class Sample(NamedTuple):
    """What the camera gave, from its first key frame on."""

    picture: PictureFormat
    sound: SoundFormat | None
    pictures: tuple[EncodedPacket, ...]
    sounds: tuple[EncodedPacket, ...]
    microphone_away: bool

    @property
    def seconds(self) -> float:
        """How long the pictures last, without the last one."""
        return (self.pictures[-1].at_us - self.pictures[0].at_us) / 1_000_000


class CameraHangs(PartFailed):
    """The camera does not stop any more: only a new process helps."""

    def __init__(self) -> None:
        super().__init__(Trouble.CAMERA_STALLED, "The camera does not stop. Check its cable, then switch off and on.")


def film_sample(panel: Panel, camera: Camera, heard: "queue.SimpleQueue[Event]") -> Sample:
    """Film; `heard` is what the panel posts to. Raises `TallyDark`, `PartFailed`."""
    caught = _Caught()
    panel.prove_tally()
    try:
        try:
            camera.start(caught.deliver, caught.failed, caught.notify)
            panel.announce(Announcement.FILM_BEGUN)  # as always, and something to hear for the microphone
            _wait(caught, heard)
        finally:
            if not stops(camera):
                raise CameraHangs
    except CameraFailed as reason:
        raise PartFailed(Trouble.CAMERA_FAILED, str(reason)) from None
    finally:
        panel.tally_off()
    return Sample(camera.picture, camera.sound, tuple(caught.pictures), tuple(caught.sounds), caught.microphone_away)


class _Caught:
    """What the camera says, from its own threads."""

    def __init__(self) -> None:
        self.pictures: list[EncodedPacket] = []
        self.sounds: list[EncodedPacket] = []
        self.microphone_away = False
        self.reason = ""
        self.last_picture_at = time.monotonic()
        self._end_us: int | None = None

    @property
    def whole(self) -> bool:
        return bool(self.pictures) and self.pictures[-1].at_us == self._end_us

    def deliver(self, packet: EncodedPacket) -> None:
        if packet.track is Track.SOUND:
            if self._end_us is None or packet.at_us < self._end_us:
                self.sounds.append(packet)
        elif self._end_us is None and (self.pictures or packet.key_frame):
            self.last_picture_at = time.monotonic()
            self.pictures.append(packet)
            if packet.at_us - self.pictures[0].at_us >= SAMPLE_SECONDS * 1_000_000:
                self._end_us = packet.at_us

    def failed(self, reason: str) -> None:
        self.reason = reason

    def notify(self, notice: Notice) -> None:
        self.microphone_away = self.microphone_away or notice is Notice.MICROPHONE_AWAY


def _wait(caught: _Caught, heard: "queue.SimpleQueue[Event]") -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while True:
        if Event.LIGHT_FAILED in _drain(heard):
            raise PartFailed(
                Trouble.LIGHT_FAILED,
                "The recording light went dark while the camera ran, so filming was stopped. Have the kit repaired.",
            )
        if caught.whole:
            return
        if caught.reason:
            raise PartFailed(Trouble.CAMERA_FAILED, caught.reason)
        if time.monotonic() - caught.last_picture_at > NO_PICTURE_SECONDS:
            raise _no_picture(caught)
        if time.monotonic() > deadline:
            raise PartFailed(Flaw.PICTURES_MISSING, "The camera is much too slow. Switch off and on, then test again.")
        time.sleep(_LOOK_EVERY_SECONDS)


def _no_picture(caught: _Caught) -> PartFailed:
    if not caught.pictures:
        return PartFailed(Trouble.CAMERA_FAILED, "The camera gives no pictures. Check its cable.")
    return PartFailed(
        Trouble.CAMERA_STALLED, f"The camera gave {len(caught.pictures)} pictures and then no more. Check its cable."
    )


def _drain(heard: "queue.SimpleQueue[Event]") -> set[Event]:
    found = set()
    while not heard.empty():
        found.add(heard.get())
    return found
