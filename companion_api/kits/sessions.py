"""Session nonces: how a request proves to be fresh without the kit's clock. Nothing is stored for them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature

from companion_api.clocked_signer import ClockedSigner
from companion_api.problems import SESSION_EXPIRED, Refusal

SESSION_SECONDS = 3600
_NOW, _LASTS = timedelta(), timedelta(seconds=SESSION_SECONDS)
_NEVER = datetime.min.replace(tzinfo=UTC)
_REMEMBERED = 1024  # nonces of which is known whose they are; a kit sends hundreds of requests with one


class Sessions:
    """Gives out nonces and knows them again. All workers of a service share one `secret`."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._signer = ClockedSigner(secret, __name__, clock)
        self._clock = clock
        self._known = lru_cache(_REMEMBERED)(self._read)  # what it raises is not kept

    def begin(self, kit: str) -> str:
        """Return a nonce for the kit, good for `SESSION_SECONDS`."""
        return self._signer.sign(kit).decode("ascii")

    def check(self, nonce: str, kit: str) -> datetime:
        """Return when the session was begun. Raises `Refusal` unless its nonce is this kit's and still good."""
        try:
            owner, begun = self._known(nonce)
        except BadSignature:
            owner, begun = b"", _NEVER
        age = self._clock() - begun
        if owner != kit.encode("ascii") or not _NOW <= age <= _LASTS:
            raise Refusal(SESSION_EXPIRED, "Begin a new session with POST /v1/kits/{kit}/sessions and use its nonce.")
        return begun

    def _read(self, nonce: str) -> tuple[bytes, datetime]:
        return self._signer.unsign(nonce, return_timestamp=True)
