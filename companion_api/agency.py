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
from companion_api.kits.sessions import Sessions
from companion_api.operations.metrics import Metrics
from companion_api.published_directory import Published, PublishedDirectory

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency's service. `patience`: seconds that an upload may stand still."""

    archive: Archive
    directory: PublishedDirectory
    receipt_key: EllipticCurvePrivateKey
    sessions: Sessions
    storage: ThreadPoolExecutor
    patience: float
    metrics: Metrics

    async def in_storage_thread(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what blocks in a storage thread: one hop for a whole request (hops were measured to cost a third)."""
        return await asyncio.get_running_loop().run_in_executor(self.storage, partial(do, *args, **kwargs))

    async def published(self) -> Published:
        """Return the directory in force, first reading a file that IT has just published."""
        if self.directory.is_stale():
            await self.in_storage_thread(self.directory.refresh)
        return self.directory.published


async def _agency(request: Request) -> Agency:  # async, or FastAPI would call it in a thread
    agency: Agency = request.app.state.agency
    return agency


async def _published(agency: Annotated[Agency, Depends(_agency)]) -> Published:
    return await agency.published()


TheAgency = Annotated[Agency, Depends(_agency)]
InForce = Annotated[Published, Depends(_published)]
