"""A kit joins an agency: its own command, the service's and IT's, over HTTP, and whatever goes wrong on the way."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from companion_api.kits.enrolment import make_enrolment
from device.agency import Agency, Enrolled
from device.config import read_config
from device.enrolment import TICKET, Joined, enrol
from device.errors import AgencyRefused, AgencyUnreachable, EnrolmentInvalid
from device.spooled_film import FilmState
from device.standing import Standing
from footage import durable
from footage.directory import KitEntry
from footage.enrolment import Ticket, WaitingKit, write_ticket
from footage.errors import DirectoryForged, DirectoryRolledBack
from footage.keys import new_key, thumbprint, to_jwk
from tests.scenarios.site import Site
from tests.scenarios.stack import PASSPHRASE, Stack

KIT = "kit-0007"


class Joining(NamedTuple):
    """A folder with a ticket in it, for a kit of a running service."""

    stack: Stack
    ticket: Ticket
    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / "kit.toml"

    def enrol(self) -> Joined:
        return enrol(self.settings, self.folder / TICKET, simulated=True)

    def elsewhere(self, name: str, **changes: str) -> "Joining":
        """The same ticket, or a changed one, in another folder."""
        return written(self.stack, replace(self.ticket, **changes), self.folder.parent / name)

    def listed(self, key: str) -> None:
        """Let the root admit the key that the kit shows."""
        agency = self.stack.agency
        jwk = to_jwk(read_config(self.settings).kit_key().public_key())
        waiting = WaitingKit(self.ticket.kit, jwk, "2026-11-20T10:00:00Z")
        assert waiting.thumbprint == key
        assert agency.admit([waiting]).kit(self.ticket.kit) == KitEntry(self.ticket.kit, jwk)


def written(stack: Stack, ticket: Ticket, folder: Path) -> Joining:
    folder.mkdir()
    (folder / TICKET).write_text(write_ticket(ticket))
    return Joining(stack, ticket, folder)


@pytest.fixture
def joining(running: tuple[Stack, str], tmp_path: Path) -> Joining:
    """A new kit for each test."""
    stack, address = running
    kit = f"kit-{uuid.uuid4().hex[:8]}"
    with stack.archive() as archive:
        made = make_enrolment(archive, stack.agency.directory(), "operator", kit)
    return written(stack, Ticket(kit, address, stack.agency.root, made.token), tmp_path / "kit")


def test_as_it_staff_do_it(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "site")
    kit = tmp_path / "kit"
    kit.mkdir()
    kit_device = ["device", "--config", str(kit / "kit.toml")]
    with stack.service() as address:
        made = run(*stack.companion_command("enrolment", "new", "--kit", KIT, "--service", address))
        (kit / TICKET).write_text(made)
        said = run(*kit_device, "enrol", "--simulated")
        assert "Next step: IT admits it" in said
        shown = thumbprint(read_config(kit / "kit.toml").kit_key().public_key())
        assert shown in said

        site = Site(stack, address, read_config(kit / "kit.toml"))
        film = site.film()
        site.uplink.sync_all()
        assert site.uplink.refused[film.film].startswith("kit-unknown"), "the service itself admits nobody"
        assert film.state is FilmState.CLOSED

        exported = tmp_path / "enrolments.json"
        exported.write_text(run(*stack.companion_command("enrolment", "export")))
        secret = {"KIT_ROOT_PASSPHRASE": PASSPHRASE.decode(), "COLUMNS": "120"}
        admitted = run("provisioning", "admit", str(stack.agency.folder), str(exported), "--compared", **secret)
        assert shown in admitted
        assert "Directory version 2 lists kit-0007" in admitted

        site.uplink.sync_all()
        assert not site.spool.films()
        site.agency.close()
        assert [(one.film, one.receipt_verified) for one in site.recovered()] == [(film.film, True)]


def run(module: str, *words: str, **environment: str) -> str:
    """Run one of our programs and return what it printed."""
    command = [sys.executable, "-m", module, *words]
    surroundings = dict(os.environ) | environment
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("crash_at", ["kit.key.pem", "the service", "directory.jws", "kit.toml"])
def test_any_crash_is_gone_on_from(
    joining: Joining, crash_at: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power is cut before or after each step; the kit never gets a second key, and its services never half a kit."""
    crashed = []

    def crash() -> None:
        crashed.append(crash_at)
        raise PowerCut

    def write_file(path: Path, data: bytes, real: Callable[[Path, bytes], None] = durable.write_file) -> None:
        if path.name == crash_at and not after:
            crash()
        real(path, data)
        if path.name == crash_at:
            crash()

    def handed_in(self: Agency, token: str, real: Callable[[Agency, str], Enrolled] = Agency.enrol) -> Enrolled:
        if crash_at == "the service" and not after:
            crash()
        answer = real(self, token)
        if crash_at == "the service":
            crash()
        return answer

    with monkeypatch.context() as dying:
        dying.setattr(durable, "write_file", write_file)
        dying.setattr(Agency, "enrol", handed_in)
        with pytest.raises(PowerCut):
            joining.enrol()
    assert crashed == [crash_at]
    assert joining.settings.exists() is (crash_at == "kit.toml" and after), "it is the last"
    key_file = joining.folder / "kit.key.pem"
    kept = key_file.read_bytes() if key_file.exists() else None
    assert (kept is None) is (crash_at == "kit.key.pem" and not after)

    joined = joining.enrol()
    assert kept in (None, key_file.read_bytes())
    config = read_config(joining.settings)
    assert joined == (config.kit, thumbprint(config.kit_key().public_key()), Standing.WAITING)
    assert config.accepted_directory() == joining.stack.agency.directory()
    assert joining.enrol() == joined, "and may be called again"


