"""An ASGI app in front of the service that signs each request as a kit would: so a fuzzer reaches what lies behind."""

import sys
import tempfile
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from companion_api.kits.sessions import Sessions
from footage.http_signatures import SignedRequest, content_digest, sign_request
from tests.companion_api.builders import running
from tests.footage.builders import Agency

_OF_RANGES = {b"content-range", b"repr-digest"}


class Signing:
    """Signs with the agency's kit. A Content-Digest that the fuzzer made up is replaced by the right one."""

    def __init__(self, app: ASGIApp, agency: Agency, sessions: Sessions) -> None:
        self._app = app
        self._agency = agency
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implement ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        has_body = scope["method"] == "PUT"
        digest = {"content-digest": content_digest(body), "content-length": str(len(body))} if has_body else {}
        if has_body:
            digest |= {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _OF_RANGES}
            if "content-range" in digest:
                digest.setdefault("repr-digest", content_digest(body))  # without it there would be nothing to sign
        path = scope["raw_path"].decode("latin-1")
        request = SignedRequest(scope["method"], f"https://companion{path}", digest)
        nonce = self._sessions.begin(self._agency.kit)
        sign_request(request, key=self._agency.kit_key, key_id=self._agency.kit, nonce=nonce, has_body=has_body)
        ours = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
        replaced = {name for name, _ in ours}
        kept = [(name, value) for name, value in scope["headers"] if name not in replaced]
        messages: list[Message] = []
        messages.append({"type": "http.request", "body": body, "more_body": False})

        async def again() -> Message:
            return messages.pop() if messages else await receive()

        await self._app({**scope, "headers": [*kept, *ours]}, again, send)


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _serve(port: int) -> None:
    agency = Agency()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), agency) as service:
        app = Signing(service.app, agency, service.app.state.agency.sessions)
        uvicorn.run(app, port=port, log_level="error")


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
