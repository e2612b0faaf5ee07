"""Opening films where they lie, with the recovery identity, to see that nothing of them is missing."""

import io
from dataclasses import dataclass
from pathlib import Path

import av

from device.spooled_film import SpooledFilm
from footage.age import Identity
from footage.directory import Directory
from footage.errors import FootageError
from footage.film import FilmFiles, verify_film
from footage.manifest import Manifest
from footage.parts import PartKind
from footage.receipt import read_receipt
from provisioning.recover import read_recovery_file
from provisioning.store_films import StoredFilm
from tests.rigs.rig_stack import RigStack


@dataclass(frozen=True)
class Opener:
    """The agency's directory and recovery identity."""

    directory: Directory
    identity: Identity

    @classmethod
    def of(cls, stack: RigStack) -> "Opener":
        recovery = read_recovery_file(stack.agency.folder / "recovery.txt")
        return cls(stack.agency.directory(), recovery.identity)

    def open(self, film: str, files: FilmFiles) -> tuple[Manifest, bytes]:
        """Return a film's manifest, and its init and media parts joined. Every part is verified and opened.

        Raises `FootageError`.
        """
        verified = verify_film(film, files, self.directory)
        opened = list(verified.opened_parts([self.identity]))
        return verified.manifest, b"".join(plain for entry, plain in opened if entry.kind is not PartKind.NOTE)

    def is_whole(self, film: str, files: FilmFiles) -> bool:
        """Return whether a film opens from its first part to its last."""
        try:
            self.open(film, files)
        except FootageError:
            return False
        return True

    def is_receipted(self, receipt: bytes | None, film: str, manifest: str) -> bool:
        """Return whether a receipt is there and true."""
        try:
            read_receipt((receipt or b"").decode("ascii", "replace"), self.directory, film=film, manifest=manifest)
        except FootageError:
            return False
        return True

    def store_has(self, store: Path, film: str, manifest: str) -> bool:
        """Return whether the service holds a film whole, with a true receipt for this manifest."""
        stored = StoredFilm(store / "films" / film)
        return self.is_receipted(stored.receipt(), film, manifest) and self.is_whole(film, stored)


@dataclass(frozen=True)
class KitFiles:
    """A film's files on the kit (`footage.film.FilmFiles`)."""

    folder: Path

    def manifest(self) -> bytes | None:
        return self._read("manifest.jws")

    def film_key(self) -> bytes | None:
        return self._read("film.key")

    def receipt(self) -> bytes | None:
        return self._read("receipt.jws")

    def part(self, number: int) -> bytes | None:
        spooled = SpooledFilm(self.folder)
        return next((spooled.part(name) for name in spooled.part_names() if name.number == number), None)

    def _read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None


def decoded(mp4: bytes) -> dict[str, int]:
    """Decode a movie to its end; return the number of frames of each track, by its codec. Raises `av.FFmpegError`."""
    with av.open(io.BytesIO(mp4), "r", options={"err_detect": "explode"}) as movie:
        frames = {stream.codec_context.name: 0 for stream in movie.streams}
        for packet in movie.demux():
            frames[packet.stream.codec_context.name] += len(packet.decode())
    return frames
