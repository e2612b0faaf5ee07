"""Whether all of one film is as it was sent: every byte read and hashed again, every signature verified.

What is true of a film that is closed is said by its manifest, which its kit has signed; of an open one, by the rows of
what came. It is safe beside a running service: what looks wrong is looked at again after a while, and is a fault only
if it is wrong both times. (An object is there before its row, and goes after it; so nobody can see a row without its
object twice, unless it is lost.)
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from companion_api.films.archive import Archive
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import Film, FilmRows, HeldPart
from companion_api.films.refused_bytes import still_refused
from companion_api.stores.store import (
    DIRECTORY,
    StoreFailed,
    film_folder,
    film_key_object,
    manifest_object,
    part_object,
    ranges_folder,
    receipt_object,
    set_aside_object,
)
from footage.directory import Directory
from footage.errors import FootageError, KitUnknown
from footage.manifest import Manifest, read_manifest
from footage.receipt import read_receipt

SETTLE_SECONDS = 5.0  # longer than a request takes between an object and its row


@dataclass(slots=True)
class Counts:
    """What has been read."""

    films: int = 0
    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """An object that must be there: SHA-256 in hex, size in bytes (None: not known), and whether a row tells of it."""

    object: str
    sha256: str
    size: int | None
    listed: bool
    missing: FaultKind
    damaged: FaultKind


@dataclass(frozen=True, slots=True)
class FilmCheck:
    """Checks films of an archive. `spent` is told the bytes of each object; `settle` waits before a second look."""

    archive: Archive
    directory: Directory
    spent: Callable[[int], None]
    settle: Callable[[], object]
    counts: Counts

    def faults(self, film: str, names: Sequence[str]) -> list[Fault]:
        """Return what is wrong with a film. `names`: its objects, as the store lists them. Raises `StoreFailed`."""
        return self._wrong_objects(film, names) + still_refused(self.archive, film)

    def _wrong_objects(self, film: str, names: Sequence[str]) -> list[Fault]:
        self.counts.films += 1
        first = list(self._look(film, names))
        if not first:
            return []
        read = self.counts.objects, self.counts.bytes
        self.settle()
        seen = {(fault.kind, fault.object) for fault in first}
        listed = list(self.archive.store.list(film_folder(film)))
        again = list(self._look(film, listed, only={fault.object for fault in first}))
        self.counts.objects, self.counts.bytes = read  # what is looked at twice counts once
        return [fault for fault in again if (fault.kind, fault.object) in seen]

    def _look(self, film: str, names: Sequence[str], only: Collection[str] | None = None) -> Iterator[Fault]:
        with self.archive.database.reading() as connection:
            rows = FilmRows(connection)
            row, parts = rows.film(film), rows.parts(film)
        if row is None:
            if names:
                yield Fault(FaultKind.FILM_UNLISTED, film, film_folder(film), f"{len(names)} objects")
            return
        if row.state.gone:
            yield from (Fault(FaultKind.LEFTOVER, film, name) for name in names)
            return
        documents = {manifest_object(film), receipt_object(film)} if row.manifest_sha256 else set()
        manifest = None
        if row.manifest_sha256 is not None:
            manifest, found = self._documents(row)
            yield from found
        if manifest is not None:
            yield from _stale_rows(manifest, row, parts)
        pieces = _pieces(row, parts, manifest)
        for piece in pieces:
            if only is None or piece.object in only:
                yield from self._piece(film, piece)
        known = documents | {piece.object for piece in pieces}
        aside = (set_aside_object(film, "", "").rpartition("/")[0], ranges_folder(film))
        yield from (
            Fault(FaultKind.UNLISTED_OBJECT, film, name)
            for name in names
            if name not in known and not name.startswith(aside)
        )

    def _documents(self, row: Film) -> tuple[Manifest | None, list[Fault]]:
        """Return a closed film's manifest, if it is true, and what is wrong with it and the receipt."""
        token, why = self._read(manifest_object(row.film))
        receipt, receipt_why = self._read(receipt_object(row.film))
        manifest, faults = self._manifest(row, token, why)
        if receipt is None:
            faults.append(Fault(FaultKind.RECEIPT_MISSING, row.film, receipt_object(row.film), receipt_why))
        elif manifest is not None and token is not None:
            faults += self._receipt(row, manifest, token, receipt)
        return manifest, faults

    def _manifest(self, row: Film, token: bytes | None, why: str) -> tuple[Manifest | None, list[Fault]]:
        def fault(kind: FaultKind, detail: str) -> tuple[None, list[Fault]]:
            return None, [Fault(kind, row.film, manifest_object(row.film), detail)]

        if token is None:
            return fault(FaultKind.MANIFEST_MISSING, why)
        if hashlib.sha256(token).hexdigest() != row.manifest_sha256:
            return fault(FaultKind.MANIFEST_DAMAGED, "the film was closed by another one")
        try:
            manifest = read_manifest(token.decode("ascii", "replace"), self.directory)
        except KitUnknown as reason:
            return fault(FaultKind.KIT_UNKNOWN, str(reason))
        except FootageError as reason:
            return fault(FaultKind.MANIFEST_FORGED, str(reason))
        if (manifest.opening.film, manifest.opening.kit) != (row.film, row.kit):
            return fault(FaultKind.MANIFEST_FORGED, "it is of another film or kit")
        return manifest, []

    def _receipt(self, row: Film, manifest: Manifest, token: bytes, receipt: bytes) -> Iterator[Fault]:
        wrong = ""
        try:
            text, signed = receipt.decode("ascii", "replace"), token.decode("ascii")
            said = read_receipt(text, self.directory, film=row.film, manifest=signed)
        except FootageError as reason:
            wrong = str(reason)
        else:
            if (said.parts, said.bytes) != (len(manifest.parts), manifest.size):
                wrong = "it tells of other numbers of parts or bytes than the manifest"
        if wrong:
            yield Fault(FaultKind.RECEIPT_FORGED, row.film, receipt_object(row.film), wrong)

    def _piece(self, film: str, piece: _Piece) -> Iterator[Fault]:
        data, why = self._read(piece.object)
        if data is None:
            yield Fault(piece.damaged if why else piece.missing, film, piece.object, why)
            return
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != piece.sha256:
            detail = f"{len(data)} bytes with SHA-256 {sha256}, not {piece.sha256}"
            yield Fault(piece.damaged, film, piece.object, detail)
        elif piece.size not in (None, len(data)):
            yield Fault(FaultKind.ROW_STALE, film, piece.object, f"it has {len(data)} bytes, the row says {piece.size}")
        elif not piece.listed:
            yield Fault(FaultKind.ROW_STALE, film, piece.object, "the manifest lists it, and it has no row")

    def _read(self, name: str) -> tuple[bytes | None, str]:
        """Return an object; or None, and why if it is there and can't be read. Raises `StoreFailed` for the store."""
        try:
            data = self.archive.store.get(name)
        except StoreFailed as reason:
            self.archive.store.get(DIRECTORY)  # if this fails too, it is not this object
            return None, str(reason)
        if data is not None:
            self.counts.objects += 1
            self.counts.bytes += len(data)
            self.spent(len(data))
        return data, ""


