"""From packets to durable sealed parts: mux, pad, seal, hash, write. A packet waits no longer than its second."""

from collections import deque

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.muxer import Muxer, Segment
from device.ports import EncodedPacket, PictureFormat, SoundFormat, Track
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from footage.age import HybridRecipient, Sealer
from footage.manifest import Ended, FilmOpening, Manifest, PartEntry
from footage.notes import Note, NoteEvent, encode_note
from footage.parts import PartKind, PartName, media_padding


class SealedFilm:
    """One film on its way to the card. It exists from its first part on; `opening` is written just before that."""

    def __init__(
        self,
        spool: Spool,
        spooled: SpooledFilm,
        opening: FilmOpening,
        picture: PictureFormat,
        sound: SoundFormat | None,
    ) -> None:
        self.spooled = spooled
        self.parts: list[PartEntry] = []
        self.at_ms = 0
        self._spool = spool
        self._opening = opening
        self._muxer = Muxer(picture, sound)
        self._sealer = Sealer([HybridRecipient.parse(opening.recipient)])
        self._waiting_notes: deque[Note] = deque()  # the init part must come first

    def add(self, packet: EncodedPacket) -> None:
        """Take one packet and write the part that it completes.

        Raises `OSError`, and `CardFull` after a part that took the last room above the spool's reserve.
        """
        if packet.track is Track.PICTURE:
            self.at_ms = packet.at_us // 1000
        segments = self._muxer.add(packet)
        if segments:
            self._write_segments(segments)
            self._spool.require_room()

    def note(self, event: NoteEvent, detail: str = "") -> None:
        """Write a note of what happens now. Raises `OSError`."""
        self._waiting_notes.append(Note(1, event, self.at_ms, detail))
        self._write_notes()

    def finish(self) -> None:
        """Write what the muxer still holds; the spool's reserve has room for it. Raises `OSError`."""
        self._write_segments(self._muxer.finish())

    def close(self, ended: Ended, kit_key: EllipticCurvePrivateKey) -> Manifest | None:
        """Write the manifest; if nothing was filmed, leave nothing and return None. Raises `OSError`."""
        if not self.parts:
            self.spooled.forget(FilmState.EMPTY)
            return None
        return self.spooled.close(ended, kit_key, self.parts)

    def _write_segments(self, segments: list[Segment]) -> None:
        for segment in segments:
            padding = media_padding(len(segment.data)) if segment.kind is PartKind.MEDIA else b""
            self._write(segment.kind, segment.duration_ms, segment.data + padding)
        self._write_notes()

    def _write_notes(self) -> None:
        while self.parts and self._waiting_notes:
            self._write(PartKind.NOTE, 0, encode_note(self._waiting_notes.popleft()))

    def _write(self, kind: PartKind, duration_ms: int, plaintext: bytes) -> None:
        if not self.parts:
            self.spooled.open(self._opening)
        sealed = self._sealer.seal(plaintext)
        name = PartName.of(len(self.parts), kind, duration_ms, sealed)
        self.parts.append(self.spooled.add_part(name, sealed))
