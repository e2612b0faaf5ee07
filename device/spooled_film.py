"""One film on the kit: a folder of small files, each durable before the next is begun.

Which files exist is the state of a film; there is no database, so any crash leaves a state that is known:

    film.key              nothing filmed yet; removed at the next start
    opening.json          recording, or interrupted
    00000.init.0.….age    a part, with all that the manifest will say of it
    manifest.jws          closed
    receipt.jws           the store has it, if it proves true: parts, film.key and the rest go; manifest, receipt last
    taken-back            destroyed by the family: film.key goes first, this tombstone last
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.errors import SpoolFailed
from footage import durable
from footage.directory import Directory
from footage.errors import PartKindUnknown, ReceiptMismatch
from footage.manifest import Ended, FilmOpening, Manifest, PartEntry, sign_manifest
from footage.messages import decode, encode
from footage.parts import PartName
from footage.receipt import read_receipt

KEY, _OPENING, MANIFEST, _RECEIPT, _TAKEN_BACK = (
    "film.key",
    "opening.json",
    "manifest.jws",
    "receipt.jws",
    "taken-back",
)


class FilmState(Enum):
    """Where a film on the kit stands."""

    EMPTY = auto()
    OPEN = auto()
    CLOSED = auto()
    RECEIPTED = auto()
    TAKEN_BACK = auto()


_TELLING = (
    (_TAKEN_BACK, FilmState.TAKEN_BACK),
    (_RECEIPT, FilmState.RECEIPTED),
    (MANIFEST, FilmState.CLOSED),
    (_OPENING, FilmState.OPEN),
)
_LAST = {
    FilmState.EMPTY: (KEY,),
    FilmState.RECEIPTED: (MANIFEST, _RECEIPT),  # until then the receipt can be verified again
    FilmState.TAKEN_BACK: (_TAKEN_BACK,),
}
"""What remains of a film that goes, in the order in which it goes."""


class SpooledFilm:
    """One film's folder. Every method that returns has made its effect durable; all raise `OSError` from the card."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.film = folder.name

    @property
    def state(self) -> FilmState:
        """Where the film stands, from its files alone."""
        return state_by(lambda name: (self.folder / name).exists())

    @property
    def is_taken_back(self) -> bool:
        """Whether the family took it back: one look, for whoever asks often."""
        return (self.folder / _TAKEN_BACK).exists()

    # recording ----------------------------------------------------------------------------------------------

    def begin(self, film_key: bytes) -> None:
        """Make the folder with its `film.key`."""
        durable.make_folder(self.folder)
        durable.write_file(self.folder / KEY, film_key)

    def open(self, opening: FilmOpening) -> None:
        """Write what is known at the beginning; from here on the folder is a film."""
        durable.write_file(self.folder / _OPENING, encode(opening))

    def add_part(self, name: PartName, sealed: bytes | bytearray) -> PartEntry:
        """Make a part durable and return its entry for the manifest."""
        durable.create_file(self.folder / str(name), sealed)
        return _entry(name, sealed)

    def close(self, ended: Ended, kit_key: EllipticCurvePrivateKey, parts: list[PartEntry] | None = None) -> Manifest:
        """Write the manifest; without `parts` it is made from the files alone, as after a power cut."""
        entries = self._whole_parts() if parts is None else parts
        if [entry.number for entry in entries] != list(range(len(entries))):
            ended = Ended.SPOOL_DAMAGED
        manifest = Manifest(self.opening(), ended, tuple(entries))
        durable.write_file(self.folder / MANIFEST, sign_manifest(manifest, kit_key).encode("ascii"))
        return manifest

    # reading ------------------------------------------------------------------------------------------------

    def opening(self) -> FilmOpening:
        """Return what was known at the beginning."""
        return decode(FilmOpening, (self.folder / _OPENING).read_bytes())

    def part_names(self) -> list[PartName]:
        """Return the parts in order. The last may still be being written, or have been torn by a power cut."""
        names = []
        for file in self.folder.glob("*.age"):
            with suppress(PartKindUnknown):
                names.append(PartName.parse(file.name))
        return sorted(names)

    def part(self, name: PartName) -> bytes | None:
        """Return a part's sealed bytes, or None if they are not what its name says."""
        sealed = (self.folder / str(name)).read_bytes()
        return sealed if hashlib.sha256(sealed).hexdigest() == name.sha256 else None

    def _whole_parts(self) -> list[PartEntry]:
        return [_entry(name, sealed) for name in self.part_names() if (sealed := self.part(name)) is not None]

    def film_key(self) -> bytes:
        """Return `film.key`."""
        return (self.folder / KEY).read_bytes()

    def manifest(self) -> str:
        """Return the signed manifest."""
        return (self.folder / MANIFEST).read_text("ascii")

    # ending -------------------------------------------------------------------------------------------------

    def keep_receipt(self, receipt: str) -> None:
        """Keep a verified receipt. From here on the film may be erased, and will be."""
        durable.write_file(self.folder / _RECEIPT, receipt.encode("ascii"))

    def erase(self, directory: Directory) -> None:
        """Erase a film whose receipt proves true now, but for manifest and receipt.

        A crash may stop it anywhere; the receipt says to go on. Raises `SpoolFailed` if there is none, and as
        `read_receipt`: nothing is erased then.
        """
        self._require(_RECEIPT)
        if self._names() - {MANIFEST, _RECEIPT, _TAKEN_BACK, _OPENING}:  # else all was erased before
            if not (self.folder / MANIFEST).exists():
                raise ReceiptMismatch(f"Film {self.film} has a receipt, but no manifest. It stays; ask the agency.")
            receipt = (self.folder / _RECEIPT).read_text("ascii", "replace")
            read_receipt(receipt, directory, film=self.film, manifest=self.manifest())
        self._remove_all_but(FilmState.RECEIPTED)

    def drop_receipt(self) -> None:
        """Remove a receipt that proves false: the agency is asked for it again."""
        durable.remove_file(self.folder / _RECEIPT)

    def take_back(self) -> None:
        """Destroy the film, or what may be left of it; the tombstone stays until the agency was told."""
        with self._alone():
            durable.make_folder(self.folder)
            durable.write_file(self.folder / _TAKEN_BACK, b"")
            self.destroy()

    def destroy(self) -> None:
        """Destroy a film that has a tombstone: `film.key` first, so that the rest is unreadable at once."""
        self._require(_TAKEN_BACK)
        self._remove_all_but(FilmState.TAKEN_BACK)

    def forget(self, expected: FilmState) -> None:
        """Remove the last trace of a film that never began, was erased or was destroyed.

        If it is not in the `expected` state any more, because the family has just taken it back, it stays.
        """
        with self._alone():
            if self.state is not expected:
                return
            if remains := self._names() - set(_LAST.get(expected, ())):
                raise SpoolFailed(f"Film {self.film} still has {', '.join(sorted(remains))}, so its folder stays.")
            for name in _LAST[expected]:
                durable.remove_file(self.folder / name)
            durable.remove_folder(self.folder)

    def _remove_all_but(self, state: FilmState) -> None:
        """Remove all files but those that go last; what can be opened goes first."""
        last = set(_LAST[state])
        parts = {str(name) for name in self.part_names()}
        first, then = (parts, {KEY}) if state is FilmState.RECEIPTED else ({KEY}, parts)
        rest = self._names() - first - then - last - {_RECEIPT, _TAKEN_BACK}
        for group in (first, then, rest, {_RECEIPT} - last):
            for name in group:
                (self.folder / name).unlink(missing_ok=True)
            durable.sync_folder(self.folder)

    def _require(self, reason: str) -> None:
        """Without a reason nothing is ever removed. Raises `SpoolFailed`."""
        if not (self.folder / reason).exists():
            raise SpoolFailed(f"Film {self.film} has no {reason}, so it stays. Sync it first.")

    def _names(self) -> set[str]:
        return {file.name for file in self.folder.iterdir()}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other process (recorder or uplink) from deciding on the end of a film at the same time."""
        descriptor = os.open(self.folder.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def state_by(has: Callable[[str], bool]) -> FilmState:
    """Return where a film stands that has these files."""
    return next((state for name, state in _TELLING if has(name)), FilmState.EMPTY)


def _entry(name: PartName, sealed: bytes | bytearray) -> PartEntry:
    return PartEntry(name.number, name.kind, name.sha256, len(sealed), name.duration_ms)
