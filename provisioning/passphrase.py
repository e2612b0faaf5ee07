"""Where the root key's passphrase comes from: a file, the environment, or a person."""

import getpass
import os
import sys
from pathlib import Path

from provisioning.errors import PassphraseMissing

VARIABLE = "KIT_ROOT_PASSPHRASE"
MIN_LENGTH = 12


def read_passphrase(file: Path | None, *, new: bool = False) -> bytes:
    """Return the passphrase. A new one must have 12 characters, and is asked for twice. Raises `PassphraseMissing`."""
    passphrase = _given(file) or _asked(new=new)
    if new and len(passphrase) < MIN_LENGTH:
        raise PassphraseMissing(f"The passphrase is too short. Take at least {MIN_LENGTH} characters.")
    return passphrase.encode()


def _given(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE)
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except OSError as reason:
        raise PassphraseMissing(f"The passphrase file {file} can't be read: {reason.strerror}.") from None


def _asked(*, new: bool) -> str:
    if not sys.stdin.isatty():
        raise PassphraseMissing(f"There is nobody to ask for the passphrase. Use --passphrase-file or {VARIABLE}.")
    passphrase = getpass.getpass("Passphrase of the agency root: ")
    if new and getpass.getpass("The same again: ") != passphrase:
        raise PassphraseMissing("The two passphrases differ. Call again.")
    return passphrase
