"""Admitting and removing recipients: only whom IT has compared, and never on the word of the file alone."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footage.admission import COMPARED, AdmissionRequest, AdmissionRequests, grouped
from footage.age import HybridIdentity, X25519Identity
from footage.messages import encode
from provisioning.__main__ import main
from provisioning.agency import Agency
from provisioning.passphrase import VARIABLE

PASSPHRASE = "twelve characters"
NOW = "2026-11-20T10:00:00Z"
Run = Callable[..., str]


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    return Agency.create(tmp_path / "agency", PASSPHRASE.encode())


@pytest.fixture
def run(agency: Agency, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `kit recipient COMMAND AGENCY …`, with answers for its questions; return what it prints or refuses."""

    def run(command: str, *arguments: str, answers: str = "") -> str:
        monkeypatch.setenv(VARIABLE, PASSPHRASE)
        monkeypatch.setattr(sys, "argv", ["kit", "recipient", command, str(agency.folder), *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
        try:
            main()
        except SystemExit as ended:
            return str(ended.code)
        return " ".join(capsys.readouterr().out.split())

    return run


def request(name: str = "A. Jones", recipient: str | None = None) -> AdmissionRequest:
    recipient = HybridIdentity.generate().recipient.text if recipient is None else recipient
    return AdmissionRequest("an account", name, ("practitioner",), recipient, NOW)


def write(folder: Path, *requests: AdmissionRequest) -> str:
    file = folder / "waiting.json"
    file.write_bytes(encode(AdmissionRequests(1, requests)))
    return str(file)


def staff(agency: Agency) -> list[tuple[str, str]]:
    return [(entry.name, entry.recipient) for entry in agency.directory().recipients if entry.role == "staff"]


def test_it_is_asked_about_each_and_admits_whom_it_compared(tmp_path: Path, agency: Agency, run: Run) -> None:
    one, two = request("A. Jones"), request("B. Smith")
    told = run("add", write(tmp_path, one, two), answers="n\ny\n")
    for each in (one, two):
        assert f"{each.name} practitioner {NOW}" in told
        assert f"Does {each.name}, in person or by telephone, read out {grouped(each.fingerprint)}?" in told
    assert staff(agency) == [("B. Smith", two.recipient)]
    assert agency.directory().version == 2
    assert "Directory version 2 admits B. Smith." in told


def test_silence_admits_nobody(tmp_path: Path, agency: Agency, run: Run) -> None:
    assert "Nobody is admitted" in run("add", write(tmp_path, request()), answers="\n")
    assert agency.directory().version == 1


def test_who_has_compared_before_is_asked_nothing(tmp_path: Path, agency: Agency, run: Run) -> None:
    one, two = request("A. Jones"), request("B. Smith")
    run("add", write(tmp_path, one, two), "--compared")
    assert staff(agency) == [("A. Jones", one.recipient), ("B. Smith", two.recipient)]


def test_nobody_is_listed_twice(tmp_path: Path, agency: Agency, run: Run) -> None:
    file = write(tmp_path, request())
    run("add", file, "--compared")
    assert "recipient-exists" in run("add", file, "--compared")
    recovery = agency.directory().recipients[0].recipient
    assert "recipient-exists" in run("add", write(tmp_path, request("A. Jones", recovery)), "--compared")
    twice = request()
    assert "recipient-exists" in run("add", write(tmp_path, twice, twice), "--compared")
    assert agency.directory().version == 2


@pytest.mark.parametrize(
    "content", [b"{}", b"rubbish", b'{"format":2,"requests":[]}', b'{"format":1,"requests":[],"admit":true}', None]
)
def test_a_file_without_its_form_is_refused(tmp_path: Path, agency: Agency, run: Run, content: bytes | None) -> None:
    file = tmp_path / "waiting.json"
    if content is not None:
        file.write_bytes(content)
    assert "requests-unreadable" in run("add", str(file), "--compared")
    assert agency.directory().version == 1


def test_a_recipient_that_nothing_can_be_sealed_to_is_refused(tmp_path: Path, agency: Agency, run: Run) -> None:
    classic = request("A. Jones", X25519Identity.generate().recipient.text)
    assert "requests-unreadable" in run("add", write(tmp_path, classic), "--compared")
    assert agency.directory().version == 1


def test_a_name_can_not_dress_up_what_is_printed(tmp_path: Path, agency: Agency, run: Run) -> None:
    told = run("add", write(tmp_path, request("[red]A.[/] Jones[/x]")), "--compared")
    assert "[red]A.[/] Jones[/x]" in told


def test_a_long_name_fits_the_directory(tmp_path: Path, agency: Agency, run: Run) -> None:
    run("add", write(tmp_path, request("J" * 100)), "--compared")
    assert staff(agency)[0][0] == "J" * 64


def test_somebody_is_removed_by_fingerprint(tmp_path: Path, agency: Agency, run: Run) -> None:
    one, two = request("A. Jones"), request("B. Smith")
    run("add", write(tmp_path, one, two), "--compared")
    assert "version 3" in run("remove", grouped(one.fingerprint))
    assert staff(agency) == [("B. Smith", two.recipient)]
    refused = run("remove", grouped(one.fingerprint))
    assert "recipient-unknown" in refused
    assert f"B. Smith: {grouped(two.fingerprint)}" in refused
    assert "recipient-unknown" in run("remove", "")


def test_the_recovery_recipient_can_not_be_removed(agency: Agency, run: Run) -> None:
    recovery = request("recovery", agency.directory().recipients[0].recipient)
    assert "recipient-unknown" in run("remove", recovery.fingerprint)


def test_people_compare_eighty_bits() -> None:
    assert grouped("0123456789abcdef" * 4) == "0123 4567 89ab cdef 0123"
    assert COMPARED * 4 == 80
