"""Who is asking: every request of a kit is signed by it (RFC 9421), and the directory says whether it may."""

from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from companion_api.agency import Agency, TheAgency
from companion_api.problems import KIT_MISMATCH, Refusal
from footage.http_signatures import SignedRequest, verify_request

_header = APIKeyHeader(
    name="Signature",
    scheme_name="HTTP Message Signature",
    description="RFC 9421, ecdsa-p256-sha256, tag `attune-kit`, keyid the kit's id, nonce of a session. Covers "
    "@method, @path and, with a body, content-digest and content-length; with Content-Range that and repr-digest too.",
    auto_error=False,
)
SignatureHeader = Annotated[str | None, Depends(_header)]


async def _signed(request: Request, agency: Agency) -> tuple[str, str]:
    """Return kit and nonce. Raises `RequestForged`, `KitUnknown`, `KitRevoked`. About 0.1 ms of CPU."""
    published = await agency.published()
    signature = verify_request(as_signed(request), published.key_of, has_body=request.method == "PUT")
    return signature.key_id, signature.nonce


def as_signed(request: Request) -> SignedRequest:
    """Return the request as its signature is about it."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path = request.scope["raw_path"].decode("latin-1")  # as it was signed; host and scheme may be a proxy's
    return SignedRequest(request.method, f"https://companion{path}", headers)


class Opening(NamedTuple):
    """A kit that begins a session, and a nonce of its own, by which it asks for the time (empty: it does not)."""

    kit: str
    nonce: str


async def _opening_kit(request: Request, agency: TheAgency, kit: str, _: SignatureHeader) -> Opening:
    signer, nonce = await _signed(request, agency)
    _same(kit, signer)
    return Opening(kit, nonce)


async def kit_in_session(request: Request, agency: TheAgency, _: SignatureHeader = None) -> str:
    """Return which kit has signed the request, with the nonce of a session.

    Raises `RequestForged`, `KitUnknown`, `KitRevoked`, `Refusal`.
    """
    kit, nonce = await _signed(request, agency)
    agency.sessions.check(nonce, kit)
    return kit


class KitSession(NamedTuple):
    """A kit that asks about itself, and when its session was begun."""

    kit: str
    begun: datetime


async def _own_session(request: Request, agency: TheAgency, kit: str, _: SignatureHeader) -> KitSession:
    signer, nonce = await _signed(request, agency)
    _same(kit, signer)
    return KitSession(kit, agency.sessions.check(nonce, kit))


def _same(named: str, signer: str) -> None:
    if named != signer:
        raise Refusal(KIT_MISMATCH, f"The request is signed by kit {signer}. Use that kit's path.")


OpeningKit = Annotated[Opening, Depends(_opening_kit)]
KitInSession = Annotated[str, Depends(kit_in_session)]
OwnSession = Annotated[KitSession, Depends(_own_session)]
