"""The time, signed by the agency for one question of one kit: a kit has no battery clock, and networks may block NTP.

The kit's question is a random nonce, and the answer comes within seconds or is not believed; so nothing can be
replayed or kept back. NTS (RFC 8915) and Roughtime would do the same with servers and ports of their own, which the
networks that block NTP block too, and NTS itself checks certificates by the clock that it is to set.
"""

import base64
import secrets
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec import Meta

from footage import jws
from footage.directory import Directory
from footage.errors import MessageForged, TimeForged, TimeMismatch
from footage.messages import Count, KitId, Message, Thumbprint, decode, encode

TIME_NONCE = r"^[A-Za-z0-9_-]{22,64}\Z"
_NONCE_BYTES = 32


class SignedTime(Message, frozen=True):
    """An answer. `iat`: seconds since 1970-01-01T00:00:00Z, rounded down (RFC 7519, section 4.1.6)."""

    format: Literal[1]
    kit: KitId
    nonce: Annotated[str, Meta(pattern=TIME_NONCE)]
    iat: Count
    receipt_key: Thumbprint


def new_nonce() -> str:
    """Return a question that was never asked before."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_NONCE_BYTES)).rstrip(b"=").decode("ascii")


def sign_time(time: SignedTime, key: EllipticCurvePrivateKey) -> str:
    """Return the answer as JWS, signed by a receipt key."""
    return jws.sign(jws.MessageType.TIME, encode(time), key)


def read_time(token: str, directory: Directory, *, kit: str, nonce: str) -> int:
    """Verify the answer to this kit's question; return seconds since 1970, rounded down.

    Raises `TimeForged`, `TimeMismatch` and `MessageMalformed`.
    """
    claimed = decode(SignedTime, jws.unverified_payload(jws.MessageType.TIME, token))
    key = directory.receipt_key(claimed.receipt_key)
    if key is None:
        raise TimeForged("The directory does not list the key that signed this time. Keep the clock and tell IT.")
    try:
        jws.verify(jws.MessageType.TIME, token, key)
    except MessageForged:
        raise TimeForged("The signature of this time is wrong. Keep the clock and ask again.") from None
    if (claimed.kit, claimed.nonce) != (kit, nonce):
        raise TimeMismatch("This time was signed for another kit or another question. Keep the clock and ask again.")
    return claimed.iat
