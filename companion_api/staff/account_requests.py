"""The requests about accounts, as routes, for IT. The shell's `companion-api account` decides by the same functions."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.paths import AccountId
from companion_api.staff import accounts
from companion_api.staff.account_rows import NAME_LENGTH
from companion_api.staff.asking import ASKING, Asker, asks
from companion_api.staff.authorisation import Resource, Verb
from companion_api.staff.names import one_line
from companion_api.staff.person import Role

_CHANGING = (*ASKING, p.ACCOUNT_UNKNOWN, p.ACCOUNT_DEACTIVATED, p.OWN_ACCOUNT)

Name = Annotated[str, Field(max_length=NAME_LENGTH), AfterValidator(lambda name: one_line(name, NAME_LENGTH))]
Roles = Annotated[set[Role], Field(min_length=1)]

Lists = Annotated[Asker, asks(Resource.ACCOUNT, Verb.LIST)]
Adds = Annotated[Asker, asks(Resource.ACCOUNT, Verb.ADD)]
Changes = Annotated[Asker, asks(Resource.ACCOUNT, Verb.CHANGE)]

router = APIRouter(prefix="/v1/staff/accounts", route_class=JsonRoute)


class NewAccount(BaseModel):
    """Whom to add."""

    name: Name
    roles: Roles


class NewRoles(BaseModel):
    """The roles that somebody has from now on."""

    roles: Roles


class InvitationBody(BaseModel):
    """A link to give to the person, good once and for a week. It is told here and never again."""

    account: str
    link: str


class AccountBody(BaseModel):
    """An account, by what it signs in, and until when it is invited. Times are RFC 3339."""

    account: str
    name: str
    roles: list[Role]
    created_at: str
    deactivated_at: str | None
    passkeys: int
    linked: bool = Field(description="to a person of the agency's OpenID provider")
    invited_until: str | None


@router.get("", responses=refusals(*ASKING))
async def get_accounts(agency: TheAgency, _: Lists) -> list[AccountBody]:
    """List all accounts, the oldest first."""
    listed = await agency.in_storage_thread(accounts.list_accounts, agency.archive)
    return [AccountBody(**one._asdict()) for one in listed]


@router.post("", status_code=201, responses=refusals(*ASKING, *JSON_BODY))
async def add_account(agency: TheAgency, asker: Adds, body: NewAccount) -> InvitationBody:
    """Add an account and invite to it."""
    added = await agency.in_storage_thread(
        accounts.add_account, agency.archive, asker.person.actor, body.name, body.roles
    )
    return _invitation(agency, added)


@router.post("/{account}/invitation", status_code=201, responses=refusals(*_CHANGING))
async def invite(agency: TheAgency, asker: Changes, account: AccountId) -> InvitationBody:
    """Invite again: all by which the account signed in was lost, and ends."""
    invited = await agency.in_storage_thread(accounts.invite, agency.archive, asker.person.actor, account)
    return _invitation(agency, invited)


@router.put("/{account}/roles", status_code=204, responses=refusals(*_CHANGING, *JSON_BODY))
async def set_roles(agency: TheAgency, asker: Changes, account: AccountId, body: NewRoles) -> None:
    """Give an account these roles and no others."""
    await agency.in_storage_thread(accounts.set_roles, agency.archive, asker.person.actor, account, body.roles)


@router.post("/{account}/deactivated", status_code=204, responses=refusals(*_CHANGING))
async def deactivate(agency: TheAgency, asker: Changes, account: AccountId) -> None:
    """End an account and its sessions, at once and for good."""
    await agency.in_storage_thread(accounts.deactivate, agency.archive, asker.person.actor, account)


def _invitation(agency: TheAgency, invited: accounts.Invited) -> InvitationBody:
    return InvitationBody(account=invited.account, link=invited.link(agency.origin))
