"""Kits that the real service refuses altogether: they keep their films, say so by name, and do not hammer."""

import uuid
from collections.abc import Iterator

import httpx
import pytest
from msgspec.structs import replace

from device.agency import Agency
from device.config import read_config
from device.errors import AgencyUnreachable
from device.heartbeat import Heartbeats
from device.kit_status import as_text, kit_status
from device.uplink.refusals import FINAL_SECONDS, RULES
from device.uplink.uplink import DIRECTORY_SECONDS
from footage.keys import key_to_pem, new_key
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack

FILMS = 3


class Refused:
    """A kit with films that the service takes nothing of. Counts what it asks for."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.asked: list[str] = []
        send = site.agency._session._http.send

        def counted(request: httpx.Request) -> httpx.Response:
            self.asked.append(request.url.path)
            return send(request)

        monkeypatch.setattr(site.agency._session._http, "send", counted)

    def hour(self) -> int:
        """Let an hour go by; return how many requests there were, but for the directory."""
        self.asked.clear()
        for _ in range(int(3600 / DIRECTORY_SECONDS)):
            self.site.uplink.sync_all()
            self.site.now += DIRECTORY_SECONDS
        assert self.asked.count("/v1/directory") == 3600 / DIRECTORY_SECONDS
        return len(self.asked) - self.asked.count("/v1/directory")

    def revoked(self, *, revoked: bool) -> None:
        kits = self.site.stack.agency.directory().kits
        ours = self.site.config.kit
        self.site.publish(kits=tuple(replace(kit, revoked=revoked) if kit.kit == ours else kit for kit in kits))

    @property
    def problem(self) -> tuple[str, str]:
        status = self.site.statuses[-1]
        return status.problem_code, status.problem


@pytest.fixture
def refused(running: tuple[Stack, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Refused]:
    """A new kit with films for each test, which is not refused yet."""
    stack, address = running
    folder = stack.agency.add_kit(f"kit-{uuid.uuid4().hex[:8]}", address, simulated=True)
    site = Site(stack, address, read_config(folder / "kit.toml"))
    for _ in range(FILMS):
        site.film()
    yield Refused(site, monkeypatch)
    site.agency.close()


def test_a_revoked_kit_asks_for_the_directory_alone_until_that_lists_it_again(refused: Refused) -> None:
    refused.revoked(revoked=True)
    assert refused.hour() <= 3600 / FINAL_SECONDS + 1, "whatever the number of its films"
    assert refused.problem == ("kit-revoked", RULES["kit-revoked"].advice)
    assert len(refused.site.spool.films()) == FILMS
    refused.revoked(revoked=False)
    refused.site.uplink.sync_all()
    assert refused.site.spool.films() == [], "at once"
    assert refused.problem == ("", "")


def test_a_kit_with_another_key_than_the_directorys(refused: Refused) -> None:
    config, site = refused.site.config, refused.site
    listed = config.key.read_bytes()
    site.agency._session._key = new_key()
    config.key.write_bytes(key_to_pem(site.agency._session._key))
    assert refused.hour() <= 3600 / FINAL_SECONDS + 5, "at first it is asked sooner"
    assert refused.problem == ("request-forged", RULES["request-forged"].advice)
    config.key.write_bytes(listed)


def test_a_kit_that_waits_says_so_in_words(refused: Refused) -> None:
    kits = refused.site.stack.agency.directory().kits
    refused.site.publish(kits=tuple(kit for kit in kits if kit.kit != refused.site.config.kit))
    assert refused.hour() <= 3600 / FINAL_SECONDS + 1
    status = replace(kit_status(refused.site.config, refused.site.spool), uplink=refused.site.statuses[-1])
    assert "problem    kit-unknown: The agency has not admitted this kit yet. IT does it." in as_text(status)


def test_its_heartbeats_wait_too_until_the_directory_is_another(refused: Refused) -> None:
    refused.revoked(revoked=True)
    refused.site.uplink.sync_all()
    refused.asked.clear()
    heartbeats = Heartbeats(refused.site.config, refused.site.spool, refused.site.agency)
    assert [heartbeats.beat() for _ in range(5)] == [False] * 5
    assert len(refused.asked) == 1
    refused.revoked(revoked=False)
    refused.site.now += DIRECTORY_SECONDS
    refused.site.uplink.sync_all()
    assert heartbeats.beat()


def test_the_link_is_told_before_what_was_refused_over_it(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    refused.revoked(revoked=True)
    refused.site.uplink.sync_all()
    down = Agency("http://127.0.0.1:1", "kit-0001", new_key())
    monkeypatch.setattr(refused.site.agency, "directory", down.directory)
    refused.site.now += DIRECTORY_SECONDS
    with pytest.raises(AgencyUnreachable, match="does not work now"):
        refused.site.uplink.sync_all()
    assert refused.problem[0] == "service-down"
    monkeypatch.undo()
    refused.site.uplink.sync_all()
    assert refused.problem[0] == "kit-revoked"
    down.close()
