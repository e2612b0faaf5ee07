"""Our Debian package, built from the sources as they are now, and installed in the trixie folder."""

import shutil
from pathlib import Path

from tests.rigs.debian_package import DebianPackage, own_architecture, python_version
from tests.rigs.machine import Machine

PYTHON = "/usr/lib/attune-kit/bin/python3"
COMMAND = "/usr/bin/kit-device"


def install(pi: Machine, folder: Path) -> None:
    """Build the package in `folder` and install it. Raises `AssertionError` with what the tools say."""
    package = DebianPackage(folder, python=python_version(pi.root), architecture=own_architecture())
    shutil.copy(package.file, pi.root / "root/kit.deb")
    pi.run(["dpkg", "-i", "/root/kit.deb"])
