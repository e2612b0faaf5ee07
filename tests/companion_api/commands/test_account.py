"""`companion-api account`, beside a service that runs."""

import argparse
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from companion_api.audit.trail import entries
from companion_api.commands import account
from companion_api.problems import Refusal
from companion_api.service import Exit
from companion_api.settings import add_options, read_settings
from companion_api.staff.person import Role
from tests.companion_api.builders import ORIGIN, Service
from tests.companion_api.staff.builders import Browser, Staff
from tests.companion_api.test_command import COMMAND, Installation
from tests.footage.builders import Agency


class Shell:
    """Somebody at the server's shell."""

    def __init__(self, service: Service, screen: pytest.CaptureFixture[str]) -> None:
        self.service = service
        self.screen = screen

    def account(self, *arguments: str) -> str:
        """Run `companion-api account` and return what it said."""
        parser = argparse.ArgumentParser("companion-api")
        account.add_arguments(parser)
        add_options(parser)
        given = parser.parse_args(arguments)
        must = {f"COMPANION_API_{name}": "-" for name in ("RECEIPT_KEY", "ROOT", "DIRECTORY")}
        where = {"COMPANION_API_DATA": str(self.service.data), "COMPANION_API_ORIGIN": ORIGIN}
        account.run(read_settings(parser, given, must | where), given)
        return self.screen.readouterr().out


@pytest.fixture
def shell(service: Service, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(service, capsys)


def told(said: str) -> tuple[str, str]:
    """Return the account and the token that were told."""
    match = re.fullmatch(rf"account: (\S+)\ninvitation: {ORIGIN}/invitation#([A-Za-z0-9_-]{{43}})\n", said)
    assert match, said
    return match[1], match[2]


def test_an_account_is_added_listed_and_deactivated(service: Service, shell: Shell) -> None:
    name, _ = told(shell.account("add", "--name", "A. Jones", "--role", "practitioner", "--role", "service lead"))
    head, line = shell.account("list").splitlines()
    assert head.split()[:3] == ["ACCOUNT", "NAME", "ROLES"]
    assert re.split(r" {2,}", line)[:3] == [name, "A. Jones", "practitioner, service lead"]
    shell.account("roles", "--account", name, "--role", "it")
    shell.account("deactivate", "--account", name)
    (listed,) = json.loads(shell.account("list", "--json"))
    assert (listed["roles"], listed["deactivated_at"] is None) == (["it"], False)
    with pytest.raises(Refusal, match="new account"):
        shell.account("invite", "--account", name)
    with service.archive.database.reading() as connection:
        trail = [(entry.actor, entry.action) for entry in entries(connection)]
    assert trail == [("operator", action) for action in ("account added", "roles changed", "deactivated")]


def test_an_invitation_from_the_shell_is_good_in_a_browser(service: Service, shell: Shell) -> None:
    service.clock.now = datetime.now(UTC)  # the shell has no other clock
    staff = Staff(service, Role.IT)
    _, token = told(shell.account("invite", "--account", staff.account))
    assert staff.send("GET", "/v1/staff/session").status_code == 401, "the lost passkey's session has ended"
    answer = Browser(service).send("POST", "/v1/staff/invitation/options", {"invitation": token})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "--role", "it"],
        ["add", "--name", "A. Jones"],
        ["add", "--name", "two\nlines", "--role", "it"],
        ["add", "--name", "A. Jones", "--role", "king"],
        ["roles", "--role", "it"],
        ["invite"],
        ["deactivate"],
        ["remove"],
    ],
)
def test_what_is_missing_or_not_of_its_form_is_named(shell: Shell, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        shell.account(*arguments)
    assert ended.value.code == 2


def test_a_refusal_is_an_exit_code_and_a_line(tmp_path: Path, agency: Agency) -> None:
    done = subprocess.run(
        [*COMMAND, "account", "invite", "--account", "nobody"],
        env=Installation(tmp_path, agency).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.REFUSED
    assert done.stderr.splitlines()[-1] == "companion-api: account-unknown: Read the list of accounts again."
