"""The body of a request: gathered in memory, bounded in size and patience, and compared with its digest."""

import asyncio
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
    UPLOAD_STALLED,
    Refusal,
)

_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole body, and the Content-Digest (RFC 9530) that was signed for it."""

    body: bytes
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


async def gather(request: Request, limit: int, patience: float) -> Upload:
    """Return the body, of at most `limit` bytes, unless none of it came for `patience` seconds. Raises `Refusal`."""
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    if announced > limit:
        raise Refusal(BODY_TOO_LARGE, _too_large(limit))
    chunks: list[bytes] = []
    size = 0
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(patience) as deadline:
            async for chunk in request.stream():
                deadline.reschedule(clock() + patience)
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise Refusal(BODY_TOO_LARGE, _too_large(limit))
    except TimeoutError:
        raise Refusal(
            UPLOAD_STALLED, f"No byte came for {patience:g} s. Send the whole body again when the link is better."
        ) from None
    if size != announced:
        raise Refusal(BODY_INCOMPLETE, f"{size} bytes came, {announced} were announced. Send the whole body again.")
    if size == 0:
        raise Refusal(BODY_EMPTY, "Send the sealed bytes as the body.")
    return Upload(b"".join(chunks), request.headers.get("content-digest", ""))


def _too_large(limit: int) -> str:
    return f"At most {limit} bytes are taken. Send the film in smaller parts."
