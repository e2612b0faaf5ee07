"""What the routes work with: the service's parts, and the threads in which everything that blocks is done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from fastapi import Depends, Request

from companion_api.films.archive import Archive
from companion_api.films.erasure import Eraser
from companion_api.kits.places import Places
from companion_api.kits.sessions import Sessions
from companion_api.operations.metrics import Metrics
from companion_api.published_directory import Published, PublishedDirectory
from companion_api.staff.ceremonies import Ceremonies
from companion_api.staff.origin import Origin
from companion_api.staff.provider import Provider

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency's service.

    `origin`: where people's browsers find it. `provider`: at which they sign in, if not only with passkeys.
    `places` for uploads.
    """

    archive: Archive
    directory: PublishedDirectory
    receipt_key: EllipticCurvePrivateKey
    eraser: Eraser
    sessions: Sessions
    origin: Origin
    ceremonies: Ceremonies
    provider: Provider | None
    storage: ThreadPoolExecutor
    places: Places
    metrics: Metrics

    async def in_storage_thread(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what blocks in a storage thread: one hop for a whole request (hops were measured to cost a third)."""
        return await asyncio.get_running_loop().run_in_executor(self.storage, partial(do, *args, **kwargs))

    async def published(self) -> Published:
        """Return the directory in force, first reading a file that IT has just published."""
        if self.directory.is_stale():
            await self.in_storage_thread(self.directory.refresh)
        return self.directory.published


async def agency_of(request: Request) -> Agency:  # async, or FastAPI would call it in a thread
    """Return what the request's route works with."""
    agency: Agency = request.app.state.agency
    return agency


async def _published(agency: Annotated[Agency, Depends(agency_of)]) -> Published:
    return await agency.published()


TheAgency = Annotated[Agency, Depends(agency_of)]
InForce = Annotated[Published, Depends(_published)]
