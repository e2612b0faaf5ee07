"""OpenAPI is true to the letter: Schemathesis, as anybody would run it, finds no 500 and no undocumented answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from companion_api.database.database import Database
from companion_api.films.archive import utc_now
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Role
from companion_api.staff.sign_in import COOKIE
from companion_api.staff.staff_sessions import StaffSessions
from footage.messages import timestamp
from tests.rigs.rig_stack import RigStack, wait_until

pytestmark = pytest.mark.rig
ROOT = Path(__file__).parents[2]
# No schema tells what a kit sealed: random bytes are in form and refused all the same.
NEVER = "positive_data_acceptance"
# A fuzzer that may do everything breaks these on purpose: its signature and digest, or its cookie, are made good.
NOT_WHEN_SIGNED = f"{NEVER},missing_required_header,negative_data_rejection,ignored_auth"
EXAMPLES = 60
ACCOUNT = "0d2f7b1c-0000-4000-8000-000000000000"


def _run(address: str, excluded: str, *options: str) -> str:
    """Run Schemathesis with all its checks, and return what it said. It must find nothing."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/openapi.json", "--no-color"]
    command += [
        "--checks",
        "all",
        "--max-examples",
        str(EXAMPLES),
        "--continue-on-failure",
        "--exclude-checks",
        excluded,
        *options,
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.rigs.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_to_a_stranger(stack: RigStack) -> None:
    with stack.service() as address:
        print(_run(address, NEVER)[-600:])


def test_to_somebody_of_it(stack: RigStack) -> None:
    """What a page of ours may send, with a session that is not signed out on the way."""
    with stack.service() as address:
        database, now = Database(URL.create("sqlite", database=str(stack.data / "companion.sqlite3"))), utc_now()
        with database.writing() as connection:
            AccountRows(connection).add(ACCOUNT, "A. Jones", {Role.IT}, timestamp(now))
            token = StaffSessions(connection, now).begin(ACCOUNT)
        database.close()
        headers = (f"Cookie: {COOKIE}={token}", "Origin: http://localhost:8080")
        options = [word for header in headers for word in ("--header", header)]
        options += ["--include-path-regex", "^/v1/staff/", "--exclude-path-regex", "/sessions?$"]
        print(_run(address, NOT_WHEN_SIGNED, *options)[-600:])


def test_to_a_kit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.rigs.signing_proxy", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as proxy:
        try:
            wait_until(lambda: _listens(port))
            print(_run(f"http://127.0.0.1:{port}", NOT_WHEN_SIGNED)[-600:])
        finally:
            proxy.terminate()
            proxy.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
