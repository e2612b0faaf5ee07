"""The requests of staff about films, as routes.

They stand below `/v1/staff`, beside the kits' `/v1/films`: a path has one kind of caller and one kind of credential, so
no route chooses between two, and a proxy can let kits in from everywhere and staff from the agency's network only.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import Answers, refusals
from companion_api.films.case_rows import CASE_PATTERN
from companion_api.films.film_states import FilmState
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.kits.kit_requests import JOSE, SEALED
from companion_api.library.casework import file_film
from companion_api.library.film_access import FilmSeen
from companion_api.library.reading import (
    PAGE,
    film_seen,
    films_seen,
    key_read,
    manifest_read,
    part_read,
    receipt_read,
    shared_key_read,
)
from companion_api.paths import UUID4, FilmId, PartNumber
from companion_api.staff.asking import ASKING, ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb, may_do

_GONE = (p.FILM_HELD, p.FILM_TAKEN_BACK, p.FILM_ERASED)
_OPENING = (*ASKING_FOR_ONE, p.RECEIPT_NOT_YET, *_GONE)
_PART_HEADERS = {"Cache-Control": "private, immutable, max-age=86400", "Vary": "Cookie"}

Lists = Annotated[Asker, asks(Resource.FILM, Verb.LIST)]
Sees = Annotated[Asker, asks(Resource.FILM, Verb.SEE)]
Opens = Annotated[Asker, asks(Resource.FILM, Verb.OPEN)]
Files = Annotated[Asker, asks(Resource.FILM, Verb.FILE)]

router = APIRouter(prefix="/v1/staff/films", route_class=JsonRoute)


class FilmBody(BaseModel):
    """A film in codes, dates and numbers. Times are RFC 3339; what its manifest tells is null until it is closed."""

    film: str
    kit: str
    state: FilmState
    case: str | None
    received_at: str = Field(description="when its first part came")
    closed_at: str | None
    kind: str | None
    filmed_at: str | None = Field(description="when it began; null also if the kit's clock was not set")
    duration_ms: int | None
    size: int | None = Field(description="bytes of all sealed parts")
    to_be_erased: bool = Field(description="nobody is shown it any more; a legal hold may keep it for now")
    may: list[Verb] = Field(description="what the reader may do with it")


class FilmsBody(BaseModel):
    """Films, those that came last first. There are more if `before` is told: ask again with it."""

    films: list[FilmBody]
    before: str | None


class FilingBody(BaseModel):
    """The case in which a film belongs."""

    model_config = ConfigDict(extra="forbid")
    case: str = Field(pattern=CASE_PATTERN)


def _told(asker: Asker, seen: FilmSeen) -> FilmBody:
    told = seen._asdict()
    return FilmBody(may=may_do(asker.person, Resource.FILM, told.pop("ties")), **told)


def _bytes(media_type: str, description: str) -> Answers:
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


@router.get("", responses=refusals(*ASKING))
async def get_films(
    agency: TheAgency,
    asker: Lists,
    case: Annotated[str | None, Query(pattern=CASE_PATTERN)] = None,
    before: Annotated[str | None, Query(pattern=UUID4)] = None,
) -> FilmsBody:
    """List the films that one may see."""
    films = await agency.in_storage_thread(films_seen, agency.archive, asker, case, before)
    return FilmsBody(
        films=[_told(asker, seen) for seen in films], before=films[-1].film if len(films) == PAGE else None
    )


@router.get("/{film}", responses=refusals(*ASKING_FOR_ONE))
async def get_film(agency: TheAgency, asker: Sees, film: FilmId) -> FilmBody:
    """Tell of one film."""
    return _told(asker, await agency.in_storage_thread(film_seen, agency.archive, asker, film))


@router.get("/{film}/manifest", response_class=Response, responses=_bytes(JOSE, "the manifest") | refusals(*_OPENING))
async def get_manifest(agency: TheAgency, asker: Opens, film: FilmId) -> Response:
    """Return the manifest, signed by the kit. Verify it before anything else of the film."""
    return _kept_nowhere(await agency.in_storage_thread(manifest_read, agency.archive, asker, film), JOSE)


@router.get("/{film}/receipt", response_class=Response, responses=_bytes(JOSE, "the receipt") | refusals(*_OPENING))
async def get_receipt(agency: TheAgency, asker: Opens, film: FilmId) -> Response:
    """Return the receipt."""
    return _kept_nowhere(await agency.in_storage_thread(receipt_read, agency.archive, asker, film), JOSE)


@router.get("/{film}/key", response_class=Response, responses=_bytes(SEALED, "`film.key`") | refusals(*_OPENING))
async def get_key(agency: TheAgency, asker: Opens, film: FilmId) -> Response:
    """Return `film.key` as the kit sealed it, to the recipients of its directory."""
    return _kept_nowhere(await agency.in_storage_thread(key_read, agency.archive, asker, film), SEALED)


@router.get(
    "/{film}/shared-key",
    response_class=Response,
    responses=_bytes(SEALED, "the wrapped key") | refusals(*_OPENING, p.KEY_NOT_SHARED),
)
async def get_shared_key(agency: TheAgency, asker: Opens, film: FilmId) -> Response:
    """Return the film's key that somebody wrapped for one's own recipient when they shared the film."""
    return _kept_nowhere(await agency.in_storage_thread(shared_key_read, agency.archive, asker, film), SEALED)


@router.get(
    "/{film}/parts/{number}",
    response_class=Response,
    responses=_bytes(SEALED, "the part")
    | {304: {"description": "the bytes are known"}}
    | refusals(*_OPENING, p.PART_UNKNOWN),
)
async def get_part(request: Request, agency: TheAgency, asker: Opens, film: FilmId, number: PartNumber) -> Response:
    """Return one sealed part, at most 2 MiB, whole: ranges are not needed. `ETag` is its SHA-256.

    A browser keeps the ciphertext for a day, for this session only.
    """
    known = {tag.strip().strip('"') for tag in request.headers.get("if-none-match", "").split(",")}
    part = await agency.in_storage_thread(part_read, agency.archive, asker, film, int(number), known)
    headers = _PART_HEADERS | {"ETag": f'"{part.sha256}"'}
    if part.sealed is None:
        return Response(status_code=304, headers=headers)
    return Response(part.sealed, headers=headers, media_type=SEALED)


@router.put("/{film}/case", status_code=204, responses=refusals(*ASKING_FOR_ONE, *JSON_BODY, *_GONE))
async def put_case(agency: TheAgency, asker: Files, film: FilmId, filing: FilingBody) -> None:
    """File a film in a case. From then on it is the case's, and no longer its kit's holder's."""
    await agency.in_storage_thread(file_film, agency.archive, asker, film, filing.case)


def _kept_nowhere(body: bytes, media_type: str) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=media_type)
