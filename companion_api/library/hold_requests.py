"""The requests of staff about legal holds, as routes. A hold begins and ends by two people each."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.films.case_rows import CASE_PATTERN
from companion_api.films.hold_rows import Hold, HoldReason, HoldState
from companion_api.films.holds import REFERENCE_PATTERN
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.library.erasing import hold_asked, hold_confirmed, holds_seen, release_asked, release_confirmed
from companion_api.paths import UUID4
from companion_api.staff.asking import ASKING, ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb

Lists = Annotated[Asker, asks(Resource.HOLD, Verb.LIST)]
AsksFor = Annotated[Asker, asks(Resource.HOLD, Verb.ASK)]
Confirms = Annotated[Asker, asks(Resource.HOLD, Verb.CONFIRM)]
Releases = Annotated[Asker, asks(Resource.HOLD, Verb.RELEASE)]
HoldId = Annotated[str, Path(pattern=UUID4)]
_SUBJECT = f"^(film:{UUID4[1:-1]}|case:{CASE_PATTERN[1:-1]})$"

router = APIRouter(prefix="/v1/staff/holds", route_class=JsonRoute)


class NewHoldBody(BaseModel):
    """What is to be held, and why. `reference`: of a file elsewhere; there is no room for names."""

    model_config = ConfigDict(extra="forbid")
    subject: str = Field(pattern=_SUBJECT, description="film:ID or case:CODE")
    reason: HoldReason
    reference: str = Field(pattern=REFERENCE_PATTERN)


class HoldBody(BaseModel):
    """A legal hold. Times are RFC 3339; people are `staff:ACCOUNT`."""

    hold: str
    subject: str
    reason: HoldReason
    reference: str
    state: HoldState
    asked_by: str
    asked_at: str
    confirmed_by: str | None
    confirmed_at: str | None
    release_asked_by: str | None
    release_asked_at: str | None
    released_by: str | None
    released_at: str | None


def _told(hold: Hold) -> HoldBody:
    return HoldBody(**hold._asdict())


@router.get("", responses=refusals(*ASKING))
async def get_holds(agency: TheAgency, asker: Lists) -> list[HoldBody]:
    """List all holds, those that have ended too, the newest first."""
    return [_told(hold) for hold in await agency.in_storage_thread(holds_seen, agency.eraser, asker)]


@router.post(
    "", status_code=201, responses=refusals(*ASKING, *JSON_BODY, p.FILM_UNKNOWN, p.CASE_UNKNOWN, p.FILM_ERASED)
)
async def post_hold(agency: TheAgency, asker: AsksFor, new: NewHoldBody) -> HoldBody:
    """Ask for a hold on a film, or on a case with all its films. Nothing is held until somebody else confirms it."""
    asked = await agency.in_storage_thread(hold_asked, agency.eraser, asker, new.subject, new.reason, new.reference)
    return _told(asked)


@router.post(
    "/{hold}/confirmation",
    responses=refusals(*ASKING_FOR_ONE, p.CASE_UNKNOWN, p.FILM_ERASED, p.HOLD_NEEDS_ANOTHER, p.HOLD_ENDED),
)
async def post_confirmation(agency: TheAgency, asker: Confirms, hold: HoldId) -> HoldBody:
    """Put a hold in force that somebody else asked for."""
    return _told(await agency.in_storage_thread(hold_confirmed, agency.eraser, asker, hold))


@router.post("/{hold}/release", responses=refusals(*ASKING_FOR_ONE, p.HOLD_ENDED))
async def post_release(agency: TheAgency, asker: Releases, hold: HoldId) -> HoldBody:
    """Ask for the end of a hold. One that nobody has confirmed ends at once."""
    return _told(await agency.in_storage_thread(release_asked, agency.eraser, asker, hold))


@router.post(
    "/{hold}/release/confirmation",
    responses=refusals(*ASKING_FOR_ONE, p.HOLD_NEEDS_ANOTHER, p.HOLD_STANDS, p.HOLD_ENDED),
)
async def post_release_confirmation(agency: TheAgency, asker: Confirms, hold: HoldId) -> HoldBody:
    """End a hold whose end somebody else asked for. What only it had kept is erased before the answer."""
    return _told(await agency.in_storage_thread(release_confirmed, agency.eraser, asker, hold))
