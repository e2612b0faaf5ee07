"""A kit on the test stand: what the tests share, each made when a test first needs it.

Panel, camera and microphone belong to the tests alone: the stand is used only by who has claimed the spool.
"""

import queue
import time
from collections.abc import Callable
from functools import cached_property

from gpiozero import GPIOZeroError

from device.board import Board
from device.config import KitConfig
from device.errors import ConfigInvalid, DeviceError
from device.panel import Panel
from device.ports import CameraFailed, PictureFormat
from device.profiles import PROFILES
from device.recorder import Event
from device.rig import Rig
from device.selftest.hands import Look, Press
from device.selftest.outcome import Flaw, PartFailed
from device.selftest.sample import CameraHangs, Sample, film_sample
from device.spool import Spool
from device.trouble import Trouble

ANSWER_SECONDS = 30.0


class Stand:
    """`rig_for` puts the rig together, with sound or without; `tell` prints a line for people."""

    def __init__(
        self,
        config: KitConfig,
        spool: Spool,
        board: Board,
        rig_for: Callable[[bool], Rig],
        tell: Callable[[str], None],
    ) -> None:
        self.config = config
        self.spool = spool
        self.board = board
        self.camera_hangs = False
        self._rig_for = rig_for
        self._tell = tell
        self._heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._panel: Panel | None = None
        self._sample: Sample | DeviceError | None = None

    @property
    def profile(self) -> PictureFormat:
        """What the kit films, by its settings."""
        return PROFILES[self.config.profile]

    @cached_property
    def sound(self) -> bool | None:
        """Whether the agency allows sound; None if nobody knows, and then there is none."""
        try:
            return self.config.accepted_directory().policy.sound
        except ConfigInvalid:
            return None

    @cached_property
    def rig(self) -> Rig:
        """The rig. Raises `PartFailed`."""
        try:
            return self._rig_for(bool(self.sound))
        except CameraFailed as reason:
            raise PartFailed(Trouble.CAMERA_FAILED, str(reason)) from None
        except GPIOZeroError as reason:
            raise _pins_unusable(reason) from reason
        except ImportError as reason:
            message = f"A library of the camera is missing ({reason}). Install python3-picamera2."
            raise PartFailed(Trouble.CAMERA_FAILED, message) from None
        except Exception as reason:  # the pin factories' own errors have no common kind
            raise _pins_unusable(reason) from reason

    @property
    def panel(self) -> Panel:
        """The panel, all dark at first. Raises `PartFailed`."""
        if self._panel is None:
            pin_factory = self.rig.pin_factory
            try:
                self._panel = Panel(self.board, self._heard.put, pin_factory, microphone=bool(self.sound))
            except Exception as reason:
                raise _pins_unusable(reason) from reason
        return self._panel

    def sample(self) -> Sample:
        """Film two seconds, once for all tests. Raises `PartFailed`, `TallyDark`."""
        if self._sample is None:
            self._forget_events()
            try:
                self._sample = film_sample(self.panel, self.rig.camera, self._heard)
            except DeviceError as reason:
                self.camera_hangs = isinstance(reason, CameraHangs)
                self._sample = reason
        if isinstance(self._sample, DeviceError):
            raise self._sample
        return self._sample

    def ask(self, request: Press | Look, *wanted: Event) -> tuple[Event | None, list[Event]]:
        """Ask a person for something, and return which of the wanted events came in time, and which others before."""
        self._forget_events()
        self._tell(request.text)
        if self.rig.hands is not None:
            self.rig.hands.do(request)
        others: list[Event] = []
        deadline = time.monotonic() + ANSWER_SECONDS
        while (seconds := deadline - time.monotonic()) > 0:
            try:
                event = self._heard.get(timeout=seconds)
            except queue.Empty:
                break
            if event in wanted:
                return event, others
            others.append(event)
        return None, others

    def close(self) -> None:
        """Go dark."""
        if self._panel is not None:
            self._panel.close()

    def _forget_events(self) -> None:
        while not self._heard.empty():
            self._heard.get()


def _pins_unusable(reason: Exception) -> PartFailed:
    return PartFailed(
        Flaw.PINS_UNUSABLE,
        f"The pins can't be used ({reason}). Run as root, on a kit, with no other program on them.",
    )
