"""The requests of staff about the end of films, as routes: withdrawals, and certificates for files and families."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import Answers, refusals
from companion_api.films.certificate import POLICY, page
from companion_api.films.withdrawal import Withdrawn
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.kits.kit_requests import JOSE
from companion_api.library.erasing import certificate_read, withdraw_case, withdraw_film
from companion_api.paths import CaseCode, FilmId
from companion_api.staff.asking import ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb
from footage.erasure import Reason

WithdrawsFilm = Annotated[Asker, asks(Resource.FILM, Verb.WITHDRAW)]
WithdrawsCase = Annotated[Asker, asks(Resource.CASE, Verb.WITHDRAW)]
Sees = Annotated[Asker, asks(Resource.FILM, Verb.SEE)]
WithdrawalReason = Literal[
    Reason.FAMILY_ASKED, Reason.CHILD_ASKED, Reason.OTHER_ASKED, Reason.NO_AGREEMENT, Reason.MISTAKE, Reason.ORDERED
]
_WITHDRAWING = (*ASKING_FOR_ONE, *JSON_BODY)
_READING = (*ASKING_FOR_ONE, p.NOT_ERASED)

router = APIRouter(prefix="/v1/staff", route_class=JsonRoute)


class WithdrawalBody(BaseModel):
    """Why films are to be erased now."""

    model_config = ConfigDict(extra="forbid")
    reason: WithdrawalReason


class WithdrawnBody(BaseModel):
    """What became of films: erased, now or before, or kept by a legal hold until that ends."""

    gone: list[str]
    held: list[str] = Field(description="nobody is shown these any more, and they go when their holds end")


def _told(withdrawn: Withdrawn) -> WithdrawnBody:
    return WithdrawnBody(**withdrawn._asdict())


def _content(media_type: str, description: str) -> Answers:
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


@router.post("/films/{film}/withdrawal", responses=refusals(*_WITHDRAWING))
async def post_film_withdrawal(
    agency: TheAgency, asker: WithdrawsFilm, film: FilmId, withdrawal: WithdrawalBody
) -> WithdrawnBody:
    """Erase a film now, and for ever. The answer comes when nothing of it is left."""
    return _told(await agency.in_storage_thread(withdraw_film, agency.eraser, asker, film, withdrawal.reason))


@router.post("/cases/{case}/withdrawal", responses=refusals(*_WITHDRAWING))
async def post_case_withdrawal(
    agency: TheAgency, asker: WithdrawsCase, case: CaseCode, withdrawal: WithdrawalBody
) -> WithdrawnBody:
    """Erase all films of a case now, and for ever. Films that come to it later are not touched."""
    return _told(await agency.in_storage_thread(withdraw_case, agency.eraser, asker, case, withdrawal.reason))


@router.get(
    "/films/{film}/erasure",
    response_class=Response,
    responses=_content(JOSE, "the certificate") | refusals(*_READING),
)
async def get_certificate(agency: TheAgency, asker: Sees, film: FilmId) -> Response:
    """Return a film's erasure certificate, signed by the receipt key."""
    certificate = await agency.in_storage_thread(certificate_read, agency.eraser, asker, film)
    return Response(certificate.token, headers={"Cache-Control": "no-store"}, media_type=JOSE)


@router.get(
    "/films/{film}/erasure.html",
    response_class=Response,
    responses=_content("text/html", "one sheet") | refusals(*_READING),
)
async def get_certificate_page(agency: TheAgency, asker: Sees, film: FilmId) -> Response:
    """Return the certificate as a page to print for the family."""
    certificate = await agency.in_storage_thread(certificate_read, agency.eraser, asker, film)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
    return Response(page(certificate.token, certificate.content), headers=headers, media_type="text/html")
