"""The requests about passkeys, as routes: two for each ceremony, one that asks the browser and one with its answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.staff import passkeys
from companion_api.staff.ceremonies import Kept, end_ceremony
from companion_api.staff.names import one_line
from companion_api.staff.passkey_rows import CREDENTIAL_LENGTH, NAME_LENGTH
from companion_api.staff.passkeys import Asked, Registering, SigningIn
from companion_api.staff.sign_in import (
    FROM_OUR_PAGES,
    SIGNED_IN,
    FromOurPages,
    InSession,
    OldSession,
    SignedIn,
    set_session_cookie,
)

CREDENTIAL = f"^[A-Za-z0-9_-]{{1,{CREDENTIAL_LENGTH}}}$"
_ASKING = (*FROM_OUR_PAGES, p.STORE_FAILED)
_ANSWERING = (*_ASKING, *JSON_BODY, p.CEREMONY_OVER, p.PASSKEY_REFUSED, p.ACCOUNT_DEACTIVATED, p.STORE_FULL)

Name = Annotated[str, Field(max_length=NAME_LENGTH), AfterValidator(lambda name: one_line(name, NAME_LENGTH))]
CredentialId = Annotated[str, Path(pattern=CREDENTIAL)]

router = APIRouter(prefix="/v1/staff", route_class=JsonRoute)


class Invitation(BaseModel):
    """The token of an invitation's link."""

    invitation: str = Field(max_length=64)


class Options(BaseModel):
    """What to give to `navigator.credentials` as `publicKey`, parsed by the browser's `parse…OptionsFromJSON`."""

    model_config = ConfigDict(extra="allow")

    challenge: str


class Credential(BaseModel):
    """What the browser's `PublicKeyCredential.toJSON()` returns."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(pattern=CREDENTIAL)
    response: dict[str, Any]


class NewPasskey(BaseModel):
    """A new passkey, under a name by which its owner knows it again."""

    name: Name
    credential: Credential


class UsedPasskey(BaseModel):
    """The answer of a passkey."""

    credential: Credential


class PasskeyBody(BaseModel):
    """A passkey of one's own. Times are RFC 3339."""

    credential: str
    name: str
    created_at: str
    used_at: str | None


@router.post("/invitation/options", responses=refusals(*_ASKING, *JSON_BODY, p.INVITATION_OVER))
async def ask_invited(agency: TheAgency, _: FromOurPages, body: Invitation, response: Response) -> Options:
    """Begin to register the first passkey, with an invitation."""
    asked = await agency.in_storage_thread(passkeys.ask_invited, agency.archive, agency.origin, body.invitation)
    return _begun(agency, response, asked)


@router.post(
    "/invitation/passkey", status_code=204, responses=refusals(*_ANSWERING, p.INVITATION_OVER, p.PASSKEY_KNOWN)
)
async def register_invited(
    agency: TheAgency, _: FromOurPages, kept: Kept, old: OldSession, body: NewPasskey, response: Response
) -> None:
    """Register the first passkey and sign in."""
    ceremony = agency.ceremonies.read(Registering, kept)
    answer = body.credential.model_dump()
    token = await agency.in_storage_thread(
        passkeys.register_invited, agency.archive, agency.origin, ceremony, body.name, answer, old
    )
    end_ceremony(response)
    set_session_cookie(response, token)


@router.post("/sign-in/options", responses=refusals(*FROM_OUR_PAGES))
async def ask_anybody(agency: TheAgency, _: FromOurPages, response: Response) -> Options:
    """Begin to sign in."""
    return _begun(agency, response, passkeys.ask_anybody(agency.origin))


@router.post("/sign-in", status_code=204, responses=refusals(*_ANSWERING, p.PASSKEY_UNKNOWN))
async def sign_in(
    agency: TheAgency, _: FromOurPages, kept: Kept, old: OldSession, body: UsedPasskey, response: Response
) -> None:
    """Sign in with a passkey."""
    ceremony = agency.ceremonies.read(SigningIn, kept)
    answer = body.credential.model_dump()
    token = await agency.in_storage_thread(passkeys.sign_in, agency.archive, agency.origin, ceremony, answer, old)
    end_ceremony(response)
    set_session_cookie(response, token)


@router.get("/passkeys", responses=refusals(*SIGNED_IN))
async def get_passkeys(agency: TheAgency, person: SignedIn) -> list[PasskeyBody]:
    """List one's own passkeys, the oldest first."""
    own = await agency.in_storage_thread(passkeys.own_passkeys, agency.archive, person.account)
    return [PasskeyBody.model_validate(passkey, from_attributes=True) for passkey in own]


@router.post("/passkey-options", responses=refusals(*SIGNED_IN, p.SIGN_IN_NOT_FRESH))
async def ask_signed_in(agency: TheAgency, found: InSession, response: Response) -> Options:
    """Begin to register another passkey, shortly after having signed in."""
    asked = await agency.in_storage_thread(passkeys.ask_signed_in, agency.archive, agency.origin, found)
    return _begun(agency, response, asked)


@router.post("/passkeys", status_code=204, responses=refusals(*SIGNED_IN, *_ANSWERING, p.PASSKEY_KNOWN))
async def register_another(
    agency: TheAgency, found: InSession, kept: Kept, body: NewPasskey, response: Response
) -> None:
    """Register another passkey."""
    ceremony = agency.ceremonies.read(Registering, kept)
    answer = body.credential.model_dump()
    await agency.in_storage_thread(
        passkeys.register_another, agency.archive, agency.origin, ceremony, body.name, answer, found
    )
    end_ceremony(response)


@router.delete(
    "/passkeys/{credential}",
    status_code=204,
    responses=refusals(*SIGNED_IN, p.PASSKEY_UNKNOWN, p.LAST_PASSKEY, p.ACCOUNT_DEACTIVATED),
)
async def remove_passkey(agency: TheAgency, person: SignedIn, credential: CredentialId) -> None:
    """Remove one of one's own passkeys."""
    await agency.in_storage_thread(passkeys.remove_passkey, agency.archive, person.account, credential)


def _begun(agency: TheAgency, response: Response, asked: Asked) -> Options:
    agency.ceremonies.begin(response, asked.ceremony)
    return Options(**asked.options)
