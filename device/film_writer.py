"""A `SealedFilm` in a thread of its own, because a camera's thread must never wait for a card."""

import errno
import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.errors import CardFull
from device.ports import EncodedPacket, Track
from device.sealed_film import SealedFilm
from footage.manifest import Ended, Manifest
from footage.notes import NoteEvent

MAX_BACKLOG = 64 * 1024 * 1024  # bytes; two minutes of film, should the card stall

_log = logging.getLogger(__name__)


class FilmWriter:
    """Takes packets and notes without waiting. `failed` is called, at most once, with how the film must end."""

    def __init__(self, film: SealedFilm, failed: Callable[[Ended], None]) -> None:
        self.film = film
        self.last_picture_at = time.monotonic()
        self._failed = failed
        self._work: queue.SimpleQueue[EncodedPacket | tuple[NoteEvent, str] | None] = queue.SimpleQueue()
        self._received = self._written = 0  # bytes, each counted by one thread only
        self._broken: Ended | None = None  # how the film ended by itself
        self._thread = threading.Thread(target=self._run, name="film-writer", daemon=True)
        self._thread.start()

    def deliver(self, packet: EncodedPacket) -> None:
        """Take a packet from the camera's thread: never waits, never raises."""
        if packet.track is Track.PICTURE:
            self.last_picture_at = time.monotonic()
        self._received += len(packet.data)
        self._work.put(packet)

    def note(self, event: NoteEvent, detail: str = "") -> None:
        """Put a note behind the packets that came before it."""
        self._work.put((event, detail))

    def close(self, ended: Ended, kit_key: EllipticCurvePrivateKey) -> Manifest | None:
        """Write what is left and the manifest, as `ended` unless the film broke; None if nothing was filmed.

        Raises `OSError`.
        """
        self._work.put(None)
        self._thread.join()
        return self.film.close(self._broken or ended, kit_key)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            if self._broken is None:
                self._guard(partial(self._add, work))
        self._guard(self.film.finish)

    def _add(self, work: EncodedPacket | tuple[NoteEvent, str]) -> None:
        if isinstance(work, EncodedPacket):
            self._written += len(work.data)
            if self._received - self._written > MAX_BACKLOG:
                raise OSError(errno.ETIMEDOUT, "the card is too slow for the film")
            self.film.add(work)
        else:
            self.film.note(*work)

    def _guard(self, write: Callable[[], None]) -> None:
        """Run `write`; whatever it raises ends the film under its name, and what is durable stays."""
        try:
            write()
        except Exception as reason:
            _log.error("the film can't go on: %s: %s", type(reason).__name__, reason)
            if self._broken is None:
                self._broken = _ending(reason)
                self._failed(self._broken)


def _ending(reason: Exception) -> Ended:
    match reason:
        case CardFull() | OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Ended.CARD_FULL
        case OSError():
            return Ended.CARD_FAILED
        case _:
            return Ended.RECORDER_FAILED
