"""Notes: what happened in a film besides pictures and sound. Sealed like everything else, for it is about people."""

from enum import StrEnum
from typing import Literal

import msgspec

from footage.errors import MessageMalformed, NoteInvalid
from footage.messages import Count, Message, decode
from footage.parts import NOTE_STEP


class NoteEvent(StrEnum):
    """The events that a note can tell of."""

    CONSENT_GIVEN = "consent given"
    MOMENT = "moment"
    STOPPED_BY_FAMILY = "stopped by family"
    WARNING = "warning"


class Note(Message, frozen=True):
    """One event, `at_ms` after the film's first frame. `detail` is empty but for warnings."""

    format: Literal[1]
    event: NoteEvent
    at_ms: Count
    detail: str = ""


def encode_note(note: Note) -> bytes:
    """Return the note as JSON, padded by spaces so that its size does not tell its event."""
    text = msgspec.json.encode(note)
    return text + b" " * (-len(text) % NOTE_STEP)


def decode_note(data: bytes) -> Note:
    """Parse an opened note. Raises `NoteInvalid`."""
    try:
        return decode(Note, data)
    except MessageMalformed as reason:
        raise NoteInvalid(f"A note of the film can't be read: {reason}") from None
