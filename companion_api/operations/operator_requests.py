"""The requests of operators: is it alive, is it ready, what does it measure.

`/metrics` names kits, so it is for the agency's own network: through a proxy (which sets `X-Forwarded-For`) it does
not exist, and the nginx example refuses it as well.
"""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from companion_api import problems as p
from companion_api.agency import InForce, TheAgency
from companion_api.answers import Answers, refusals
from companion_api.operations.fleet_state import FleetState
from companion_api.operations.readiness import faults
from companion_api.operations.state import ServiceState
from companion_api.problems import Refusal

_EXPOSITION: Answers = {200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}}

router = APIRouter()


class Well(BaseModel):
    """All is well."""

    status: str = "ok"


@router.get("/healthz", responses=refusals(p.INTERNAL_ERROR))
async def get_health() -> Well:
    """Tell that the process answers. Restart it if this does not come."""
    return Well()


@router.get("/readyz", responses=refusals(p.NOT_READY, p.INTERNAL_ERROR))
async def get_readiness(agency: TheAgency) -> Well:
    """Tell that films can be taken in: store and database answer, kits believe the receipts."""
    published = await agency.published()
    found = await agency.in_storage_thread(faults, agency.archive, agency.receipt_key, published.directory)
    if found:
        raise Refusal(p.NOT_READY, " ".join(found.values()), faults=sorted(found))
    return Well()


@router.get(
    "/metrics",
    response_class=Response,
    responses=_EXPOSITION | refusals(p.NOT_FOUND, p.STORE_FAILED, p.INTERNAL_ERROR),
)
async def get_metrics(request: Request, agency: TheAgency, published: InForce) -> Response:
    """Return the measures of all workers, what the service holds, and how the kits are."""
    if {"x-forwarded-for", "forwarded"} & set(request.headers):
        raise Refusal(p.NOT_FOUND, "Ask the service itself, from its own machine or network.")
    states = ServiceState(agency.archive), FleetState(agency.archive, published.directory)
    text = await agency.in_storage_thread(agency.metrics.exposition, *states)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
