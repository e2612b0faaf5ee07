"""The requests of staff about cases, as routes."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import Answers, refusals
from companion_api.library.casework import (
    CaseSeen,
    add_member,
    begin_case,
    case_seen,
    cases_seen,
    end_case,
    remove_member,
    reopen_case,
)
from companion_api.paths import AccountId, CaseCode
from companion_api.staff.asking import ASKING, ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb

Lists = Annotated[Asker, asks(Resource.CASE, Verb.LIST)]
Sees = Annotated[Asker, asks(Resource.CASE, Verb.SEE)]
Begins = Annotated[Asker, asks(Resource.CASE, Verb.BEGIN)]
Ends = Annotated[Asker, asks(Resource.CASE, Verb.END)]
Reopens = Annotated[Asker, asks(Resource.CASE, Verb.REOPEN)]
Staffs = Annotated[Asker, asks(Resource.CASE, Verb.STAFF)]
_BEGUN: Answers = {201: {"description": "a new case"}, 200: {"description": "one's own case, there already"}}

router = APIRouter(prefix="/v1/staff/cases")


class CaseBody(BaseModel):
    """The work with one family, under a code. Times are RFC 3339; `members` are accounts."""

    case: str
    opened_at: str
    ended_at: str | None
    members: list[str]


@router.get("", responses=refusals(*ASKING))
async def get_cases(agency: TheAgency, asker: Lists) -> list[CaseBody]:
    """List the cases that one may see, by code."""
    return [_told(seen) for seen in await agency.in_storage_thread(cases_seen, agency.archive, asker)]


@router.get("/{case}", responses=refusals(*ASKING_FOR_ONE))
async def get_case(agency: TheAgency, asker: Sees, case: CaseCode) -> CaseBody:
    """Tell of one case."""
    return _told(await agency.in_storage_thread(case_seen, agency.archive, asker, case))


@router.put("/{case}", response_class=Response, responses=_BEGUN | refusals(*ASKING, p.CASE_TAKEN))
async def put_case(agency: TheAgency, asker: Begins, case: CaseCode) -> Response:
    """Open a case under a code that says nothing of the family. A practitioner who opens it works on it."""
    return Response(status_code=201 if await agency.in_storage_thread(begin_case, agency.archive, asker, case) else 200)


@router.post("/{case}/end", status_code=204, responses=refusals(*ASKING_FOR_ONE))
async def post_end(agency: TheAgency, asker: Ends, case: CaseCode) -> None:
    """Enter that the work ends now. The time until its films are erased begins to run."""
    await agency.in_storage_thread(end_case, agency.archive, asker, case)


@router.post("/{case}/reopen", status_code=204, responses=refusals(*ASKING_FOR_ONE))
async def post_reopen(agency: TheAgency, asker: Reopens, case: CaseCode) -> None:
    """Enter that the work goes on after all."""
    await agency.in_storage_thread(reopen_case, agency.archive, asker, case)


@router.put("/{case}/members/{account}", status_code=204, responses=refusals(*ASKING_FOR_ONE, p.ACCOUNT_UNFIT))
async def put_member(agency: TheAgency, asker: Staffs, case: CaseCode, account: AccountId) -> None:
    """Let a practitioner work on a case, and so open its films."""
    await agency.in_storage_thread(add_member, agency.archive, asker, case, account)


@router.delete("/{case}/members/{account}", status_code=204, responses=refusals(*ASKING_FOR_ONE))
async def delete_member(agency: TheAgency, asker: Staffs, case: CaseCode, account: AccountId) -> None:
    """Take somebody off a case, at once."""
    await agency.in_storage_thread(remove_member, agency.archive, asker, case, account)


def _told(seen: CaseSeen) -> CaseBody:
    return CaseBody(**seen.case._asdict(), members=seen.members)
