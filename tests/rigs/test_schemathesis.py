"""OpenAPI is true to the letter: Schemathesis, as anybody would run it, finds no 500 and no undocumented answer."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from companion_api.staff.person import Role
from tests.rigs.engine import free_port, listens
from tests.rigs.rig_stack import RigStack, wait_until
from tests.rigs.schemathesis_hooks import KNOWN_IDS

pytestmark = pytest.mark.rig
ROOT = Path(__file__).parents[2]
# No schema tells what a kit sealed: random bytes are in form and refused all the same.
NEVER = "positive_data_acceptance"
# A fuzzer that may do everything breaks these on purpose: its signature and digest, or its cookie, are made good.
NOT_WHEN_SIGNED = f"{NEVER},missing_required_header,negative_data_rejection,ignored_auth"
EXAMPLES = {"stranger": 10, "kit": 25, "role": 6, "all roles": 12}  # of each request; three minutes in all

REACHED = {  # some of what lies behind the checks of forms, ids and rights
    (Role.PRACTITIONER,): {"GET /v1/staff/films/{film}/parts/{number}", "GET /v1/staff/films/{film}/manifest"},
    tuple(Role): {
        "GET /v1/staff/films/{film}/erasure.html",
        "POST /v1/staff/cases/{case}/withdrawal",
        "POST /v1/staff/films/{film}/withdrawal",
        "POST /v1/staff/holds/{hold}/release",
    },
}


def _run(address: str, excluded: str, *options: str, examples: int, **told: str) -> str:
    """Run Schemathesis with all its checks, and return what it said. It must find nothing."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/openapi.json", "--no-color"]
    command += [
        "--checks",
        "all",
        "--max-examples",
        str(examples),
        "--continue-on-failure",
        "--exclude-checks",
        excluded,
        *options,
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.rigs.schemathesis_hooks", "PYTHONPATH": str(ROOT), **told}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    found = done.stdout.partition(" FAILURES ")[2][:4000]  # a body of any length comes after what is wrong with it
    assert done.returncode == 0, found + done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_to_a_stranger(stack: RigStack) -> None:
    with stack.service() as address:
        print(_run(address, NEVER, examples=EXAMPLES["stranger"])[-600:])


@pytest.mark.parametrize("roles", [(role,) for role in Role] + [tuple(Role)], ids=[*Role, "all roles"])
def test_to_staff(roles: tuple[Role, ...]) -> None:
    """What a page of ours may send, with a session that is not signed out on the way, to what there is."""
    port = free_port()
    command = [sys.executable, "-m", "tests.rigs.peopled_service", str(port), *roles]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            told = json.loads(service.stdout.readline())
            wait_until(lambda: listens(port))
            headers = [word for name, value in told["headers"].items() for word in ("--header", f"{name}: {value}")]
            paths = ("--include-path-regex", "^/v1/staff/", "--exclude-path-regex", "/sessions?$")
            address = f"http://127.0.0.1:{port}"
            examples = EXAMPLES["role" if len(roles) == 1 else "all roles"]
            ids = {KNOWN_IDS: json.dumps(told["ids"])}
            said = _run(address, NOT_WHEN_SIGNED, *headers, *paths, examples=examples, **ids)
            done = _done(address)
        finally:
            service.terminate()
            service.wait(30)
    print(said[-600:])
    assert any("{" in request for request in done), "nothing that there is was found"
    assert done >= REACHED.get(roles, set())


def test_to_a_kit() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.rigs.signing_proxy", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as proxy:
        try:
            wait_until(lambda: listens(port))
            print(_run(f"http://127.0.0.1:{port}", NOT_WHEN_SIGNED, examples=EXAMPLES["kit"])[-600:])
        finally:
            proxy.terminate()
            proxy.wait(30)


def _done(address: str) -> set[str]:
    """Return the requests that were granted at least once, as the service counted them."""
    counts = httpx.get(f"{address}/metrics").text
    return {
        f"{method} {route}"
        for method, route in re.findall(
            r'_seconds_count\{method="(\w+)",route="([^"]+)",status="2..".*\} [1-9]', counts
        )
    }
