"""`PUT /v1/kits/{kit}/status`, as a route: a kit's heartbeat."""

from fastapi import APIRouter, Request

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.answers import refusals
from companion_api.kits.heartbeat import Heartbeat, keep_heartbeat
from companion_api.kits.kit_access import OwnSession
from companion_api.kits.signed_json import BODY_REFUSALS, json_body, read_json

router = APIRouter(prefix="/v1")


@router.put(
    "/kits/{kit}/status",
    status_code=204,
    responses=refusals(
        *(p.REQUEST_FORGED, p.REQUEST_INVALID, *BODY_REFUSALS),
        *(p.KIT_UNKNOWN, p.KIT_REVOKED, p.KIT_MISMATCH, p.SESSION_EXPIRED),
        *(p.STORE_FULL, p.STORE_FAILED, p.INTERNAL_ERROR),
    ),
    openapi_extra=json_body(Heartbeat),
)
async def put_status(request: Request, agency: TheAgency, session: OwnSession) -> None:
    """Keep what a kit says of itself as its newest heartbeat."""
    heartbeat = await read_json(request, Heartbeat)
    await agency.in_storage_thread(keep_heartbeat, agency.archive, session, heartbeat)
