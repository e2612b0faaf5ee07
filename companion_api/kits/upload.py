"""The body of a request: gathered in memory, bounded in size, and compared with its digest."""

import base64
import hashlib
import re
from dataclasses import dataclass

from fastapi import Request

from companion_api.problems import (
    BODY_EMPTY,
    BODY_INCOMPLETE,
    BODY_TOO_LARGE,
    DIGEST_MISMATCH,
    Refusal,
)

_MANY_DIGITS = 19  # more than any length, and few enough for `int`
_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole body, and the Content-Digest (RFC 9530) that was signed for it."""

    body: bytes | bytearray
    content_digest: str

    def verified_sha256(self) -> str:
        """Return the SHA-256 of the body in hex. Raises `Refusal` if it is not the signed one. Takes CPU time."""
        sha256 = hashlib.sha256(self.body).digest()
        announced = _SHA256.fullmatch(self.content_digest)
        if announced is None or base64.b64decode(announced[1]) != sha256:
            raise Refusal(
                DIGEST_MISMATCH,
                "Content-Digest must be one sha-256 of the body. Read the file again and send it with its digest.",
            )
        return sha256.hex()


async def gather(request: Request, limit: int) -> Upload:
    """Return the body, of at most `limit` bytes. Raises `Refusal`."""
    announced = _announced(request)
    if announced > limit:
        raise Refusal(BODY_TOO_LARGE, _too_large(limit))
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        if piece:  # the last one is empty
            pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise Refusal(BODY_TOO_LARGE, _too_large(limit))
    if size != announced:
        raise Refusal(BODY_INCOMPLETE, f"{size} bytes came, {announced} were announced. Send the whole body again.")
    if size == 0:
        raise Refusal(BODY_EMPTY, "This request needs a body.")
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)  # one piece is not copied
    return Upload(body, request.headers.get("content-digest", ""))


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < _MANY_DIGITS else 0


def _too_large(limit: int) -> str:
    return f"At most {limit} bytes are taken here. Send less at once."
