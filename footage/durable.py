"""Files that survive a power cut.

Without the file's fsync its bytes are gone or empty afterwards, without the folder's its name is. Both kit and
service stand on these few functions; whoever needs durability calls them and nothing else.

What they make is its owner's alone, whatever the umask. Only in a set-group-id folder, which is how Unix says that a
folder belongs to its group, the group gets it too (the kit's recorder and uplink are two users of one group).
"""

import os
import random
import stat
from pathlib import Path

TEMPORARY_PREFIX = ".new-"


def write_file(path: Path, data: bytes | bytearray | memoryview) -> None:
    """Write `data` under a temporary name, then replace `path` by it: the old or the new whole, never a mixture.

    Raises `OSError`; nothing is left of the attempt then, unless the disk refuses that too.
    """
    temporary = Path(write_temporary(path.parent, data))
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_file(path: Path, data: bytes | bytearray | memoryview) -> None:
    """Write a new file straight under its name: one commit of the disk's journal, where `write_file` needs two.

    A power cut may leave it torn under its name, so this is only for files whose name tells their hash. Raises
    `FileExistsError`, `OSError`.
    """
    _create_synced(str(path), str(path.parent), data)
    sync_folder(path.parent)


def write_temporary(folder: Path | str, data: bytes | bytearray | memoryview) -> str:
    """Write `data` to a new temporary file of `folder`, fsynced, and return its path.

    Paths are text here: `pathlib` was a fifth of the CPU time of storing a part. The name is no secret, and a system
    call less lets other threads of a service wait for the interpreter less.
    """
    temporary = f"{folder}/{TEMPORARY_PREFIX}{random.randbytes(8).hex()}"  # noqa: S311  # see above
    _create_synced(temporary, str(folder), data)
    return temporary


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, durably. A folder that is there already is fine."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o770 if _is_shared(folder.parent) else 0o700, exist_ok=True)
    sync_folder(folder.parent)  # also if it was there: whoever made it may not have come so far


def remove_file(path: Path) -> None:
    """Remove a file durably. A file that is gone already is fine."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Remove an empty folder durably."""
    folder.rmdir()
    sync_folder(folder.parent)


def remove_temporaries(folder: Path) -> None:
    """Remove what an interrupted `write_file` left in `folder`."""
    for temporary in folder.glob(f"{TEMPORARY_PREFIX}*"):
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path | str) -> None:
    """Make the names in a folder durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable that something else has written."""
    _sync(path, os.O_RDONLY)


def _sync(path: Path | str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create_synced(path: str, folder: str, data: bytes | bytearray | memoryview) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660 if _is_shared(folder) else 0o600)
    try:
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
            # What is durable is not read again soon. Giving its memory back keeps a small kit's for its camera, and
            # saves more than half of the CPU time of writing, because the next file finds warm pages.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    except OSError:
        Path(path).unlink(missing_ok=True)
        raise


def _is_shared(folder: Path | str) -> bool:
    return bool(os.stat(folder).st_mode & stat.S_ISGID)  # noqa: PTH116  # text, see `write_temporary`


def _write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    rest = memoryview(data)
    if rest:
        os.posix_fallocate(descriptor, 0, len(rest))  # one extent, and a full disk is told before the first byte
    while rest:
        rest = rest[os.write(descriptor, rest) :]
