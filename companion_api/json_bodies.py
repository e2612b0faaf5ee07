"""Routes that take a JSON body of bounded size."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from companion_api import problems as p
from companion_api.kits.upload import gather

MAX_JSON_SIZE = 64 * 1024  # of the largest: an attestation with its certificates
# what such a route can end in
JSON_BODY = (p.BODY_INCOMPLETE, p.UPLOAD_STALLED, p.UPLOAD_TOO_SLOW, p.BODY_TOO_LARGE, p.BODY_EMPTY)


class JsonRoute(APIRoute):
    """Gathers the body before anything else is done, where a route declares one. For `APIRouter(route_class=…)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def with_gathered_body(request: Request) -> Response:
            if self.body_field is None:
                return await answer(request)
            body = await gather(request, MAX_JSON_SIZE)

            async def gathered() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await answer(Request(request.scope, gathered))

        return with_gathered_body
