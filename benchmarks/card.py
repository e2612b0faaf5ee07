"""What makes turns alike: a fresh ext4 with a journal, as on a kit's card, and memory and disk as they were.

The machine's own disk may be anything, and what was removed from it a minute ago can make new files dear.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_WARM_MEMORY = 1 << 29
_SIZE = 4 << 30  # sparse; a turn writes 0.7 GB


@contextmanager
def card(folder: Path) -> Iterator[Path]:
    """Mount such a card below `folder` and yield it; without root, yield a plain folder of the machine's own disk."""
    at = folder / "card"
    at.mkdir()
    image = folder / "card.img"
    image.touch()
    os.truncate(image, _SIZE)
    made = os.geteuid() == 0 and _succeeds("mkfs.ext4", "-q", "-F", image)
    if not made or not _succeeds("mount", "-o", "loop", image, at):
        yield at
        return
    try:
        yield at
    finally:
        _succeeds("umount", at)


def give_back(files: Iterable[Path]) -> None:
    """Empty the files that a turn wrote, so that all turns find the same free memory and disk.

    The files stay until the end: for a minute ext4 without a journal avoids the inodes of removed files, at a cost that
    would fall on the next turn only.
    """
    for file in files:
        os.truncate(file, 0)


def warm_memory() -> None:
    """Use memory and give it back: what its first use costs a virtual machine is on nobody's account."""
    len(b"\1" * _WARM_MEMORY)


def _succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
