"""The requests of staff about who holds which kit, as routes."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import InForce, TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.library.handover import hand_kit, holders_seen
from companion_api.paths import UUID4, KitId
from companion_api.staff.asking import ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb

Sees = Annotated[Asker, asks(Resource.KIT, Verb.SEE)]
Hands = Annotated[Asker, asks(Resource.KIT, Verb.HAND)]

router = APIRouter(prefix="/v1/staff/kits/{kit}", route_class=JsonRoute)


class HolderBody(BaseModel):
    """From when on (RFC 3339) a kit is with somebody; null: with nobody."""

    held_from: str
    account: str | None


class HandoverBody(BaseModel):
    """With whom a kit is from now on; null: with nobody."""

    model_config = ConfigDict(extra="forbid")
    account: str | None = Field(pattern=UUID4)


@router.get("/holders", responses=refusals(*ASKING_FOR_ONE))
async def get_holders(agency: TheAgency, published: InForce, asker: Sees, kit: KitId) -> list[HolderBody]:
    """Tell who has held a kit, the newest first."""
    holders = await agency.in_storage_thread(holders_seen, agency.archive, asker, published.directory, kit)
    return [HolderBody(**holder._asdict()) for holder in holders]


@router.put("/holder", status_code=204, responses=refusals(*ASKING_FOR_ONE, *JSON_BODY, p.ACCOUNT_UNFIT))
async def put_holder(agency: TheAgency, published: InForce, asker: Hands, kit: KitId, handover: HandoverBody) -> None:
    """Enter who holds a kit from now on. They see what it films, until it is filed in a case."""
    await agency.in_storage_thread(hand_kit, agency.archive, asker, published.directory, kit, handover.account)
