"""Strict JSON for signed messages: exact types, no unknown fields, patterns on every name and hash."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from footage.errors import MessageMalformed

FilmId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]
KIT_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}\Z"
SERVICE_PATTERN = r"^https?://[^/]+\Z"

KitId = Annotated[str, Meta(pattern=KIT_PATTERN)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Thumbprint = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
Timestamp = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
ServiceUrl = Annotated[str, Meta(pattern=SERVICE_PATTERN)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]

MessageT = TypeVar("MessageT", bound="Message")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is signed or sealed as JSON."""


def timestamp(moment: datetime) -> str:
    """Return a moment as a `Timestamp`: RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(message: Message) -> bytes:
    """Return the message as UTF-8 JSON, fields in their declared order."""
    return msgspec.json.encode(message)


def decode(kind: type[MessageT], data: bytes) -> MessageT:
    """Parse JSON strictly. Raises `MessageMalformed` with the field that is wrong."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise MessageMalformed(f"This is not a {kind.__name__.lower()}: {reason}.") from None
