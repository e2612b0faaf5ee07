"""Signed text that is good for a time. Nothing is stored for it; all workers of a service share its secret."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from itsdangerous import TimestampSigner


class ClockedSigner(TimestampSigner):
    """HMAC-SHA-256 and the time of the service's clock. What was signed for one `purpose` is no good for another."""

    def __init__(self, secret: bytes, purpose: str, clock: Callable[[], datetime]) -> None:
        super().__init__(secret, salt=purpose, digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Return the time in seconds since 1970."""
        return int(self._clock().timestamp())
