"""What Schemathesis must be told of our media types (`SCHEMATHESIS_HOOKS`)."""

import schemathesis
from schemathesis import SerializationContext


@schemathesis.serializer("application/jose")
def send_as_it_is(_: SerializationContext, value: object) -> bytes:
    """A JWS is text, and garbage in its place is any text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
