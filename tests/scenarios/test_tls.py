"""A kit and the real service with TLS between them: pinned from its first request on."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from companion_api.kits.enrolment import make_enrolment
from device.config import AUTHORITY, KitConfig, read_config
from device.enrolment import TICKET, enrol
from device.errors import AgencyUnreachable
from device.link_trouble import LinkTrouble
from device.status import UPLINK_FILE, UplinkStatus, read_status
from footage.enrolment import Ticket, write_ticket
from tests.certificates import HERE, Authority
from tests.doors import door, terminator, tls_portal
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack


class Front(NamedTuple):
    """A running service behind a TLS terminator whose certificate is by `authority`."""

    stack: Stack
    service: str
    authority: Authority

    def ticket(self, folder: Path, service: str = "", authority: str | None = None) -> Path:
        """A new kit's folder with a ticket in it."""
        kit = f"kit-{uuid.uuid4().hex[:8]}"
        with self.stack.archive() as archive:
            made = make_enrolment(archive, self.stack.agency.directory(), "operator", kit)
        folder.mkdir()
        pem = self.authority.pem if authority is None else authority
        ticket = Ticket(kit, service or self.service, self.stack.agency.root, made.token, pem)
        (folder / TICKET).write_text(write_ticket(ticket))
        return folder


@pytest.fixture(scope="module")
def front(running: tuple[Stack, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    stack, address = running
    authority = Authority()
    with door(terminator(authority.server(tmp_path_factory.mktemp("tls")), address)) as port:
        yield Front(stack, f"https://{HERE}:{port}", authority)


def enrolled(folder: Path) -> KitConfig:
    enrol(folder / "kit.toml", folder / TICKET, simulated=True)
    return read_config(folder / "kit.toml")


def test_a_kit_that_enrols_is_pinned_from_its_first_request_on(front: Front, tmp_path: Path) -> None:
    config = enrolled(front.ticket(tmp_path / "kit"))
    assert config.authority == tmp_path / "kit" / AUTHORITY
    assert config.authority.read_text() == front.authority.pem


def test_a_false_service_gets_no_token(front: Front, tmp_path: Path) -> None:
    with door(tls_portal(Authority().server(tmp_path))) as port:
        folder = front.ticket(tmp_path / "kit", f"https://{HERE}:{port}")
        with pytest.raises(AgencyUnreachable, match="not enrolled yet, its key is kept") as failure:
            enrolled(folder)
    assert failure.value.trouble is LinkTrouble.CERTIFICATE_FOREIGN
    assert not (folder / "kit.toml").exists()


def test_without_a_pin_an_authority_that_the_system_does_not_know_is_foreign(front: Front, tmp_path: Path) -> None:
    with pytest.raises(AgencyUnreachable) as failure:
        enrolled(front.ticket(tmp_path / "kit", authority=""))
    assert failure.value.trouble is LinkTrouble.CERTIFICATE_FOREIGN


def test_films_go_through_tls(front: Front) -> None:
    front.stack.agency.add_kit("kit-0001", front.service, authority=front.authority.pem, simulated=True)
    site = Site(front.stack, front.service, front.stack.config)
    film = site.film()
    command = front.stack.uplink_command("--until-empty")
    with front.stack.program("uplink", command) as uplink:
        assert uplink.wait(60) == 0
    assert site.spool.films() == []
    assert film.film in {outcome.film for outcome in site.recovered()}
    status = read_status(site.config.status / UPLINK_FILE, UplinkStatus)
    assert status is not None
    assert status.problem_code == ""
    site.agency.close()
