"""Which software the kit runs, in short codes."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version


def software() -> str:
    """Return the version of Attune Kit, as its package says."""
    try:
        return version("attune-kit")
    except PackageNotFoundError:
        return "unknown"


def system() -> str:
    """Return the operating system and its version, such as `debian-13`, from os-release(5)."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    name = f"{release['ID']}-{release.get('VERSION_ID', 'unknown')}"
    return re.sub(r"[^a-z0-9.-]", "-", name.lower())[:40]
