"""A film that says what is durable as soon as the spool has said so: what must be there after any power cut."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.spooled_film import SpooledFilm
from footage.manifest import Ended, Manifest, PartEntry
from footage.parts import PartName

Announce = Callable[[str, str], None]
MANIFEST = "manifest"


class AnnouncedFilm(SpooledFilm):
    """Announces each part by name and SHA-256 when `add_part` returned, and the manifest when `close` did."""

    def __init__(self, folder: Path, announce: Announce) -> None:
        super().__init__(folder)
        self._announce = announce

    def add_part(self, name: PartName, sealed: bytes | bytearray) -> PartEntry:
        entry = super().add_part(name, sealed)
        self._announce(str(name), entry.sha256)
        return entry

    def close(self, ended: Ended, kit_key: EllipticCurvePrivateKey, parts: list[PartEntry] | None = None) -> Manifest:
        manifest = super().close(ended, kit_key, parts)
        self._announce(MANIFEST, hashlib.sha256(self.manifest().encode()).hexdigest())
        return manifest
