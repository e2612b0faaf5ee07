"""Opening a film. The order is the protection: directory, kit key, manifest, each part's SHA-256, and only then age.

age alone would not do: anybody can seal to a public recipient, and age says nothing of order or completeness.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from footage.age import HybridIdentity, Identity, open_file
from footage.directory import Directory
from footage.errors import (
    FilmKeyMissing,
    ManifestMissing,
    PartForeign,
    PartMisplaced,
    PartMissing,
    PartTruncated,
    WrongFilm,
    WrongFilmKey,
)
from footage.film_key import open_film_key
from footage.manifest import Manifest, PartEntry, read_manifest
from footage.parts import PartKind

ALL_KINDS = frozenset(PartKind)


class FilmFiles(Protocol):
    """Where the files of one film come from. Each method returns None if the file is not there."""

    def manifest(self) -> bytes | None: ...  # noqa: D102
    def film_key(self) -> bytes | None: ...  # noqa: D102
    def part(self, number: int) -> bytes | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class VerifiedFilm:
    """A film whose manifest and `film.key` are true. Its parts are verified one by one as they are read."""

    manifest: Manifest
    sealed_key: bytes
    files: FilmFiles

    def sealed_parts(self, kinds: Collection[PartKind] = ALL_KINDS) -> Iterator[tuple[PartEntry, bytes]]:
        """Yield the entry and the sealed bytes of each part of these kinds, verified.

        Raises `PartMissing`, `PartTruncated`, `PartMisplaced` and `PartForeign`.
        """
        places = {part.sha256: part.number for part in self.manifest.parts}
        for entry in self.manifest.parts:
            if entry.kind not in kinds:
                continue
            sealed = self.files.part(entry.number)
            if sealed is None:
                raise PartMissing(f"Part {entry.number} is missing. Restore it from a backup.")
            digest = hashlib.sha256(sealed).hexdigest()
            if digest != entry.sha256:
                raise _mismatch(entry, len(sealed), places.get(digest))
            yield entry, sealed

    def opened_parts(
        self, identities: Sequence[Identity], kinds: Collection[PartKind] = ALL_KINDS
    ) -> Iterator[tuple[PartEntry, bytes]]:
        """Yield the entry and the plaintext of each part of these kinds.

        Raises as `sealed_parts`, `open_film_key` and `open_file`.
        """
        identity = self.identity(identities)
        for entry, sealed in self.sealed_parts(kinds):
            yield entry, open_file(sealed, [identity])

    def identity(self, identities: Sequence[Identity]) -> HybridIdentity:
        """Return the film's own identity. Raises as `open_film_key`."""
        opening = self.manifest.opening
        return open_film_key(self.sealed_key, opening.film, opening.recipient, identities)


def verify_film(film: str, files: FilmFiles, directory: Directory) -> VerifiedFilm:
    """Verify manifest and `film.key` of `film` against a directory that was itself verified by `read_directory`.

    Raises `ManifestMissing`, `ManifestForged`, `KitUnknown`, `MessageMalformed`, `WrongFilm`, `FilmKeyMissing`,
    `WrongFilmKey`.
    """
    token = files.manifest()
    if token is None:
        raise ManifestMissing("The film has no manifest: it is still being recorded or uploaded. Try again later.")
    manifest = read_manifest(token.decode("ascii", "replace"), directory)
    if manifest.opening.film != film:
        raise WrongFilm(f"The folder is of film {film}, its manifest of {manifest.opening.film}. Restore the folder.")
    sealed_key = files.film_key()
    if sealed_key is None:
        raise FilmKeyMissing("film.key is missing: without it nobody opens this film. Restore it from a backup.")
    if hashlib.sha256(sealed_key).hexdigest() != manifest.opening.film_key:
        raise WrongFilmKey("film.key is not the one that the manifest names. Restore the one of this film.")
    return VerifiedFilm(manifest, sealed_key, files)


def _mismatch(entry: PartEntry, size: int, other_place: int | None) -> PartMisplaced | PartTruncated | PartForeign:
    if other_place is not None:
        return PartMisplaced(f"Part {other_place} stands in the place of part {entry.number}. Restore both.")
    if size < entry.size:
        return PartTruncated(f"Part {entry.number} has {size} of {entry.size} bytes. Fetch it again.")
    return PartForeign(f"Part {entry.number} is not of this film, or was changed. Restore it from a backup.")
