"""Places for uploads: a body is held in memory, so only so many come in at once. The others wait in line."""

import asyncio

from companion_api.problems import TOO_BUSY, Refusal

RETRY_SECONDS = 10  # told to whoever has waited in vain


class Places:
    """`async with places:` holds a place. They are given in the order of asking."""

    def __init__(self, number: int, patience: float = 20.0) -> None:
        """`patience`: seconds that somebody waits for a place."""
        self._free = asyncio.Semaphore(number)
        self._patience = patience

    async def __aenter__(self) -> None:
        """Wait for a place. Raises `Refusal`."""
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise Refusal(TOO_BUSY, f"Too many uploads are under way. Send it again in {RETRY_SECONDS} s.") from None

    async def __aexit__(self, *_: object) -> None:
        """Give the place back."""
        self._free.release()
