"""The requests of staff about shares of films, as routes."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.library.sharing import MAX_WRAPPED_KEY, NewShare, Reason, end_share, share, shares_seen
from companion_api.paths import AccountId, FilmId
from companion_api.staff.asking import ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb

Shares = Annotated[Asker, asks(Resource.FILM, Verb.SHARE)]
Unshares = Annotated[Asker, asks(Resource.FILM, Verb.UNSHARE)]
SeesShares = Annotated[Asker, asks(Resource.FILM, Verb.SEE_SHARES)]

router = APIRouter(prefix="/v1/staff/films/{film}/shares", route_class=JsonRoute)


def _real(moment: str) -> str:
    datetime.fromisoformat(moment)
    return moment


class NewShareBody(BaseModel):
    """A share to be made, until a moment within 90 days (RFC 3339, in UTC, to the second).

    `wrapped_key` is needed by whoever `film.key` was not sealed to: the film's identity as an age file, sealed to
    their recipient by the browser of whoever shares; Base64.
    """

    model_config = ConfigDict(extra="forbid", val_json_bytes="base64")
    expires_at: Annotated[str, Field(pattern="^[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}Z$"), AfterValidator(_real)]
    reason: Reason
    wrapped_key: bytes | None = Field(default=None, min_length=1, max_length=MAX_WRAPPED_KEY)


class ShareBody(BaseModel):
    """A share, in force or over. Times are RFC 3339."""

    account: str
    granted_by: str
    granted_at: str
    reason: Reason
    expires_at: str
    revoked_at: str | None


@router.get("", responses=refusals(*ASKING_FOR_ONE))
async def get_shares(agency: TheAgency, asker: SeesShares, film: FilmId) -> list[ShareBody]:
    """Tell with whom a film is shared or was, the newest share first."""
    grants = await agency.in_storage_thread(shares_seen, agency.archive, asker, film)
    return [ShareBody(**grant._asdict()) for grant in grants]


@router.put(
    "/{account}",
    status_code=204,
    responses=refusals(
        *(*ASKING_FOR_ONE, *JSON_BODY, p.RECEIPT_NOT_YET, p.FILM_HELD, p.FILM_TAKEN_BACK, p.FILM_ERASED),
        *(p.EXPIRY_UNFIT, p.ACCOUNT_UNFIT, p.HEADER_INVALID, p.ARMORED_FILE),
    ),
)
async def put_share(agency: TheAgency, asker: Shares, film: FilmId, account: AccountId, new: NewShareBody) -> None:
    """Share a film with somebody, in place of the share that they have."""
    made = NewShare(account, new.expires_at, new.reason, new.wrapped_key)
    await agency.in_storage_thread(share, agency.archive, asker, film, made)


@router.delete("/{account}", status_code=204, responses=refusals(*ASKING_FOR_ONE))
async def delete_share(agency: TheAgency, asker: Unshares, film: FilmId, account: AccountId) -> None:
    """End a share at once."""
    await agency.in_storage_thread(end_share, agency.archive, asker, film, account)
