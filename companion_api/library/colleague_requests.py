"""The request of staff about their colleagues, as a route."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.library.colleagues import colleagues_seen
from companion_api.staff.asking import ASKING, Asker, asks
from companion_api.staff.authorisation import Resource, Verb
from companion_api.staff.person import Role

Lists = Annotated[Asker, asks(Resource.COLLEAGUE, Verb.LIST)]

router = APIRouter(prefix="/v1/staff/colleagues")


class ColleagueBody(BaseModel):
    """Somebody who works here, or did."""

    account: str
    name: str
    roles: list[Role]
    active: bool


@router.get("", responses=refusals(*ASKING))
async def get_colleagues(agency: TheAgency, asker: Lists) -> list[ColleagueBody]:
    """List who works here or did: with whom a film can be shared, and whom an account means."""
    accounts = await agency.in_storage_thread(colleagues_seen, agency.archive, asker)
    return [
        ColleagueBody(account=row.account, name=row.name, roles=sorted(row.roles), active=row.active)
        for row in accounts
    ]
