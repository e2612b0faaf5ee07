"""The body of one request as it arrives, given to the application at the pace that is asked of the client.

A body whose length is told is received straight into one buffer and given whole: uvicorn's own way copies it five
times, and wakes the application for each piece. There is a buffer only once the application has asked for the body,
so nobody gets memory before it is known who sends.
"""

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from companion_api.pace import Pace, Progress

MAX_WHOLE = 4 * 1024 * 1024  # bytes; longer bodies, and those without a length, are given in pieces
_READ_AHEAD = 256 * 1024  # bytes of such a body that wait for the application; then the client waits


class ArrivingBody:
    """The body of one request, and the application that it is for."""

    def __init__(self, service: ASGIApp, headers: Iterable[tuple[bytes, bytes]], pace: Pace) -> None:
        self._service = service
        self._length = _length(headers)
        self._pace = pace
        self._clock = asyncio.get_running_loop().time
        self._pieces: list[bytes] = []
        self._waiting = 0  # bytes in them
        self._buffer: bytearray | None = None
        self._filled = 0
        self._progress: Progress | None = None  # none before the application has asked for the body
        self._complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implement ASGI, by the application."""

        async def receive_in_time() -> Message:
            return await self._receive(receive)

        await self._service(scope, receive_in_time, send)

    @property
    def whole(self) -> bool:
        """Whether the application gets the body whole, when it is complete."""
        return self._length <= MAX_WHOLE

    @property
    def ahead(self) -> bool:
        """Whether the client must wait for the application."""
        return self._progress is None or self._waiting > _READ_AHEAD

    def room(self) -> memoryview | None:
        """Return where the next bytes of the body belong, if they are received into its buffer."""
        if self._buffer is None or self._filled == self._length:
            return None
        return memoryview(self._buffer)[self._filled :]

    def filled(self, size: int) -> bool:
        """Note that so many bytes came into the buffer; return whether the body is complete."""
        self._filled += size
        self._came(size)
        return self._filled == self._length

    def add(self, piece: bytes) -> None:
        """Take bytes that did not come into the buffer."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        self._came(len(piece))

    async def _receive(self, receive: Receive) -> Message:
        """Return the next message. Raises `Refusal` if the body does not come as it must."""
        if self._complete:
            return await receive()  # what can come now is that the client goes
        if self._progress is None:
            self._begin()
        assert self._progress is not None
        while True:
            try:
                async with asyncio.timeout_at(self._progress.deadline):
                    message = await receive()
            except TimeoutError:
                if self._progress.deadline <= self._clock():
                    raise self._progress.refusal() from None
                continue
            if message["type"] != "http.request":
                return message
            self._complete = not message["more_body"]
            if self._complete or not self.whole:
                return {**message, "body": self._taken()}

    def _begin(self) -> None:
        """Let the time run. Make the buffer, and move into it what has come by now, unless that is all."""
        self._progress = Progress(self._pace, self._clock())
        self._came(self._waiting)
        if self.whole and self._waiting < self._length:
            early = self._taken()
            self._filled = len(early)
            self._buffer = bytearray(self._length)
            self._buffer[: self._filled] = early

    def _taken(self) -> bytes | bytearray:
        if self._buffer is not None:
            return self._buffer
        pieces = b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        return pieces

    def _came(self, size: int) -> None:
        if self._progress is not None:
            self._progress.came(size, self._clock())


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return what Content-Length tells, which the parser has checked; without it, more than is taken whole."""
    return next((int(value) for name, value in headers if name == b"content-length"), MAX_WHOLE + 1)
