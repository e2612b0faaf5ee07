"""A Debian trixie folder that stands for a Raspberry Pi: the real libcamera and picamera2.

It is built once, under `.cache/`, by a name that tells all that defines it, and is not written to any more: whoever
wants to install something lays a folder over it (`tests.rigs.machine`).
"""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.rigs.debian_mirror import debian_mirror
from tests.rigs.machine import INSIDE_SUPPORT, ROOT, SUPPORT, machine

_PACKAGES = (
    # As on Raspberry Pi OS, where python3-picamera2 brings them.
    *("python3-libcamera", "python3-numpy", "python3-pil", "python3-piexif", "python3-prctl"),
    *("systemd", "libasound2-data"),  # for our own package
    *("python3-pip", "python3-setuptools", "python3-dev", "gcc", "libc6-dev"),  # pidng has no wheels
    "python3-pytest",
)


def folder() -> Path:
    """Return the folder; build it if it is not there. Raises `subprocess.CalledProcessError`."""
    cache = ROOT / ".cache"
    built = cache / f"trixie-{_key()}"
    cache.mkdir(exist_ok=True)
    with (cache / "trixie.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            for old in cache.glob("trixie-*"):
                shutil.rmtree(old)
            half = cache / "trixie-half-built"
            _build(half)
            half.rename(built)
    return built


def _key() -> str:
    inputs = [Path(__file__), SUPPORT / "requirements.txt"]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in inputs)).hexdigest()[:16]


def _build(root: Path) -> None:
    # In a mount namespace of its own: what it mounts ends with it, even if it is killed.
    apart = ["unshare", "--mount", "--propagation=private"]
    command = [*apart, "mmdebstrap", "--quiet", "--variant=apt", "--mode=root", f"--include={','.join(_PACKAGES)}"]
    options = ["--aptopt=Apt::Install-Recommends false", "--dpkgopt=path-exclude=/usr/share/doc/*"]
    subprocess.run([*command, *options, "trixie", str(root), debian_mirror()], check=True)
    with machine(over=root, writable=root) as pi:
        pip = ["python3", "-m", "pip", "install", "--quiet", "--break-system-packages", "--root-user-action=ignore"]
        locked = ["--require-hashes", "--no-deps", "--no-build-isolation"]
        pi.run([*pip, *locked, "--requirement", f"{INSIDE_SUPPORT}/requirements.txt"], network=True)
