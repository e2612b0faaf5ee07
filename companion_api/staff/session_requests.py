"""The requests about one's own sessions, as routes."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.paths import UUID4
from companion_api.staff.person import Role
from companion_api.staff.sign_in import SIGNED_IN, InSession, SignedIn, clear_session_cookie
from companion_api.staff.sign_out import own_sessions, sign_out, sign_out_everywhere

SessionId = Annotated[str, Path(pattern=UUID4)]

router = APIRouter(prefix="/v1/staff")


class SessionBody(BaseModel):
    """A session. Times are RFC 3339; `used_at` is true to the minute."""

    session: str
    created_at: str
    used_at: str
    expires_at: str


class WhoBody(SessionBody):
    """Who is signed in, and by which session."""

    account: str
    name: str
    roles: list[Role]


@router.get("/session", responses=refusals(*SIGNED_IN))
async def get_session(found: InSession) -> WhoBody:
    """Tell who is signed in."""
    session, person = found.session, found.person
    return WhoBody(**session._asdict(), name=person.name, roles=sorted(person.roles))


@router.delete("/session", status_code=204, responses=refusals(*SIGNED_IN, p.SESSION_UNKNOWN))
async def delete_session(agency: TheAgency, found: InSession, response: Response) -> None:
    """Sign out."""
    await agency.in_storage_thread(sign_out, agency.archive, found.person, found.session.session)
    clear_session_cookie(response)


@router.get("/sessions", responses=refusals(*SIGNED_IN))
async def get_sessions(agency: TheAgency, person: SignedIn) -> list[SessionBody]:
    """List one's own sessions, the newest first."""
    sessions = await agency.in_storage_thread(own_sessions, agency.archive, person)
    return [SessionBody(**session._asdict()) for session in sessions]


@router.delete("/sessions", status_code=204, responses=refusals(*SIGNED_IN))
async def delete_sessions(agency: TheAgency, person: SignedIn, response: Response) -> None:
    """Sign out everywhere."""
    await agency.in_storage_thread(sign_out_everywhere, agency.archive, person)
    clear_session_cookie(response)


@router.delete("/sessions/{session}", status_code=204, responses=refusals(*SIGNED_IN, p.SESSION_UNKNOWN))
async def delete_other_session(agency: TheAgency, person: SignedIn, session: SessionId) -> None:
    """End one of one's own sessions."""
    await agency.in_storage_thread(sign_out, agency.archive, person, session)
