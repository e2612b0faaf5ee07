"""OpenAPI is true to the letter: Schemathesis, as anybody would run it, finds no 500 and no undocumented answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs.rig_stack import RigStack, wait_until

pytestmark = pytest.mark.rig
ROOT = Path(__file__).parents[2]
# No schema tells what a kit sealed: random bytes are in form and refused all the same.
NEVER = "positive_data_acceptance"
# A fuzzer that may do everything breaks these on purpose: its signature and its digest are made good on the way.
NOT_WHEN_SIGNED = f"{NEVER},missing_required_header,negative_data_rejection,ignored_auth"
EXAMPLES = 60


def _run(address: str, excluded: str) -> str:
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
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.rigs.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_to_a_stranger(stack: RigStack) -> None:
    with stack.service() as address:
        print(_run(address, NEVER)[-600:])


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
