"""One connection of a client: uvicorn's HTTP/1.1 protocol, with the limits that it lacks and without its copies.

A request's head must be small and come in time; a body that nobody wants any more is not listened to for ever. What
is refused here, before there is a request, has a named problem too. How fast a body must come is `kits.pace`'s.
"""

import json
import logging
import socket
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from companion_api.problems import (
    HEAD_STALLED,
    HEAD_TOO_LARGE,
    MEDIA_TYPE,
    REQUEST_MALFORMED,
    Problem,
    problem_details,
)

MAX_HEAD = 32 * 1024  # bytes of request line and headers; a kit's are about 700
HEAD_SECONDS = 20.0  # from the connection, or from the first byte of a further request
LINGER_SECONDS = 30.0  # in which a client may end a body after it was answered
UNREAD_SECONDS = 60  # in which it must take some of an answer
KEEP_ALIVE_SECONDS = 75  # between requests; longer than a proxy in front keeps its connections (nginx: 60)
_READ_AHEAD = 256 * 1024  # bytes of a body that wait for the application; then the client waits

_log = logging.getLogger(__name__)


class Connection(HttpToolsProtocol):
    """What uvicorn makes for each connection (`http=Connection`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._service = cast(ASGIApp, self.app)
        self._deadline: TimerHandle | None = None
        self._in_head = False
        self._head_size = 0
        self._too_large = False
        self._body = _Body(self._service)

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the client some seconds for its first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        connected: socket.socket = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
        self._within(HEAD_SECONDS, self._head_stalled)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is not complete with it must not grow for ever."""
        super().data_received(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD and not self.transport.is_closing():
                self._refuse_large_head()

    def on_message_begin(self) -> None:
        """Give the client some seconds for the rest of the head."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0
        self._within(HEAD_SECONDS, self._head_stalled)

    def on_headers_complete(self) -> None:
        """Start the application, with the body as it comes."""
        self._in_time()
        self._in_head = False
        self._too_large = len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD
        if self._too_large:
            raise ValueError("the head is too large")  # the parser stops, and `send_400_response` is called
        self.app = self._body = _Body(self._service)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body for the application."""
        if not self.cycle.response_complete:
            self._body.add(body, self.flow)
            self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Note that the body has ended."""
        if self.cycle.response_complete:
            self._in_time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Let a client that was answered early end its body, for some seconds, or it would not read the answer."""
        if self.cycle.response_complete and self.cycle.more_body:  # it may be the next one's by now
            self._within(LINGER_SECONDS, self.transport.close)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words
        """Refuse what is not HTTP/1.1, or too much of it."""
        if self._too_large:
            self._refuse_large_head()
        else:
            self._refuse(REQUEST_MALFORMED, "Send a request of HTTP/1.1 (RFC 9112).")

    def _refuse_large_head(self) -> None:
        self._refuse(HEAD_TOO_LARGE, f"At most {MAX_HEAD} bytes are taken. Send fewer or shorter headers.")

    def _head_stalled(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:  # a request before is still under way
            self._within(HEAD_SECONDS, self._head_stalled)
        elif self._in_head:
            self._refuse(HEAD_STALLED, f"Send the whole head within {HEAD_SECONDS:g} s.")
        else:
            self.transport.close()

    def _refuse(self, problem: Problem, detail: str) -> None:
        _log.info("%d %s", problem.status, problem.code)
        body = json.dumps(problem_details(problem, detail)).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[problem.status] + lines + b"\r\n" + body)
        self.transport.close()

    def _within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._in_time()
        self._deadline = self.loop.call_later(seconds, otherwise)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Body:
    """The application for one request, given the body in the pieces that came: uvicorn copies each three times."""

    def __init__(self, service: ASGIApp) -> None:
        self._service = service
        self._pieces: list[bytes] = []
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implement ASGI."""

        async def receive_pieces() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                message["body"] = b"".join(self._pieces)  # of one piece: no copy
                self._pieces.clear()
                self._size = 0
            return message

        await self._service(scope, receive_pieces, send)

    def add(self, piece: bytes, flow: FlowControl) -> None:
        """Keep a piece for the application, and let the client wait when there are many."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _READ_AHEAD:
            flow.pause_reading()
