"""One connection of a client: where its bytes go as they come. What they say is `arriving_requests`'."""

import asyncio
from typing import Any, ClassVar, cast

from companion_api.arriving_requests import ArrivingRequests, Limits

KEEP_ALIVE_SECONDS = 75  # between requests; longer than a proxy in front keeps its connections (nginx: 60)
_AT_ONCE = 8 * 1024  # bytes that are received at once where it is not known how many belong to a body


class Connection(asyncio.BufferedProtocol):
    """What uvicorn makes for each connection (`http=Connection`): it says where bytes go as they come.

    It can't be one with `ArrivingRequests`, as event loops tell by a protocol's class how they hand bytes on.
    """

    limits: ClassVar[Limits] = Limits()

    def __init__(self, **given: Any) -> None:
        """Take what uvicorn gives."""
        self._requests = ArrivingRequests(self.limits, **given)
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._into_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Implement `asyncio.BaseProtocol`."""
        self._requests.connection_made(cast(asyncio.Transport, transport))

    def connection_lost(self, exc: Exception | None) -> None:
        """Implement `asyncio.BaseProtocol`."""
        self._requests.connection_lost(exc)

    def pause_writing(self) -> None:
        """Implement `asyncio.BaseProtocol`."""
        self._requests.pause_writing()

    def resume_writing(self) -> None:
        """Implement `asyncio.BaseProtocol`."""
        self._requests.resume_writing()

    def get_buffer(self, _: int) -> memoryview:
        """Return where the next bytes belong: in a body's own buffer, or in what is parsed."""
        room = self._requests.room()
        self._into_body = room is not None
        return self._buffer if room is None else room

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that came."""
        if self._into_body:
            self._requests.body_received(nbytes)
        else:
            self._requests.data_received(self._buffer[:nbytes])
