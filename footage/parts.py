"""The parts of a film: how their files are named on the kit, and how their sizes are made to tell little.

A part's file name says all that the manifest will say of it: number, kind, duration, SHA-256. So after a power cut a
film is closed from its files alone, and a part that the cut has torn, or the card has spoilt, gives itself away.
"""

import hashlib
import re
from enum import StrEnum
from typing import NamedTuple

from footage.errors import PartKindUnknown

MEDIA_STEP = 64 * 1024  # media parts are padded to whole steps; at 4 Mbit/s this costs 6 %
NOTE_STEP = 512
MAX_PART_SIZE = 2 * 1024 * 1024  # of the sealed part; the service refuses larger ones
_BOX_HEADER_SIZE = 8
_NAME = re.compile(r"([0-9]{5,15})\.([a-z]+)\.([0-9]{1,15})\.([0-9a-f]{64})\.age")


class PartKind(StrEnum):
    """What a part holds when opened."""

    INIT = "init"  # ftyp and moov of the fragmented MP4
    MEDIA = "media"  # one moof and mdat, about one second, begins with a key frame
    NOTE = "note"  # one JSON event


class PartName(NamedTuple):
    """Number (from 0), kind, duration in ms, and SHA-256 in hex of a sealed part, as its file name on the kit."""

    number: int
    kind: PartKind
    duration_ms: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.number:05d}.{self.kind.value}.{self.duration_ms}.{self.sha256}.age"

    @classmethod
    def of(cls, number: int, kind: PartKind, duration_ms: int, sealed: bytes | bytearray) -> "PartName":
        """Return the name for a sealed part."""
        return cls(number, kind, duration_ms, hashlib.sha256(sealed).hexdigest())

    @classmethod
    def parse(cls, name: str) -> "PartName":
        """Parse a file name. Raises `PartKindUnknown`."""
        match = _NAME.fullmatch(name)
        if match is None or match[2] not in set(PartKind):
            raise _not_a_part(name)
        part = cls(int(match[1]), PartKind(match[2]), int(match[3]), match[4])
        if str(part) != name:  # one part, one name: no superfluous zeros
            raise _not_a_part(name)
        return part


def _not_a_part(name: str) -> PartKindUnknown:
    return PartKindUnknown(f"{name} is not the name of a part. Move it out of the film's folder.")


def media_padding(size: int, step: int = MEDIA_STEP) -> bytes:
    """Return an MP4 `free` box (ISO/IEC 14496-12, 8.1.2) that fills `size` bytes up to a whole number of steps."""
    missing = -size % step
    if 0 < missing < _BOX_HEADER_SIZE:
        missing += step
    return missing.to_bytes(4, "big") + b"free" + bytes(missing - _BOX_HEADER_SIZE) if missing else b""
