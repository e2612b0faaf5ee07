"""The requests to sign in at the agency's OpenID provider, as routes.

The provider sends the browser back to a page of ours, which posts what it was given. So the cookies stay strict, and
what goes wrong is answered like everything else.
"""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.problems import Refusal
from companion_api.staff.ceremonies import Kept, end_ceremony
from companion_api.staff.provider import AtProvider, Provider, going_to_provider
from companion_api.staff.provider_sign_in import check_invitation, sign_in_linked
from companion_api.staff.sign_in import FROM_OUR_PAGES, FromOurPages, OldSession, set_session_cookie

_PROVIDER = (*FROM_OUR_PAGES, *JSON_BODY, p.PROVIDER_NOT_SET, p.PROVIDER_FAILED, p.INVITATION_OVER, p.STORE_FAILED)

router = APIRouter(prefix="/v1/staff/provider", route_class=JsonRoute)


class Going(BaseModel):
    """With an invitation, the provider's person is linked to the account when they come back."""

    invitation: str | None = Field(default=None, max_length=64)


class Address(BaseModel):
    """Where the browser must go."""

    address: str


class Returned(BaseModel):
    """The parameters with which the provider sent the browser back (RFC 6749, section 4.1.2; `iss`: RFC 9207)."""

    code: str = Field(max_length=8192)
    state: str = Field(max_length=64)
    iss: str | None = Field(default=None, max_length=255)


@router.post("/options", responses=refusals(*_PROVIDER))
async def go_to_provider(agency: TheAgency, _: FromOurPages, body: Going, response: Response) -> Address:
    """Begin to sign in at the provider."""
    provider = _provider(agency)
    invitation = ""
    if body.invitation is not None:
        invitation = await agency.in_storage_thread(check_invitation, agency.archive, body.invitation)
    ceremony = going_to_provider(invitation)
    address = await provider.address(ceremony)
    agency.ceremonies.begin(response, ceremony)
    return Address(address=address)


@router.post(
    "/sign-in",
    status_code=204,
    responses=refusals(
        *(*_PROVIDER, p.CEREMONY_OVER, p.PROVIDER_REFUSED, p.LINK_UNKNOWN, p.LINK_TAKEN, p.ACCOUNT_DEACTIVATED),
        p.STORE_FULL,
    ),
)
async def return_from_provider(
    agency: TheAgency, _: FromOurPages, kept: Kept, old: OldSession, body: Returned, response: Response
) -> None:
    """Sign in, or link the account and sign in, with what the provider gave."""
    provider = _provider(agency)
    ceremony = agency.ceremonies.read(AtProvider, kept)
    if body.state != ceremony.challenge:
        raise Refusal(p.CEREMONY_OVER, "Begin again, in this browser.")
    person = await provider.identify(ceremony, body.code, body.iss)
    token = await agency.in_storage_thread(sign_in_linked, agency.archive, ceremony, person, old)
    end_ceremony(response)
    set_session_cookie(response, token)


def _provider(agency: TheAgency) -> Provider:
    if agency.provider is None:
        raise Refusal(p.PROVIDER_NOT_SET, "Sign in with a passkey.")
    return agency.provider
