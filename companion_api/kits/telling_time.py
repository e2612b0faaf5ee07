"""The time for a kit that asks for it: the nonce of its own in the signature of `POST …/sessions` is the question."""

import re
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from footage.keys import thumbprint
from footage.signed_time import TIME_NONCE, SignedTime, sign_time

_NONCE = re.compile(TIME_NONCE)


def time_for(kit: str, nonce: str, now: datetime, key: EllipticCurvePrivateKey) -> str | None:
    """Return the time now, signed for this question (JWS); None for what is no question."""
    if not _NONCE.fullmatch(nonce):
        return None
    return sign_time(SignedTime(1, kit, nonce, int(now.timestamp()), thumbprint(key.public_key())), key)
