"""Real connections to whatever may stand between a kit and its agency: each is called by its name, and told nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import device.patient_client
from device.agency import Agency
from device.errors import AgencyUnreachable
from device.link_trouble import LinkTrouble
from device.surroundings import covers, has_certificate_of, is_routed
from device.tls import tls_context
from footage.keys import new_key
from footage.manifest import ClockStatus
from tests.certificates import HERE, Authority
from tests.doors import Talk, closing, door, portal, resetting, silent, terminator, tls_portal

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
NOBODY = "http://127.0.0.1:1"


class Link:
    """A kit that trusts one authority, and whatever stands at the agency's address."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.authority = Authority()
        self.tls = tls_context(self.authority.file(folder))
        self._stack = stack

    def trouble(self, talk: Talk, host: str = HERE, clock: ClockStatus = ClockStatus.SYNCHRONISED) -> AgencyUnreachable:
        """Return how the kit fails when this talks at the agency's address."""
        port = self._stack.enter_context(door(talk))
        return self.failure(f"https://{host}:{port}", clock)

    def failure(self, service: str, clock: ClockStatus = ClockStatus.SYNCHRONISED) -> AgencyUnreachable:
        agency = Agency(service, "kit-0001", new_key(), self.tls, lambda: clock)
        try:
            with pytest.raises(AgencyUnreachable) as failure:
                agency.held(FILM)
        finally:
            agency.close()
        return failure.value


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    with ExitStack() as stack:
        yield Link(tmp_path, stack)


def test_a_portal_that_speaks_no_tls(link: Link) -> None:
    assert link.trouble(portal).trouble is LinkTrouble.PORTAL


def test_a_portal_with_a_certificate_of_its_own(link: Link) -> None:
    for theirs in (Authority("Hotel"), link.authority):
        assert link.trouble(tls_portal(theirs.server(link.folder, "portal.example"))).trouble is LinkTrouble.PORTAL


def test_somebody_in_the_agencys_name(link: Link) -> None:
    failure = link.trouble(tls_portal(Authority().server(link.folder)))
    assert failure.trouble is LinkTrouble.CERTIFICATE_FOREIGN
    assert "tell IT" in str(failure)


@pytest.mark.parametrize(("begins", "ends"), [(-2, -1), (1, 2)])
@pytest.mark.parametrize(
    ("clock", "trouble"),
    [
        (ClockStatus.SYNCHRONISED, LinkTrouble.CERTIFICATE_EXPIRED),
        (ClockStatus.UNSYNCHRONISED, LinkTrouble.CLOCK_WRONG),
    ],
)
def test_a_certificate_that_is_not_valid_now(
    link: Link, begins: int, ends: int, clock: ClockStatus, trouble: LinkTrouble
) -> None:
    talk = terminator(link.authority.server(link.folder, begins=begins, ends=ends), NOBODY)
    assert link.trouble(talk, clock=clock).trouble is trouble


def test_an_authority_that_has_expired(tmp_path: Path) -> None:
    with ExitStack() as stack:
        link = Link(tmp_path, stack)
        old = Authority(ends=-1)
        link.tls = tls_context(old.file(tmp_path))
        assert link.trouble(tls_portal(old.server(tmp_path))).trouble is LinkTrouble.CERTIFICATE_EXPIRED


def test_a_port_that_takes_everything_and_says_nothing(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.patient_client, "_CONNECT_SECONDS", 0.2)
    assert link.trouble(silent).trouble is LinkTrouble.STALLED


@pytest.mark.parametrize("talk", [resetting, closing])
def test_a_proxy_before_nothing(link: Link, talk: Talk) -> None:
    assert link.trouble(talk).trouble is LinkTrouble.SERVICE_DOWN


def test_a_terminator_before_nothing(link: Link) -> None:
    """It has spoken TLS with the right certificate, and hangs up: what comes later than TLS is the link."""
    talk = terminator(link.authority.server(link.folder), NOBODY)
    assert link.trouble(talk).trouble is LinkTrouble.STALLED


def test_a_proxy_that_answers_in_the_services_place(link: Link) -> None:
    """No portal has the agency's certificate, whatever it answers."""
    failure = link.trouble(tls_portal(link.authority.server(link.folder)))
    assert failure.trouble is LinkTrouble.SERVICE_DOWN
    assert "302 with text/html" in failure.detail


def test_nobody_listens(link: Link) -> None:
    assert link.failure("https://127.0.0.1:1").trouble is LinkTrouble.SERVICE_DOWN


def test_a_name_that_nobody_knows(link: Link) -> None:
    failure = link.failure("https://films.invalid")  # RFC 6761, section 6.4
    assert failure.trouble is (LinkTrouble.NAME_UNKNOWN if is_routed() else LinkTrouble.NO_NETWORK)


_WITHOUT_A_NETWORK = """
from device.agency import Agency
from device.errors import AgencyUnreachable
from footage.keys import new_key
for service in ("https://films.invalid", "https://192.0.2.1"):
    try:
        Agency(service, "kit-0001", new_key()).directory()
    except AgencyUnreachable as reason:
        print(reason.trouble)
"""


@pytest.mark.rig
def test_no_network(tmp_path: Path) -> None:
    """In a network namespace of its own, which has nothing but a loopback that is down."""
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", _WITHOUT_A_NETWORK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == [LinkTrouble.NO_NETWORK] * 2


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.2", "127.0.0.1", False),
        ("localhost", "localhost", True),
        ("LOCALHOST", "localhost", True),
        ("portal.example", "localhost", False),
        ("*.localhost", "localhost", False),
    ],
)
def test_whose_certificate_it_is(tmp_path: Path, name: str, host: str, covered: bool) -> None:
    with door(tls_portal(Authority().server(tmp_path, name))) as port:
        assert has_certificate_of(host, port) is covered


def test_a_wildcard_stands_for_one_label() -> None:
    assert covers("*.agency.example", "films.agency.example")
    assert not covers("*.agency.example", "new.films.agency.example")
    assert not covers("*.agency.example", "agency.example")


def test_what_nobody_can_look_at_counts_as_a_stranger() -> None:
    with door(closing) as port:
        assert has_certificate_of(HERE, port)
