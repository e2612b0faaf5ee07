"""Ceremonies under way: what was asked of a browser, kept in a signed cookie of it until the answer comes.

Whoever only begins a ceremony leaves nothing in the database. One that succeeds is spent in the transaction of its
success, so that its answer is good once, whichever worker it comes to.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Cookie, Depends, Response
from itsdangerous import BadSignature
from sqlalchemy import Column, Connection, String, Table, delete

from companion_api.clocked_signer import ClockedSigner
from companion_api.database.database import METADATA, NOT_IN_BACKUPS, insert_new
from companion_api.problems import CEREMONY_OVER, Refusal
from companion_api.tokens import token_sha256
from footage.messages import Message, MessageT, decode, encode, timestamp

COOKIE = "__Host-attune-ceremony"
TIME = timedelta(minutes=10)  # to find a key, or to sign in at the provider with a second factor

_SPENT = Table(
    "spent_ceremonies",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("expires_at", String(20), nullable=False),
    info=NOT_IN_BACKUPS,
)


async def _kept(cookie: Annotated[str, Cookie(alias=COOKIE, description="what the options came with")] = "") -> str:
    return cookie


Kept = Annotated[str, Depends(_kept)]


class Ceremonies:
    """Signs ceremonies and knows them again. All workers of a service share one `secret`."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._secret = secret
        self._clock = clock

    def begin(self, response: Response, ceremony: Message) -> None:
        """Let the browser keep a ceremony."""
        signed = self._signer(type(ceremony)).sign(base64.urlsafe_b64encode(encode(ceremony)))
        age = int(TIME.total_seconds())
        response.set_cookie(
            COOKIE, signed.decode("ascii"), max_age=age, secure=True, httponly=True, samesite="strict", path="/"
        )

    def read(self, kind: type[MessageT], cookie: str) -> MessageT:
        """Return the ceremony that a browser kept. Raises `Refusal` for another kind, a forged one, or an old one."""
        try:
            signed = self._signer(kind).unsign(cookie, max_age=int(TIME.total_seconds()))
            return decode(kind, base64.urlsafe_b64decode(signed))
        except (BadSignature, binascii.Error):
            raise _over() from None

    def _signer(self, kind: type[Message]) -> ClockedSigner:
        return ClockedSigner(self._secret, f"{__name__}.{kind.__name__}", self._clock)


def spend(connection: Connection, now: datetime, challenge: str) -> None:
    """Enter that a ceremony has succeeded. Raises `Refusal` if it had before."""
    connection.execute(delete(_SPENT).where(_SPENT.c.expires_at <= timestamp(now)))
    expires_at = timestamp(now + TIME + timedelta(seconds=1))  # a timestamp is to the second
    if not insert_new(connection, _SPENT, sha256=token_sha256(challenge), expires_at=expires_at):
        raise _over()


def end_ceremony(response: Response) -> None:
    """Let the browser forget the ceremony."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")


def _over() -> Refusal:
    return Refusal(CEREMONY_OVER, f"Begin again, and answer within {TIME.total_seconds() // 60:.0f} minutes.")
