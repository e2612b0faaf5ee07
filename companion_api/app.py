"""The FastAPI application. What it works with is handed in; nothing is opened or started here."""

import os
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from companion_api.admissions import admission_requests
from companion_api.agency import Agency
from companion_api.answers import answer_problems
from companion_api.films.erasure import Eraser
from companion_api.kits import enrolment_requests, heartbeat_requests, kit_requests
from companion_api.kits.places import Places
from companion_api.kits.sessions import Sessions
from companion_api.library import (
    case_requests,
    colleague_requests,
    erasure_requests,
    film_requests,
    hold_requests,
    holder_requests,
    share_requests,
)
from companion_api.operations import operator_requests
from companion_api.operations.metrics import MeasuredRequests, MeasuredStore, Metrics
from companion_api.staff import account_requests, passkey_requests, provider_requests, session_requests
from companion_api.staff.ceremonies import Ceremonies
from companion_api.staff.origin import Origin
from companion_api.staff.provider import Provider

# The service has metrics of its own. FastAPI would look for OpenTelemetry in the environment at each request, and send
# paths and errors to whomever it finds there.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def create_app(
    *,
    eraser: Eraser,
    origin: Origin,
    provider: Provider | None = None,
    session_secret: bytes | None = None,
    uploads: int = 256,
    storage_threads: int = 8,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Return the service of one agency, with the archive, directory and key of `eraser`.

    Its staff's browsers know it under `origin`, and may sign in at the `provider` too.

    Without `session_secret` kits' sessions and staff's ceremonies end with the process; they begin new ones then.
    `uploads`: how many bodies are held in memory at once. `storage_threads`: how many requests may write at once.
    """
    metrics = metrics or Metrics()
    session_secret = session_secret or secrets.token_bytes(32)
    archive = replace(eraser.archive, store=MeasuredStore(eraser.archive.store, metrics))
    agency = Agency(
        archive=archive,
        directory=eraser.directory,
        receipt_key=eraser.receipt_key,
        eraser=replace(eraser, archive=archive),
        sessions=Sessions(session_secret, archive.clock),
        origin=origin,
        ceremonies=Ceremonies(session_secret, archive.clock),
        provider=provider,
        storage=ThreadPoolExecutor(storage_threads, "storage", initializer=_interrupt_nobody),
        places=Places(uploads),
        metrics=metrics,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        agency.storage.shutdown()
        archive.database.close()

    app = FastAPI(
        title="Attune Kit companion API",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # the page would load its scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    app.state.agency = agency
    app.router.routes.extend(kit_requests.pieces.routes)  # an included router is asked twice for its routes
    for requests in (
        *(kit_requests, enrolment_requests, heartbeat_requests, operator_requests),
        *(session_requests, passkey_requests, provider_requests, account_requests, colleague_requests),
        *(film_requests, share_requests, case_requests, holder_requests, admission_requests),
        *(erasure_requests, hold_requests),
    ):
        app.include_router(requests.router)
    app.add_middleware(MeasuredRequests, metrics=metrics)
    answer_problems(app)
    return app


def _interrupt_nobody() -> None:
    """Let a storage thread that wakes wait for its turn on the processor: who runs there most likely has what it needs.

    That is the interpreter. Measured: a fifth of the changes between threads, and up to a tenth of the CPU time.
    """
    with suppress(OSError):  # a container may forbid it
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
