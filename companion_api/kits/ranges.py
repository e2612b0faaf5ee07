"""Parts that come in ranges, over links that do not last for a whole one (partial PUT, RFC 9110, section 14.5).

Each range is an object of its own under the whole part's SHA-256: durable when it is acknowledged, never changed, and
the same wherever the next request arrives. When they cover the part, it is taken in as if it had come whole, and they
go. No row tells of them; they go with their film at the latest.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from companion_api.films.archive import Archive
from companion_api.kits.intake import destroy_if_gone, is_wanted, take_part
from companion_api.kits.upload import Upload, announced_sha256
from companion_api.problems import BODY_TOO_LARGE, DIGEST_MISMATCH, RANGE_INVALID, Refusal
from companion_api.stores.store import Put, ranges_folder
from footage.byte_range import ByteRange
from footage.errors import MessageMalformed
from footage.parts import MAX_PART_SIZE

_NAME = re.compile(r"(?P<number>[0-9]{5})\.(?P<sha256>[0-9a-f]{64})\.(?P<begin>[0-9]{7})-(?P<end>[0-9]{7})")


@dataclass(frozen=True, slots=True)
class PartRange:
    """What a request with a range is about: the part's number and SHA-256 in hex, and which bytes of it come."""

    number: int
    sha256: str
    bytes: ByteRange


class Begun(NamedTuple):
    """A part of which the first `size` bytes are durable."""

    number: int
    sha256: str
    size: int


class _Stored(NamedTuple):
    name: str
    number: int
    sha256: str
    begin: int
    end: int


def range_of(number: int, content_range: str, repr_digest: str) -> PartRange:
    """Read the headers of a range. Raises `Refusal`."""
    sha256 = announced_sha256(repr_digest)
    if sha256 is None:
        raise Refusal(RANGE_INVALID, "Repr-Digest must be one sha-256, of the whole part.")
    try:
        found = ByteRange.parse(content_range)
    except MessageMalformed as reason:
        raise Refusal(RANGE_INVALID, str(reason)) from None
    if found.total > MAX_PART_SIZE:
        raise Refusal(BODY_TOO_LARGE, f"At most {MAX_PART_SIZE} bytes are taken as a part.")
    return PartRange(number, sha256, found)


def take_range(archive: Archive, kit: str, film: str, of: PartRange, upload: Upload) -> Put | None:
    """Store a range; return None, or what became of the part if it is whole by it.

    Raises `Refusal`, `StoreFull`, `StoreFailed`.
    """
    begin, end, total = of.bytes
    if len(upload.body) != end - begin:
        raise Refusal(RANGE_INVALID, f"{end - begin} bytes are announced by Content-Range, {len(upload.body)} came.")
    if not is_wanted(archive, kit, film, of.number, of.sha256):
        return Put.SAME
    name = f"{ranges_folder(film)}/{of.number:05d}.{of.sha256}.{begin:07d}-{end:07d}"
    if archive.store.put(name, upload.body) is Put.DIFFERS:
        raise _spoilt(archive, film, of)
    destroy_if_gone(archive, film)
    ranges = _ranges_of(archive, film, of)
    if _covered(ranges) < total:
        return None
    body = _joined(archive, ranges)
    if hashlib.sha256(body).hexdigest() != of.sha256:
        if not is_wanted(archive, kit, film, of.number, of.sha256):
            return Put.SAME  # another request has just joined them
        raise _spoilt(archive, film, of)
    outcome = take_part(archive, kit, film, of.number, Upload(body, of.sha256))
    archive.store.delete([one.name for one in ranges])
    return outcome


def begun_parts(archive: Archive, film: str) -> list[Begun]:
    """Return the parts of which a beginning is held. Raises `StoreFailed`."""
    by_part: dict[tuple[int, str], list[_Stored]] = {}
    for one in _stored(archive, film):
        by_part.setdefault((one.number, one.sha256), []).append(one)
    begun = (Begun(*part, _covered(ranges)) for part, ranges in by_part.items())
    return [one for one in begun if one.size]


def drop_ranges(archive: Archive, film: str) -> None:
    """Remove the ranges of a film that is whole. Raises `StoreFailed`."""
    archive.store.delete([one.name for one in _stored(archive, film)])


def _stored(archive: Archive, film: str) -> list[_Stored]:
    """Return all ranges of a film in order of parts, and of beginnings."""
    found = []
    for name in archive.store.list(ranges_folder(film)):
        if match := _NAME.fullmatch(name.rpartition("/")[2]):
            found.append(_Stored(name, int(match[1]), match[2], int(match[3]), int(match[4])))
    return found


def _ranges_of(archive: Archive, film: str, of: PartRange) -> list[_Stored]:
    return [one for one in _stored(archive, film) if (one.number, one.sha256) == (of.number, of.sha256)]


def _covered(ranges: Iterable[_Stored]) -> int:
    """Return how many bytes from the beginning are there, without a gap."""
    size = 0
    for one in ranges:
        if one.begin > size:
            break
        size = max(size, one.end)
    return size


def _joined(archive: Archive, ranges: Iterable[_Stored]) -> bytes:
    """Return what the ranges make together; something else, if one has gone since."""
    joined = bytearray()
    for one in ranges:
        if one.end > len(joined):
            joined += (archive.store.get(one.name) or b"")[len(joined) - one.begin :]
    return bytes(joined)


def _spoilt(archive: Archive, film: str, of: PartRange) -> Refusal:
    archive.store.delete([one.name for one in _ranges_of(archive, film, of)])
    return Refusal(DIGEST_MISMATCH, "The ranges do not make the part that Repr-Digest tells of. Send it anew.")
