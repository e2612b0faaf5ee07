"""The requests of one connection: uvicorn's HTTP/1.1, with the limits that it lacks.

A request's head must be small and come in time, its body at a pace; and a body that nobody wants any more is not
listened to for ever. What is refused here, before there is a request, has a named problem too.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from companion_api.arriving_body import ArrivingBody
from companion_api.pace import Pace
from companion_api.problems import (
    HEAD_STALLED,
    HEAD_TOO_LARGE,
    MEDIA_TYPE,
    REQUEST_MALFORMED,
    Problem,
    problem_details,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take."""

    head_size: int = 32 * 1024  # bytes of request line and headers; a kit's are about 700
    head_seconds: float = 20.0  # from the connection, or from the first byte of a further request
    pace: Pace = field(default_factory=Pace)  # of a body
    linger_seconds: float = 30.0  # in which it may end a body after it was answered
    unread_seconds: float = 60.0  # in which it must take some of an answer


class ArrivingRequests(HttpToolsProtocol):
    """Makes requests of what was received, one after the other."""

    def __init__(self, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._service = cast(ASGIApp, self.app)
        self._body: ArrivingBody | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_size = 0
        self._too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the client some seconds for its first request."""
        super().connection_made(transport)
        connected: socket.socket = transport.get_extra_info("socket")
        unread = int(self._limits.unread_seconds * 1000)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread)
        self._within(self._limits.head_seconds, self._head_stalled)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._in_time()
        super().connection_lost(exc)

    def room(self) -> memoryview | None:
        """Return the rest of the buffer of a body that is under way."""
        return None if self._body is None else self._body.room()

    def body_received(self, size: int) -> None:
        """Take bytes that are in the body's buffer. The parser never sees them: the next head has a new one."""
        assert self._body is not None
        if self._body.filled(size):
            self.parser = httptools.HttpRequestParser(self)
            self.on_message_complete()

    def data_received(self, data: memoryview) -> None:  # type: ignore[override]
        """Parse what came; a head that is not complete with it must not grow for ever."""
        super().data_received(data)  # type: ignore[arg-type]
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > self._limits.head_size and not self.transport.is_closing():
                self._refuse_large_head()

    def on_message_begin(self) -> None:
        """Give the client some seconds for the rest of the head."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0
        self._within(self._limits.head_seconds, self._head_stalled)

    def on_headers_complete(self) -> None:
        """Start the application, with the body as it comes."""
        self._in_time()
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        self._too_large = size > self._limits.head_size
        if self._too_large:
            raise ValueError("the head is too large")  # the parser stops, and `send_400_response` is called
        self.app = self._body = ArrivingBody(self._service, self.headers, self._limits.pace)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body for the application."""
        assert self._body is not None
        if not self.cycle.response_complete:
            self._body.add(body)
            if self._body.ahead:
                self.flow.pause_reading()
            if not self._body.whole:
                self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Note that the body has ended."""
        if self.cycle.response_complete:
            self._in_time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Let a client that was answered early end its body, for some seconds, or it would not read the answer."""
        if self.cycle.response_complete and self.cycle.more_body:  # it may be the next one's by now
            self._within(self._limits.linger_seconds, self.transport.close)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words
        """Refuse what is not HTTP/1.1, or too much of it."""
        if self._too_large:
            self._refuse_large_head()
        else:
            self._refuse(REQUEST_MALFORMED, "Send a request of HTTP/1.1 (RFC 9112).")

    def _refuse_large_head(self) -> None:
        self._refuse(HEAD_TOO_LARGE, f"At most {self._limits.head_size} bytes are taken. Send fewer headers.")

    def _head_stalled(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:  # a request before is still under way
            self._within(self._limits.head_seconds, self._head_stalled)
        elif self._in_head:
            self._refuse(HEAD_STALLED, f"Send the whole head within {self._limits.head_seconds:g} s.")
        else:
            self.transport.close()

    def _refuse(self, problem: Problem, detail: str) -> None:
        _log.info("%d %s", problem.status, problem.code, extra={"status": problem.status, "code": problem.code})
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
