"""Films over links that do not last: each connection carries a little, or there is none for hours."""

import threading
import time
from contextlib import suppress

import pytest
from msgspec.structs import replace

from device.agency import Agency
from device.errors import AgencyUnreachable
from device.uplink.backoff import MOST_SECONDS
from device.uplink.stride import LEAST
from device.uplink.uplink import LOOK_SECONDS, Uplink
from tests.rigs.rig_stack import wait_until
from tests.rigs.spoiled_link import SpoiledLink
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack

FASTER = 1200  # a second of such a test is twenty minutes of the kit
OUTAGE_HOURS = 2


class _Cutting(SpoiledLink):
    """A link that ends all connections whenever so many bytes went up."""

    def __init__(self, target: str, after: int) -> None:
        super().__init__(target)
        self._after = self._left = after
        self.on_the_way = self._cut
        self.cuts = 0

    def _cut(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left > 0:
            return chunk
        self._left = self._after
        self.cuts += 1
        raise ConnectionError


@pytest.mark.parametrize("after", [100_000, 3 * LEAST])
def test_a_link_that_carries_some_bytes_at_a_time_brings_the_film(stack: Stack, after: int) -> None:
    with stack.service() as address:
        stack.add_kit(address)
        link = _Cutting(address, after)
        threading.Thread(target=link.run, daemon=True).start()
        site = Site(stack, address, replace(stack.config, service=link.url))
        film = site.film()
        assert max(len(film.part(name) or b"") for name in film.part_names()) > 3 * LEAST
        for _ in range(100):
            site.now += MOST_SECONDS
            with suppress(AgencyUnreachable):
                site.uplink.sync_all()
            if not site.spool.films():  # it may also end well after one part failed and another did not
                break
        site.agency.close()
        link.close()
        assert site.spool.films() == []
        assert link.cuts > 1
        (outcome,) = site.recovered()
        assert outcome.receipt_verified


class _Hurried:
    """An uplink whose clock runs faster, in a thread. It counts how often the agency was asked for anything."""

    def __init__(self, site: Site) -> None:
        self.asked: list[float] = []
        agency = Agency(site.config.service, site.config.kit, site.config.kit_key())
        send = agency._session._send

        def counted(*request: object) -> object:
            self.asked.append(self.now())
            return send(*request)  # type: ignore[arg-type]

        agency._session._send = counted  # type: ignore[method-assign,assignment]
        self._agency = agency
        self._uplink = Uplink(site.config, site.spool, agency, site.statuses.append, clock=self.now)
        self._thread = threading.Thread(target=self._uplink.run)

    def now(self) -> float:
        return time.monotonic() * FASTER

    def __enter__(self) -> "_Hurried":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._uplink.stop()
        self._thread.join()
        self._agency.close()


@pytest.fixture
def port(stack: Stack) -> int:
    with stack.service() as address:
        stack.add_kit(address)
    return int(address.rsplit(":", 1)[1])


def test_after_hours_without_the_agency_the_kit_is_there_at_once(stack: Stack, port: int) -> None:
    site = Site(stack, "", stack.config)
    with _Hurried(site) as kit:
        with stack.service(port):
            first = site.film()
            wait_until(lambda: not first.folder.exists())
        second = site.film()
        begun, files = kit.now(), sorted(second.folder.iterdir())
        wait_until(lambda: kit.now() > begun + OUTAGE_HOURS * 3600)
        assert sorted(second.folder.iterdir()) == files
        assert (
            len([at for at in kit.asked if at > begun])
            > OUTAGE_HOURS * 3600 / (MOST_SECONDS + LOOK_SECONDS * FASTER) / 4
        )
        assert site.statuses[-1].problem_code != ""
        with stack.service(port):  # a new one, which knows no session of the kit
            back = kit.now()
            wait_until(lambda: not second.folder.exists())
            wait_until(lambda: site.statuses[-1].problem_code == "")
        waited = next(at for at in kit.asked if at > back) - back
        assert waited < MOST_SECONDS + 2 * LOOK_SECONDS * FASTER, "in the kit's own seconds; it looks twice a real one"
    site.agency.close()
