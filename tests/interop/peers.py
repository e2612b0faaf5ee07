"""Other implementations of age, as programs: typage on Node, and stock `age`."""

import base64
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"


class PeerMissing(Exception):
    """A peer is not installed; the message says how to install it."""


@cache
def cctv_testkit() -> dict[str, bytes]:
    """Return the C2SP/CCTV age testkit, by vector name. Raises `PeerMissing`."""
    vectors: dict[str, str] = json.loads(_run(_node("testkit.mjs")))
    return {name: base64.b64decode(file) for name, file in vectors.items()}


def typage_seal(plaintext: bytes, recipient: str) -> bytes:
    """Seal with typage. Raises `PeerMissing`."""
    return _run(typage_command("seal", recipient), plaintext)


def typage_open(sealed: bytes, identity: str) -> bytes:
    """Open with typage. Raises `PeerMissing`."""
    return _run(typage_command("open", identity), sealed)


def typage_command(*arguments: str) -> list[str]:
    """Return the command that seals to a recipient (`seal`), or opens with an identity (`open`), standard input."""
    return _node("typage.mjs", *arguments)


@cache
def stock_age_version() -> tuple[int, ...]:
    """Return the version of the `age` on PATH, or () if there is none."""
    if shutil.which("age") is None:
        return ()
    text = subprocess.run(["age", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(number or 0) for number in match.groups()) if match else ()


def stock_age_seal(plaintext: bytes, recipient: str) -> bytes:
    """Seal with stock `age`."""
    return _run(["age", "-r", recipient], plaintext)


def stock_age_open(sealed: bytes, identity_file: Path) -> bytes:
    """Open with stock `age`, by the options that `docs/sealed-footage.md` tells people."""
    return _run(["age", "--decrypt", "--identity", str(identity_file)], sealed)


def _node(script: str, *arguments: str) -> list[str]:
    # The virtual environment's own Node comes last, as in the Makefile.
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if node is None or not _MODULES.is_dir():
        raise PeerMissing("The npm packages of tests/interop are missing: make tests/interop/node_modules/.ready")
    return [node, str(_HERE / script), *arguments]


def _run(command: list[str], data: bytes = b"") -> bytes:
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout
