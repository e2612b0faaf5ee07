"""Whether the audit trail is whole: its numbers, its hashes, and the heads that were signed on the way."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec

from companion_api.audit.heads import SIGNED, AuditHead, HeadRefused, signed_heads
from companion_api.audit.trail import GENESIS, Entry, entries
from companion_api.films.archive import Archive
from companion_api.signatures import read_message
from footage.directory import Directory
from footage.errors import FootageError
from footage.jws import MessageType


class TrailBroken(Exception):
    """The trail is not as it was written. `number` is the first entry that is wrong or lacking."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class WholeTrail:
    """A trail that is whole: its newest entry, and the newest head that was signed (None: none yet)."""

    newest: Entry | None
    signed: AuditHead | None

    @property
    def count(self) -> int:
        """How many entries there are."""
        return 0 if self.newest is None else self.newest.number + 1


def verify_trail(archive: Archive, directory: Directory) -> WholeTrail:
    """Walk the whole trail. Raises `TrailBroken`, `HeadRefused` and `StoreFailed`."""
    heads = list(signed_heads(archive.store, directory))  # before the trail, which may grow meanwhile
    with archive.database.reading() as connection, closing(entries(connection)) as trail:
        return walk(trail, heads, directory)


def walk(trail: Iterable[Entry], heads: Iterable[AuditHead], directory: Directory) -> WholeTrail:
    """Verify entries, which must be in order, against each other and against `heads`. Raises as `verify_trail`."""
    expected = {head.number: head for head in heads}
    newest, signed = None, None
    for entry in _readable(trail):
        _refuse_break(entry, newest)
        for head, of in ((_head_in(entry, directory), newest), (expected.pop(entry.number, None), entry)):
            if head is not None:
                _refuse_other(head, of)
                signed = head
        newest = entry
    if expected:
        lacking = expected[min(expected)]
        raise TrailBroken(
            0 if newest is None else newest.number + 1,
            f"The trail ends before entry {lacking.number}, which was signed as its head at {lacking.at}: its end was "
            "cut off. Restore the database from a backup, and find out who had access.",
        )
    return WholeTrail(newest, signed)


def _refuse_break(entry: Entry, before: Entry | None) -> None:
    number, previous = (0, GENESIS) if before is None else (before.number + 1, before.hash)
    if entry.number != number:
        raise TrailBroken(number, f"Entry {number} is lacking; entry {entry.number} follows.")
    if entry.previous != previous:
        raise TrailBroken(number, f"Entry {number} does not follow the entry before it: one of them was changed.")
    if entry.hash != entry.computed_hash():
        raise TrailBroken(number, f"Entry {number} was changed after it was written.")


def _head_in(entry: Entry, directory: Directory) -> AuditHead | None:
    """Return the signed head that an entry holds, if it holds one: that of the entry right before it."""
    if entry.action != SIGNED:
        return None
    token = str(entry.detail.get("jws", "")).encode()
    try:
        return read_message(MessageType.AUDIT_HEAD, AuditHead, token, directory)
    except FootageError as reason:
        raise HeadRefused(f"entry {entry.number}: {reason}") from None


def _refuse_other(head: AuditHead, entry: Entry | None) -> None:
    if entry is None or (entry.number, entry.hash) != (head.number, head.hash):
        raise TrailBroken(
            head.number,
            f"Entry {head.number} is another one than was signed as the trail's head at {head.at}: the trail was "
            "written anew. Restore the database from a backup, and find out who had access.",
        )


def _readable(trail: Iterable[Any]) -> Iterator[Entry]:
    number = 0
    try:
        for entry in trail:
            yield entry
            number = entry.number + 1
    except msgspec.DecodeError:
        raise TrailBroken(number, f"Entry {number} was changed: what it tells can't be read.") from None
