"""The requests of kits, as routes. Each may be repeated at any time, after any crash, and nothing doubles."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from companion_api import problems as p
from companion_api.agency import InForce, TheAgency, agency_of
from companion_api.answers import Answers, refusals
from companion_api.films.film_states import FilmState
from companion_api.kits.closing import close_film, receipt_of
from companion_api.kits.have_list import have_list
from companion_api.kits.intake import take_key, take_part
from companion_api.kits.kit_access import KitInSession, OpeningKit, kit_in_session
from companion_api.kits.leaving import note_erased, take_back
from companion_api.kits.ranges import range_of, take_range
from companion_api.kits.sessions import SESSION_SECONDS
from companion_api.kits.telling_time import time_for
from companion_api.kits.upload import receive_upload
from companion_api.paths import PART_NUMBER, UUID4, FilmId, PartNumber
from companion_api.problems import Refusal
from companion_api.stores.store import Put
from footage.parts import MAX_PART_SIZE

MAX_KEY_SIZE = 1024 * 1024  # of film.key: about 500 recipients
MAX_MANIFEST_SIZE = 4 * 1024 * 1024  # about seven hours of film
JOSE = "application/jose"
SEALED = "application/octet-stream"

_FORMS = {"film": re.compile(UUID4), "number": re.compile(PART_NUMBER)}

_KIT = (p.REQUEST_FORGED, p.KIT_UNKNOWN, p.KIT_REVOKED, p.REQUEST_INVALID, p.INTERNAL_ERROR)
_IN_SESSION = (*_KIT, p.SESSION_EXPIRED, p.FILM_OF_OTHER_KIT, p.STORE_FAILED)
_UPLOAD = (
    *(*_IN_SESSION, p.BODY_INCOMPLETE, p.UPLOAD_STALLED, p.UPLOAD_TOO_SLOW, p.BODY_TOO_LARGE, p.BODY_EMPTY),
    *(p.DIGEST_MISMATCH, p.FILM_TAKEN_BACK, p.FILM_ERASED, p.STORE_FULL, p.TOO_BUSY),
)
_PIECE_ANSWERS: Answers = {
    201: {"description": "stored, durable"},
    200: {"description": "the same was already durable"},
}

_STATUS = {Put.STORED: 201, Put.SAME: 200, None: 202}

router = APIRouter(prefix="/v1")


class _PieceRoute(APIRoute):
    """A route of what comes a thousand times a film: it finds its function's parameters itself.

    FastAPI takes three times as long for that. In OpenAPI the parameters stand as those of every route.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implement `APIRoute`."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)  # which refuses it
            return
        request = Request(scope, receive, send)
        agency = await agency_of(request)
        kit = await kit_in_session(request, agency)
        for name, value in request.path_params.items():
            if not _FORMS[name].fullmatch(value):
                raise Refusal(p.REQUEST_INVALID, f"Correct the request. {name} must match {_FORMS[name].pattern}")
        answer: Response = await self.endpoint(request, agency, kit, **request.path_params)
        await answer(scope, receive, send)


pieces = APIRouter(prefix="/v1", route_class=_PieceRoute)


class Session(BaseModel):
    """A session: sign every request with `nonce`, for `expires_in` seconds."""

    nonce: str
    expires_in: int
    time: str | None = Field(None, description="JWS, if the signature of the request had a nonce of the kit's own")


class Part(BaseModel):
    """A part that is durable; SHA-256 in hex, size in bytes."""

    number: int
    sha256: str
    size: int


class BegunPart(BaseModel):
    """A part of which the first `size` bytes are durable; SHA-256 of the whole part, in hex."""

    number: int
    sha256: str
    size: int


class HaveListBody(BaseModel):
    """What the service holds of a film: `key` is the SHA-256 of film.key."""

    film: str
    key: str | None
    parts: list[Part]
    begun: list[BegunPart] = Field(description="of what came in ranges and is not whole")
    state: FilmState = Field(description="open until the receipt was issued")


def _header(name: str, description: str, *, required: bool = False) -> dict[str, object]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": {"type": "string"},
        "description": description,
    }


def _body(media_type: str, maximum: int, *more_headers: dict[str, object]) -> dict[str, object]:
    schema = {"type": "string", "format": "binary", "minLength": 1, "maxLength": maximum}
    digest = _header("Content-Digest", "RFC 9530, one sha-256", required=True)
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    return {"requestBody": body, "parameters": [digest, *more_headers]}


def _jws(**descriptions: str) -> Answers:
    content = {JOSE: {"schema": {"type": "string"}}}
    return {int(status[1:]): {"description": text, "content": content} for status, text in descriptions.items()}


