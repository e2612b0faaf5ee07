"""`POST /v1/enrol`, as a route: the only request by a kit that the directory does not list yet."""

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import InForce, TheAgency
from companion_api.answers import Answers, refusals
from companion_api.kits.enrolment import enrol
from companion_api.kits.kit_access import SignatureHeader, as_signed
from companion_api.kits.signed_json import BODY_REFUSALS, json_body, read_json
from companion_api.problems import REQUEST_INVALID, Refusal
from footage.errors import MessageMalformed
from footage.http_signatures import RequestForged, verify_request
from footage.keys import PublicJwk, from_jwk, thumbprint

Coordinate = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]

router = APIRouter(prefix="/v1")


class KitKey(BaseModel):
    """A P-256 public key as a JWK (RFC 7517); private members are refused."""

    model_config = ConfigDict(extra="forbid")

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate


class EnrolBody(BaseModel):
    """Which kit asks, with which token, and by which key it will sign from now on."""

    kit: str = Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")
    token: str = Field(pattern="^[A-Za-z0-9_-]{43}$")
    key: KitKey


class Enrolled(BaseModel):
    """The kit has enrolled. It may send films as soon as a directory lists it with its key."""

    kit: str
    key: str = Field(description="thumbprint (RFC 7638) of the kit's key, which a person compares")
    directory: str = Field(description="the directory in force (JWS); it need not list the kit yet")


_AGAIN: Answers = {200: {"description": "this key has enrolled before", "model": Enrolled}}


@router.post(
    "/enrol",
    status_code=201,
    responses=_AGAIN
    | refusals(
        *(p.REQUEST_FORGED, p.REQUEST_INVALID, *BODY_REFUSALS),
        *(p.TOKEN_UNKNOWN, p.TOKEN_USED, p.TOKEN_EXPIRED, p.KIT_MISMATCH, p.KIT_TAKEN, p.KIT_REVOKED),
        *(p.STORE_FULL, p.STORE_FAILED, p.INTERNAL_ERROR),
    ),
    openapi_extra=json_body(EnrolBody),
)
async def post_enrol(
    request: Request, response: Response, agency: TheAgency, published: InForce, _: SignatureHeader
) -> Enrolled:
    """Enter a kit's key by a token of IT's. Signed by that very key, without a nonce; `keyid` is its thumbprint."""
    body = await read_json(request, EnrolBody)
    try:
        key = from_jwk(PublicJwk(body.key.kty, body.key.crv, body.key.x, body.key.y))
    except MessageMalformed:
        raise Refusal(REQUEST_INVALID, "Correct the body. key: it is no point of P-256.") from None
    name = thumbprint(key)

    def key_of(key_id: str) -> EllipticCurvePublicKey:
        if key_id != name:
            raise RequestForged("The signature's keyid is not the thumbprint of the key. Sign with the key itself.")
        return key

    verify_request(as_signed(request), key_of, has_body=True)
    if not await agency.in_storage_thread(enrol, agency.archive, published.directory, body.kit, body.token, key):
        response.status_code = 200
    return Enrolled(kit=body.kit, key=name, directory=published.token)