class PowerCut(BaseException):
    """Nothing handles it, as nothing handles the end of power."""


def test_what_is_written_is_for_its_owner_alone(joining: Joining) -> None:
    joining.enrol()
    made = {file.name: file.stat().st_mode & 0o777 for file in joining.folder.iterdir() if file.name != TICKET}
    assert made == {"kit.key.pem": 0o600, "directory.jws": 0o600, "kit.toml": 0o600}


def test_an_admitted_kit_learns_that_it_is(joining: Joining) -> None:
    joined = joining.enrol()
    joining.listed(joined.key)
    before = (joining.folder / "directory.jws").read_bytes()
    assert joining.enrol() == joined._replace(standing=Standing.LISTED)
    assert (joining.folder / "directory.jws").read_bytes() == before, "newer ones are the uplink's business"


def test_a_ticket_that_somebody_else_has_used(joining: Joining) -> None:
    thief = joining.elsewhere("thief")
    thief.enrol()
    with pytest.raises(AgencyRefused, match="tell IT") as refusal:
        joining.enrol()
    assert refusal.value.problem == "token-used"
    assert not joining.settings.exists()


def test_a_service_of_another_root_is_not_believed(joining: Joining) -> None:
    stranger = joining.elsewhere("stranger", agency_root=thumbprint(new_key().public_key()))
    with pytest.raises(DirectoryForged):
        stranger.enrol()
    assert {file.name for file in stranger.folder.iterdir()} == {TICKET, "kit.key.pem"}


def test_a_service_that_gives_out_an_old_directory_is_not_believed(
    joining: Joining, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (joining.stack.agency.folder / "directory.jws").read_text()
    joining.listed(joining.enrol().key)
    config = read_config(joining.settings)
    config.accepted.write_bytes((joining.stack.agency.folder / "directory.jws").read_bytes())
    monkeypatch.setattr(Agency, "enrol", lambda _self, _token: Enrolled(config.kit, old))
    with pytest.raises(DirectoryRolledBack):
        joining.enrol()


def test_a_service_that_takes_the_kit_for_another(joining: Joining, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = (joining.stack.agency.folder / "directory.jws").read_text()
    monkeypatch.setattr(Agency, "enrol", lambda _self, _token: Enrolled("kit-9999", directory))
    with pytest.raises(EnrolmentInvalid, match="took the kit for kit-9999"):
        joining.enrol()
    assert not joining.settings.exists()


def test_a_kit_stays_the_one_that_it_is(joining: Joining) -> None:
    joining.enrol()
    before = joining.settings.read_bytes()
    (joining.folder / TICKET).write_text(write_ticket(replace(joining.ticket, kit="kit-9998")))
    with pytest.raises(EnrolmentInvalid, match=f"This kit is {joining.ticket.kit} already"):
        joining.enrol()
    assert joining.settings.read_bytes() == before


def test_nobody_answers(joining: Joining) -> None:
    alone = joining.elsewhere("alone", service="http://127.0.0.1:1")
    with pytest.raises(AgencyUnreachable, match="not enrolled yet, its key is kept: call again"):
        alone.enrol()


@pytest.mark.parametrize("content", [None, "", 'kit = "kit-0007"', "token = 5", "[", "kit = 'Kit'"])
def test_a_ticket_that_is_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / TICKET).write_text(content)
    with pytest.raises(EnrolmentInvalid, match=r"enrolment\.toml"):
        enrol(tmp_path / "kit.toml", tmp_path / TICKET)
    assert not (tmp_path / "kit.key.pem").exists()


def test_a_refusal_of_a_ticket_does_not_repeat_it(joining: Joining) -> None:
    (joining.folder / TICKET).write_text(write_ticket(joining.ticket).replace("kit-", "Kit "))
    with pytest.raises(EnrolmentInvalid) as refusal:
        joining.enrol()
    assert joining.ticket.token not in str(refusal.value)