def _pieces(row: Film, parts: Sequence[HeldPart], manifest: Manifest | None) -> list[_Piece]:
    """Return what must be in the store, `film.key` first."""
    pieces = []
    key = row.key_sha256 if manifest is None else manifest.opening.film_key
    if key is not None:
        name, kinds = film_key_object(row.film), (FaultKind.KEY_MISSING, FaultKind.KEY_DAMAGED)
        pieces.append(_Piece(name, key, None, row.key_sha256 is not None, *kinds))
    held = {part.number: part for part in parts}
    expected = dict(held)
    if manifest is not None:  # it has the last word; parts that it does not list stay expected by their rows
        expected |= {part.number: HeldPart(part.number, part.sha256, part.size) for part in manifest.parts}
    for number, part in sorted(expected.items()):
        name, kinds = part_object(row.film, number), (FaultKind.PART_MISSING, FaultKind.PART_DAMAGED)
        pieces.append(_Piece(name, part.sha256, part.size, number in held, *kinds))
    return pieces


def _stale_rows(manifest: Manifest, row: Film, parts: Sequence[HeldPart]) -> Iterator[Fault]:
    """Yield the rows of a closed film that say other than its manifest."""
    if row.key_sha256 not in (None, manifest.opening.film_key):
        yield Fault(FaultKind.ROW_STALE, row.film, film_key_object(row.film), "the row has another hash")
    held = {part.number: part for part in parts}
    for part in manifest.parts:
        if held.get(part.number) not in (None, HeldPart(part.number, part.sha256, part.size)):
            name = part_object(row.film, part.number)
            yield Fault(FaultKind.ROW_STALE, row.film, name, "the row has another hash or size than the manifest")
