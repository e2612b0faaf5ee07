"""Session nonces: how a request proves to be fresh without the kit's clock. Nothing is stored for them."""

from collections.abc import Callable
from datetime import datetime

from itsdangerous import BadSignature

from companion_api.clocked_signer import ClockedSigner
from companion_api.problems import SESSION_EXPIRED, Refusal

SESSION_SECONDS = 3600


class Sessions:
    """Gives out nonces and knows them again. All workers of a service share one `secret`."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._signer = ClockedSigner(secret, __name__, clock)

    def begin(self, kit: str) -> str:
        """Return a nonce for the kit, good for `SESSION_SECONDS`."""
        return self._signer.sign(kit).decode("ascii")

    def check(self, nonce: str, kit: str) -> datetime:
        """Return when the session was begun. Raises `Refusal` unless its nonce is this kit's and still good."""
        try:
            owner, begun = self._signer.unsign(nonce, max_age=SESSION_SECONDS, return_timestamp=True)
        except BadSignature:
            owner, begun = b"", datetime.min
        if owner != kit.encode("ascii"):
            raise Refusal(SESSION_EXPIRED, "Begin a new session with POST /v1/kits/{kit}/sessions and use its nonce.")
        return begun