@router.get(
    "/directory",
    response_class=Response,
    responses=_jws(_200="the signed directory") | {304: {"description": "not changed"}} | refusals(p.INTERNAL_ERROR),
)
async def get_directory(request: Request, published: InForce) -> Response:
    """Return the directory in force. Not signed by a kit: the directory is what a kit checks first."""
    headers = {"ETag": published.etag, "Cache-Control": "no-cache"}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {published.etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(published.token, headers=headers, media_type=JOSE)


@router.post("/kits/{kit}/sessions", status_code=201, responses=refusals(*_KIT, p.KIT_MISMATCH))
async def begin_session(agency: TheAgency, opening: OpeningKit) -> Session:
    """Begin a sync: the only request of a kit that is signed without a session's nonce."""
    time = time_for(opening.kit, opening.nonce, agency.archive.clock(), agency.receipt_key)
    return Session(nonce=agency.sessions.begin(opening.kit), expires_in=SESSION_SECONDS, time=time)


@pieces.put(
    "/films/{film}/key",
    response_class=Response,
    responses=_PIECE_ANSWERS | refusals(*_UPLOAD, p.KEY_DIFFERS, p.FILM_CLOSED),
    openapi_extra=_body(SEALED, MAX_KEY_SIZE),
)
async def put_key(request: Request, agency: TheAgency, kit: KitInSession, film: FilmId) -> Response:
    """Store `film.key`."""
    async with agency.places:
        upload = await receive_upload(request, MAX_KEY_SIZE)
        return _stored(await agency.in_storage_thread(take_key, agency.archive, kit, film, upload))


@pieces.put(
    "/films/{film}/parts/{number}",
    response_class=Response,
    responses=_PIECE_ANSWERS
    | {202: {"description": "the range is durable, and the part not whole yet"}}
    | refusals(*_UPLOAD, p.RANGE_INVALID, p.PART_DIFFERS, p.FILM_CLOSED),
    openapi_extra=_body(
        SEALED,
        MAX_PART_SIZE,
        _header("Content-Range", "RFC 9110, section 14.4: `bytes FIRST-LAST/TOTAL`, if this is a range of the part"),
        _header("Repr-Digest", "RFC 9530, one sha-256 of the whole part; with Content-Range only"),
    ),
)
async def put_part(
    request: Request, agency: TheAgency, kit: KitInSession, film: FilmId, number: PartNumber
) -> Response:
    """Store one sealed part. Parts may come in any order, several at once, and before the film has ended.

    A part may come in ranges too: Content-Range (RFC 9110, section 14.4) and the whole part's Repr-Digest (RFC 9530).
    """
    async with agency.places:
        upload = await receive_upload(request, MAX_PART_SIZE)
        content_range = request.headers.get("content-range")
        if content_range is None:
            return _stored(await agency.in_storage_thread(take_part, agency.archive, kit, film, int(number), upload))
        of = range_of(int(number), content_range, request.headers.get("repr-digest", ""))
        return _stored(await agency.in_storage_thread(take_range, agency.archive, kit, film, of, upload))


@router.get("/films/{film}/parts", responses=refusals(*_IN_SESSION, p.FILM_TAKEN_BACK, p.FILM_ERASED))
async def get_parts(agency: TheAgency, kit: KitInSession, film: FilmId) -> HaveListBody:
    """Return what is held of a film: what a kit need not send again."""
    held = await agency.in_storage_thread(have_list, agency.archive, kit, film)
    parts = [Part(number=part.number, sha256=part.sha256, size=part.size) for part in held.parts]
    begun = [BegunPart(**part._asdict()) for part in held.begun]
    return HaveListBody(film=film, key=held.key_sha256, parts=parts, begun=begun, state=held.state)


@router.put(
    "/films/{film}/manifest",
    response_class=Response,
    responses=_jws(_201="the receipt", _200="the same receipt again")
    | refusals(
        *(*_UPLOAD, p.MESSAGE_MALFORMED, p.MANIFEST_FORGED, p.WRONG_FILM, p.WRONG_KIT, p.PARTS_MISSING),
        *(p.MANIFEST_DIFFERS, p.RECEIPT_KEY_UNLISTED),
    ),
    openapi_extra=_body(JOSE, MAX_MANIFEST_SIZE),
)
async def put_manifest(
    request: Request, agency: TheAgency, published: InForce, kit: KitInSession, film: FilmId
) -> Response:
    """Close a film: when all that its manifest lists is durable, the answer is the receipt."""
    async with agency.places:
        upload = await receive_upload(request, MAX_MANIFEST_SIZE)
        issued = await agency.in_storage_thread(
            close_film, agency.archive, agency.receipt_key, published.directory, kit, film, upload
        )
    return Response(issued.receipt, 201 if issued.new else 200, media_type=JOSE)


@router.get(
    "/films/{film}/receipt",
    response_class=Response,
    responses=_jws(_200="the receipt") | refusals(*_IN_SESSION, p.RECEIPT_NOT_YET, p.FILM_TAKEN_BACK, p.FILM_ERASED),
)
async def get_receipt(agency: TheAgency, kit: KitInSession, film: FilmId) -> Response:
    """Return the receipt again."""
    return Response(await agency.in_storage_thread(receipt_of, agency.archive, kit, film), media_type=JOSE)


@router.post(
    "/films/{film}/erased",
    status_code=204,
    responses=refusals(*_IN_SESSION, p.FILM_UNKNOWN, p.FILM_OPEN, p.FILM_TAKEN_BACK, p.STORE_FULL),
)
async def post_erased(agency: TheAgency, kit: KitInSession, film: FilmId) -> None:
    """Enter that the kit has erased its copy. From now on the service has the only one."""
    await agency.in_storage_thread(note_erased, agency.archive, kit, film)


@router.delete(
    "/films/{film}",
    status_code=204,
    responses=refusals(*_IN_SESSION, p.TAKE_BACK_TOO_LATE, p.FILM_HELD, p.STORE_FULL),
)
async def delete_film(agency: TheAgency, kit: KitInSession, film: FilmId) -> None:
    """Take a film back, until a day after it was closed. Nothing of it is kept or accepted any more."""
    await agency.in_storage_thread(take_back, agency.eraser, kit, film)


def _stored(outcome: Put | None) -> Response:
    return Response(status_code=_STATUS[outcome])
