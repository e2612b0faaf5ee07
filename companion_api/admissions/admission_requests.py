"""The requests of staff about being admitted as a recipient, as routes."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from companion_api import problems as p
from companion_api.admissions.admissions import (
    AdmissionSeen,
    AdmissionState,
    admissions_seen,
    ask,
    refuse,
    waiting_list,
    withdraw,
)
from companion_api.agency import InForce, TheAgency
from companion_api.answers import refusals
from companion_api.json_bodies import JSON_BODY, JsonRoute
from companion_api.paths import Fingerprint
from companion_api.staff.asking import ASKING, ASKING_FOR_ONE, Asker, asks
from companion_api.staff.authorisation import Resource, Verb

Lists = Annotated[Asker, asks(Resource.RECIPIENT, Verb.LIST)]
AsksFor = Annotated[Asker, asks(Resource.RECIPIENT, Verb.ASK)]
Exports = Annotated[Asker, asks(Resource.RECIPIENT, Verb.EXPORT)]
Withdraws = Annotated[Asker, asks(Resource.RECIPIENT, Verb.WITHDRAW)]
Refuses = Annotated[Asker, asks(Resource.RECIPIENT, Verb.REFUSE)]

router = APIRouter(prefix="/v1/staff", route_class=JsonRoute)


class RecipientBody(BaseModel):
    """One's own recipient, `age1pq1…`. Its identity stays in one's browser."""

    model_config = ConfigDict(extra="forbid")
    recipient: str = Field(max_length=4096)


class AdmissionBody(BaseModel):
    """A request for admission. `fingerprint`: the SHA-256 of `recipient`, in hex. `requested_at` is RFC 3339."""

    fingerprint: str
    recipient: str
    account: str
    requested_at: str
    state: AdmissionState


class WaitingBody(BaseModel):
    """One request that waits."""

    account: str
    name: str
    roles: list[str]
    recipient: str
    requested_at: str


class WaitingListBody(BaseModel):
    """What `kit recipient add` reads on the machine of the offline root."""

    format: Literal[1]
    requests: list[WaitingBody]


@router.get("/recipients", responses=refusals(*ASKING))
async def get_admissions(agency: TheAgency, published: InForce, asker: Lists) -> list[AdmissionBody]:
    """List one's own requests, or all for IT and the data-protection officer; the newest first."""
    seen = await agency.in_storage_thread(admissions_seen, agency.archive, asker, published.directory)
    return [_told(each) for each in seen]


@router.post(
    "/recipients", status_code=201, responses=refusals(*ASKING, *JSON_BODY, p.RECIPIENT_INVALID, p.RECIPIENT_TAKEN)
)
async def post_admission(agency: TheAgency, published: InForce, asker: AsksFor, wanted: RecipientBody) -> AdmissionBody:
    """Ask that films be sealed to oneself too. The service can't grant it; the offline root can."""
    return _told(await agency.in_storage_thread(ask, agency.archive, asker, published.directory, wanted.recipient))


@router.get("/waiting-recipients", responses=refusals(*ASKING))
async def get_waiting(agency: TheAgency, published: InForce, asker: Exports) -> WaitingListBody:
    """Return the requests that wait, as the file that IT takes to the offline root."""
    waiting = await agency.in_storage_thread(waiting_list, agency.archive, asker, published.directory)
    return WaitingListBody.model_validate(waiting, from_attributes=True)


@router.delete("/recipients/{fingerprint}", status_code=204, responses=refusals(*ASKING_FOR_ONE, p.RECIPIENT_ADMITTED))
async def delete_admission(agency: TheAgency, published: InForce, asker: Withdraws, fingerprint: Fingerprint) -> None:
    """Withdraw one's own request."""
    await agency.in_storage_thread(withdraw, agency.archive, asker, published.directory, fingerprint)


@router.post(
    "/recipients/{fingerprint}/refuse", status_code=204, responses=refusals(*ASKING_FOR_ONE, p.RECIPIENT_ADMITTED)
)
async def post_refusal(agency: TheAgency, published: InForce, asker: Refuses, fingerprint: Fingerprint) -> None:
    """Refuse a request."""
    await agency.in_storage_thread(refuse, agency.archive, asker, published.directory, fingerprint)


def _told(seen: AdmissionSeen) -> AdmissionBody:
    admission = seen.admission
    return AdmissionBody(
        fingerprint=admission.fingerprint,
        recipient=admission.recipient,
        account=admission.account,
        requested_at=admission.requested_at,
        state=seen.state,
    )
