"""`companion-api enrolment` and `companion-api kits`, on the data of a running service."""

import json
import sys
from pathlib import Path

import pytest

from companion_api import __main__ as program
from companion_api.kits.enrolment import enrol
from companion_api.service import Exit
from footage.directory import sign_directory
from footage.enrolment import WaitingKits, read_ticket
from footage.keys import key_to_pem, new_key, thumbprint
from footage.messages import decode
from tests.certificates import Authority
from tests.companion_api.builders import Kit, Service
from tests.companion_api.kits.test_heartbeat import tell
from tests.footage.builders import Agency

KIT, ADDRESS = "kit-0007", "https://films.example"


class Operator:
    """Somebody at the server's shell."""

    def __init__(self, service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        key = folder / "receipt.pem"
        key.write_bytes(key_to_pem(service.agency.receipt_key))
        self.service = service
        self._settings = [
            *("--data", str(service.data), "--receipt-key", str(key), f"--root={service.agency.root_thumbprint}"),
            *("--directory", str(service.directory_file)),
        ]
        self._monkeypatch = monkeypatch
        monkeypatch.setattr("logging.config.dictConfig", lambda _: None)  # pytest's own stays

    def calls(self, *words: str) -> int:
        """Call the command and return its exit code."""
        self._monkeypatch.setattr(sys, "argv", ["companion-api", *words, *self._settings])
        code: object = Exit.STOPPED
        try:
            program.main()
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        return code


@pytest.fixture
def operator(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(service, tmp_path, monkeypatch)


def new(operator: Operator, *more: str) -> int:
    return operator.calls("enrolment", "new", "--kit", KIT, "--service", ADDRESS + "/", *more)


def test_a_ticket_is_all_that_is_printed(
    operator: Operator, agency: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new(operator, "--days", "3") == Exit.STOPPED
    out, err = capsys.readouterr()
    ticket = read_ticket(out)
    assert (ticket.kit, ticket.service, ticket.agency_root) == (KIT, ADDRESS, agency.root_thumbprint)
    assert "not told again" in err
    assert ticket.token not in err
    assert enrol(operator.service.archive, agency.directory(), KIT, ticket.token, new_key().public_key())


def test_an_enrolment_from_token_to_revocation(
    operator: Operator, agency: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    def listed() -> tuple[str, str | None]:
        capsys.readouterr()
        operator.calls("enrolment", "list", "--json")
        (one,) = json.loads(capsys.readouterr().out)
        return one["standing"], one["key"]

    new(operator)
    ticket = read_ticket(capsys.readouterr().out)
    assert listed() == ("open", None)
    key = new_key().public_key()
    enrol(operator.service.archive, agency.directory(), KIT, ticket.token, key)
    assert listed() == ("waiting", thumbprint(key))
    operator.calls("enrolment", "list")
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == [KIT, "waiting"]
    operator.calls("enrolment", "export")
    (waiting,) = decode(WaitingKits, capsys.readouterr().out.encode()).waiting
    assert (waiting.kit, waiting.thumbprint) == (KIT, thumbprint(key))
    assert new(operator) == Exit.REFUSED
    assert "companion-api: kit-taken: A key of kit-0007 waits" in capsys.readouterr().err
    assert operator.calls("enrolment", "revoke", "--kit", KIT) == Exit.STOPPED
    assert operator.calls("enrolment", "revoke", "--kit", KIT) == Exit.REFUSED
    assert "has no enrolment" in capsys.readouterr().err
    assert new(operator) == Exit.STOPPED


@pytest.mark.parametrize(
    "words",
    [
        ("new", "--kit", KIT),
        ("new", "--service", ADDRESS),
        ("revoke",),
        ("new", "--kit", "Kit 7", "--service", ADDRESS),
        ("new", "--kit", KIT, "--service", "films.example"),
        ("new", "--kit", KIT, "--service", ADDRESS + "/v1"),
        ("new", "--kit", KIT, "--service", ADDRESS, "--days", "0"),
        ("new", "--kit", KIT, "--service", ADDRESS, "--days", "366"),
        ("make",),
    ],
)
def test_what_can_not_be_meant_is_named(
    operator: Operator, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert operator.calls("enrolment", *words) == 2
    assert "usage: companion-api enrolment" in capsys.readouterr().err


def test_all_kits_as_a_table_and_as_json(operator: Operator, kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    tell(kit)
    assert operator.calls("kits") == Exit.STOPPED
    assert capsys.readouterr().out.splitlines()[1].startswith("kit-0001  listed    ")
    operator.calls("kits", "--json")
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["kit"], one["heartbeat"]["free_bytes"]) == ("kit-0001", 20_000_000_000)


def test_a_directory_of_another_root_is_refused(operator: Operator, agency: Agency) -> None:
    operator.service.directory_file.write_text(sign_directory(agency.directory(), new_key()))
    assert operator.calls("kits") == Exit.DIRECTORY_REFUSED


def test_help_teaches(capsys: pytest.CaptureFixture[str], operator: Operator) -> None:
    for command in program.COMMANDS:
        assert operator.calls(command, "--help") == 0
        assert program.COMMANDS[command].EPILOG in capsys.readouterr().out


def test_a_ticket_may_pin_who_signs_the_services_certificate(
    operator: Operator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority()
    assert new(operator, "--authority", str(authority.file(tmp_path))) == Exit.STOPPED
    assert read_ticket(capsys.readouterr().out).authority == authority.pem


@pytest.mark.parametrize("pem", ["hello", Authority(ends=-1).pem], ids=["no certificate", "expired"])
def test_no_ticket_is_made_with_an_authority_that_no_kit_could_use(
    operator: Operator, tmp_path: Path, capsys: pytest.CaptureFixture[str], pem: str
) -> None:
    (tmp_path / "ca.pem").write_text(pem)
    assert new(operator, "--authority", str(tmp_path / "ca.pem")) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert "ca.pem can't be given to kits. " in said.err
    assert operator.calls("enrolment", "list", "--json") == Exit.STOPPED
    assert json.loads(capsys.readouterr().out) == []
