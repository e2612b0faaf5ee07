"""The kit's microphone: captured by ALSA, kept in time by `device.sound_track`, encoded as AAC.

Two threads: one captures, and may hang in a driver for as long as it likes; the other makes packets, and silence
meanwhile.
"""

import logging
import queue
import threading
import time
from contextlib import closing, suppress
from enum import Enum, auto

import av

from device.pi.alsa import AlsaDevice, Heard
from device.ports import Deliver, Notice, Notify, ignore
from device.sound_encoder import SoundEncoder
from device.sound_track import SoundTrack

_POLL_S = 0.04  # half of it would cost half as much CPU again, for sound that comes 12 ms sooner
_DEAF_S = 3.0
"""An open microphone that gives nothing for so long is opened anew."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 1.0
"""Between attempts to open it: short, as a microphone gets its power, and wakes up, when filming begins."""

_ARRIVAL_US = 4_000_000
"""A USB microphone that has just got its power, with the tally, may take so long; nobody is told meanwhile."""

_log = logging.getLogger(__name__)


class _Change(Enum):
    OPENED = auto()
    LOST = auto()


_Inbox = queue.SimpleQueue[Heard | tuple[_Change, int]]


class AlsaMicrophone:
    """Captures from the ALSA PCM of this name, or from the first microphone that is plugged in. Started again, it
    begins anew.
    """

    def __init__(self, device: str | None = None) -> None:
        self.sound = SoundEncoder().format
        self._device = device
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, deliver: Deliver, notify: Notify = ignore) -> None:
        """As `Microphone.start`."""
        self.stop()
        self._stopping = threading.Event()
        inbox: _Inbox = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=_film, args=(inbox, self._stopping, deliver, notify), name="microphone", daemon=True
        )
        self._thread.start()
        threading.Thread(
            target=_capture, args=(self._device, inbox, self._stopping), name="alsa-capture", daemon=True
        ).start()

    def stop(self) -> None:
        """As `Microphone.stop`. Call it from another thread than the microphone's.

        A capture that hangs is left to itself: it ends when its driver lets it go.
        """
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None


def _film(inbox: _Inbox, stopping: threading.Event, deliver: Deliver, notify: Notify) -> None:
    began_us = _now_us()
    track, encoder = SoundTrack(began_us), SoundEncoder()
    blocks_encoded = 0
    was_away = sounded = arrived = False

    def encode(blocks: list[av.AudioFrame]) -> None:
        nonlocal blocks_encoded
        for block in blocks:
            for packet in encoder.encode(block, blocks_encoded):
                deliver(packet._replace(at_us=began_us + packet.at_us))
            blocks_encoded += 1

    while not stopping.is_set():
        sounded = _take(inbox, track) or sounded
        encode(track.due(_now_us()))
        arrived = arrived or (sounded and not track.away) or _now_us() > began_us + _ARRIVAL_US
        if arrived and track.away is not was_away:
            was_away = track.away
            notify(Notice.MICROPHONE_AWAY if was_away else Notice.MICROPHONE_BACK)
    encode(track.finish(_now_us()))
    for packet in encoder.finish():
        deliver(packet._replace(at_us=began_us + packet.at_us))


def _take(inbox: _Inbox, track: SoundTrack) -> bool:
    """Tell the track what has come; wait a little for it. Return whether there was sound."""
    sounded = False
    with suppress(queue.Empty):
        news = inbox.get(timeout=_POLL_S)
        while True:
            match news:
                case Heard(sound, at_us):
                    track.heard(sound, at_us)
                    sounded = True
                case (_Change.OPENED, _):
                    track.opened()
                case (_, at_us):
                    track.lost(at_us)
            news = inbox.get_nowait()
    return sounded


def _capture(device: str | None, inbox: _Inbox, stopping: threading.Event) -> None:
    """Capture, and open the microphone again whenever it went away, until somebody stops it."""
    wait_s, told = _FIRST_WAIT_S, ""
    while not stopping.is_set():
        began = time.monotonic()
        try:
            with closing(AlsaDevice(device)) as microphone:
                _log.info("the microphone is open")
                inbox.put((_Change.OPENED, _now_us()))
                _read(microphone, inbox, stopping)
        except Exception as reason:  # whatever it is: a film without sound is better than none
            inbox.put((_Change.LOST, _now_us()))
            if str(reason) != told:
                _log.warning("the microphone is away: %s", reason)
            told = str(reason)
        if time.monotonic() - began > _LONGEST_WAIT_S:  # it had worked
            wait_s = _FIRST_WAIT_S
        stopping.wait(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def _read(microphone: AlsaDevice, inbox: _Inbox, stopping: threading.Event) -> None:
    """Read until somebody stops it. Raises `OSError` when the microphone is gone."""
    last = time.monotonic()
    while not stopping.is_set():
        if heard := microphone.read():
            inbox.put(heard)
            last = time.monotonic()
        elif time.monotonic() - last > _DEAF_S:
            raise OSError("the microphone gives nothing")
        else:
            stopping.wait(_POLL_S)


def _now_us() -> int:
    return time.monotonic_ns() // 1000
