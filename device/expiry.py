"""A directory that does not hold any more: whom it names may have left the agency, or lost their keys."""

from device.errors import DirectoryExpired
from device.trouble import ADVICE, Trouble
from footage.directory import Directory


def refuse_expired(directory: Directory, now: str, advice: str = ADVICE[Trouble.DIRECTORY_EXPIRED]) -> None:
    """Raise `DirectoryExpired` for a directory that does not hold any more at this time (RFC 3339, UTC)."""
    if directory.valid_until is not None and directory.valid_until < now:
        raise DirectoryExpired(advice)
