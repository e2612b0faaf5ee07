"""How refusals are answered, and how OpenAPI tells of them. JSON bodies of this service are pydantic models."""

import logging
import re
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from companion_api import problems
from companion_api.kits.places import RETRY_SECONDS
from companion_api.operations.metrics import Metrics
from companion_api.problems import BY_CODE, MEDIA_TYPE, Problem, Refusal, problem_details
from companion_api.stores.store import StoreFailed, StoreFull
from footage.errors import FootageError

_log = logging.getLogger(__name__)
_VARIABLE = re.compile(r"{\w+}")


Answers = dict[int | str, dict[str, Any]]  # what FastAPI calls `responses`


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(description="urn:attune-kit:problem:<code>")
    title: str
    status: int
    detail: str = Field(description="what is wrong with this request, and the next step")


class PartsMissingBody(ProblemBody):
    """The problem `parts-missing`."""

    missing: list[int] | None = Field(default=None, description="numbers of listed parts that are not held")
    differing: list[int] | None = Field(default=None, description="numbers of listed parts held with other bytes")
    key: Literal["held", "missing", "differing"] | None = Field(default=None, description="how film.key is held")


def refusals(*possible: Problem) -> Answers:
    """Return the `responses` of a route that can end in these problems, for OpenAPI."""
    answers: Answers = {}
    for status in sorted({problem.status for problem in possible}):
        of_status = [problem for problem in possible if problem.status == status]
        body = PartsMissingBody if problems.PARTS_MISSING in of_status else ProblemBody
        answers[status] = {
            "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in of_status),
            "content": {MEDIA_TYPE: {"schema": body.model_json_schema()}},
        }
    return answers


def answer_problems(app: FastAPI) -> None:
    """Answer everything that goes wrong in `app` with a named problem."""

    async def refused(request: Request, reason: Exception) -> Response:
        assert isinstance(reason, Refusal)
        return _answer(request, reason.problem, reason.detail, **reason.members)

    async def by_footage(request: Request, reason: Exception) -> Response:
        assert isinstance(reason, FootageError)
        if reason.code not in BY_CODE:
            raise reason
        return _answer(request, BY_CODE[reason.code], str(reason))

    async def store_full(request: Request, reason: Exception) -> Response:
        _log.error("%s", reason)
        return _answer(request, problems.STORE_FULL, "Keep the film and send it again later. IT must make room.")

    async def store_failed(request: Request, reason: Exception) -> Response:
        _log.error("%s", reason)
        return _answer(request, problems.STORE_FAILED, "Keep the film and send it again later. IT must look at it.")

    async def gone(request: Request, _: Exception) -> Response:
        return _answer(request, problems.BODY_INCOMPLETE, "The connection ended. Send the whole body again.")

    async def invalid(request: Request, reason: Exception) -> Response:
        assert isinstance(reason, RequestValidationError)
        faults = "; ".join(f"{error['loc'][-1]}: {error['msg']}" for error in reason.errors())
        return _answer(request, problems.REQUEST_INVALID, f"Correct the request. {faults}.")

    async def by_framework(request: Request, reason: Exception) -> Response:
        assert isinstance(reason, HTTPException)
        if reason.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_methods(app, request.url.path)) or (reason.headers or {}).get("Allow", "")
            answer = _answer(request, problems.METHOD_NOT_ALLOWED, f"Use one of: {allowed}.")
            answer.headers["Allow"] = allowed
            return answer
        if reason.status_code == HTTPStatus.BAD_REQUEST:  # the body is no JSON that can be read
            return _answer(request, problems.REQUEST_INVALID, "Send a JSON body in UTF-8.")
        return _answer(request, problems.NOT_FOUND, "See docs/companion-api.md for the requests that there are.")

    async def fault(request: Request, _: Exception) -> Response:
        return _answer(request, problems.INTERNAL_ERROR, "Try again later. IT finds the reason in the service's log.")

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(FootageError, by_footage)
    app.add_exception_handler(StoreFull, store_full)
    app.add_exception_handler(StoreFailed, store_failed)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_framework)
    app.add_exception_handler(Exception, fault)


def _methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that OpenAPI tells of for a path; Starlette names those of the first route only."""
    operations = (
        found
        for template, found in app.openapi()["paths"].items()
        if re.fullmatch(_VARIABLE.sub("[^/]+", template), path)
    )
    return sorted({method.upper() for found in operations for method in found})


def _answer(request: Request, problem: Problem, detail: str, **members: object) -> JSONResponse:
    path = request.scope["raw_path"].decode("latin-1")
    told = {"status": problem.status, "code": problem.code, "method": request.method, "path": path}
    _log.info("%d %s %s %s", *told.values(), extra=told)
    metrics: Metrics = request.app.state.agency.metrics
    metrics.problems.labels(problem.code).inc()
    headers = {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        scheme = "Cookie" if problem is problems.SIGN_IN_NEEDED else "Signature"
        headers["WWW-Authenticate"] = f'{scheme} realm="attune-kit"'
    if problem is problems.TOO_BUSY:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return JSONResponse(problem_details(problem, detail, **members), problem.status, headers, MEDIA_TYPE)
