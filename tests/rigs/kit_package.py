"""Our Debian package, built from the sources as they are now, and installed in the trixie folder."""

import shutil
import subprocess
from pathlib import Path

from tests.rigs.debian_package import DebianPackage
from tests.rigs.machine import Machine

PYTHON = "/usr/lib/attune-kit/bin/python3"
COMMAND = "/usr/bin/kit-device"


def install(pi: Machine, folder: Path) -> None:
    """Build the package in `folder` and install it. Raises `AssertionError` with what the tools say."""
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout
    version = (pi.root / "usr/bin/python3").readlink().name.removeprefix("python")
    package = DebianPackage(folder, python=version, architecture=architecture.strip())
    shutil.copy(package.file, pi.root / "root/kit.deb")
    pi.run(["dpkg", "-i", "/root/kit.deb"])
