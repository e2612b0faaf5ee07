"""Whatever stands in the agency's place for a while: the kit says its name, keeps the film, and goes on by itself."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

import device.patient_client
from device.agency import Agency
from device.config import read_config
from device.errors import AgencyUnreachable
from device.kit_status import as_text, kit_status
from device.link_trouble import DESCRIBED, KEPT, LinkTrouble
from device.tls import tls_context
from device.uplink.backoff import MOST_SECONDS
from device.uplink.uplink import DIRECTORY_SECONDS
from footage.manifest import ClockStatus
from tests.certificates import HERE, Authority
from tests.doors import Talk, closing, door, portal, resetting, silent, terminator, tls_portal
from tests.rigs.engine import free_port
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack


class Place(NamedTuple):
    """The agency's address, where anything may stand; and a kit that trusts only `authority`."""

    folder: Path
    authority: Authority
    site: Site
    port: int
    service: str  # where the real one is

    def true(self) -> Talk:
        return terminator(self.authority.server(self.folder), self.service)


@pytest.fixture
def place(running: tuple[Stack, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A new kit for each test."""
    monkeypatch.setattr(device.patient_client, "_CONNECT_SECONDS", 3.0)
    (stack, service), authority, port = running, Authority(), free_port()
    kit, address = f"kit-{uuid.uuid4().hex[:8]}", f"https://{HERE}:{port}"
    config = read_config(stack.agency.add_kit(kit, address, authority=authority.pem, simulated=True) / "kit.toml")
    known = ClockStatus.SYNCHRONISED
    agency = Agency(config.service, kit, config.kit_key(), tls_context(config.authority), lambda: known)
    yield Place(tmp_path, authority, Site(stack, service, config, agency), port, service)
    agency.close()


Stand = Callable[[Place], Talk]
"""Makes what stands in the agency's place."""

STANDS: dict[str, tuple[Stand | None, LinkTrouble]] = {
    "nobody": (None, LinkTrouble.SERVICE_DOWN),
    "a portal without TLS": (lambda _: portal, LinkTrouble.PORTAL),
    "a portal with TLS": (
        lambda place: tls_portal(Authority("Hotel").server(place.folder, "portal.example")),
        LinkTrouble.PORTAL,
    ),
    "somebody in its name": (
        lambda place: tls_portal(Authority().server(place.folder)),
        LinkTrouble.CERTIFICATE_FOREIGN,
    ),
    "an expired certificate": (
        lambda place: terminator(place.authority.server(place.folder, begins=-2, ends=-1), place.service),
        LinkTrouble.CERTIFICATE_EXPIRED,
    ),
    "silence": (lambda _: silent, LinkTrouble.STALLED),
    "a proxy that hangs up": (lambda _: closing, LinkTrouble.SERVICE_DOWN),
    "a proxy that resets": (lambda _: resetting, LinkTrouble.SERVICE_DOWN),
}


@pytest.mark.parametrize("name", STANDS)
def test_it_is_named_and_when_the_agency_is_back_the_film_goes(place: Place, name: str) -> None:
    stand, trouble = STANDS[name]
    film = place.site.film()
    before = sorted(file.name for file in film.folder.iterdir())
    with ExitStack() as stack:
        if stand is not None:
            stack.enter_context(door(stand(place), place.port))
        with pytest.raises(AgencyUnreachable):
            place.site.uplink.sync_all()
    status = place.site.statuses[-1]
    assert (status.problem_code, status.problem) == (trouble.value, f"{DESCRIBED[trouble].advice} {KEPT}")
    said = as_text(replace(kit_status(place.site.config, place.site.spool), uplink=status))
    assert f"problem    {trouble.value}: {DESCRIBED[trouble].advice}" in said
    assert sorted(file.name for file in film.folder.iterdir()) == before
    place.site.now += max(MOST_SECONDS, DIRECTORY_SECONDS)
    with door(place.true(), place.port):
        place.site.uplink.sync_all()
    assert place.site.spool.films() == []
    assert place.site.statuses[-1].problem_code == ""
