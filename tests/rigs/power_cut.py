"""A small ext4 on a loop device whose power can be cut: only what was made durable is there afterwards.

The kernel is kept from writing by itself (`commit=300`), then the file system is shut down and mounted again.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
_LOG_FLUSHED, _NOTHING_FLUSHED = 1, 2


class Disk:
    """The file system in `image`, mounted at `at`."""

    def __init__(self, image: Path, at: Path, mib: int) -> None:
        self.at = at
        self._image = image
        self._mib = mib
        at.mkdir(parents=True, exist_ok=True)
        self.make_anew()

    def make_anew(self, kept: Path | None = None) -> None:
        """Make the file system anew, empty or as it was kept, and mount it."""
        if self.at.is_mount():
            self.shut_down()  # nothing is written any more
            self.unmount()
        self._image.unlink(missing_ok=True)
        if kept:
            _run("cp", "--sparse=always", str(kept), str(self._image))
        else:
            self._image.touch()
            os.truncate(self._image, self._mib << 20)
            _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        self.mount()

    def keep(self, kept: Path) -> None:
        """Keep a copy of the file system as it is now."""
        self.unmount()
        _run("cp", "--sparse=always", str(self._image), str(kept))
        self.mount()

    def cut(self, *, log_flushed: bool = False) -> None:
        """Cut the power, and mount what is left.

        With `log_flushed` the journal has just been written, as the kernel does now and then: names that nobody synced
        are there, without their bytes.
        """
        self.shut_down(log_flushed=log_flushed)
        self.unmount()
        self.mount()

    def shut_down(self, *, log_flushed: bool = False) -> None:
        """Let every further access fail with EIO, as on a card that has died."""
        descriptor = os.open(self.at, os.O_RDONLY | os.O_DIRECTORY)
        try:
            how = struct.pack("I", _LOG_FLUSHED if log_flushed else _NOTHING_FLUSHED)
            fcntl.ioctl(descriptor, _SHUTDOWN, how)
        finally:
            os.close(descriptor)

    def mount(self) -> None:
        """Mount the file system."""
        _run("mount", "-t", "ext4", "-o", "loop,commit=300", str(self._image), str(self.at))

    def unmount(self) -> None:
        """Unmount the file system if it is mounted."""
        if self.at.is_mount():
            _run("umount", str(self.at))

    @property
    def free(self) -> int:
        """How many bytes are free."""
        return shutil.disk_usage(self.at).free


@contextmanager
def mounted_disk(image: Path, at: Path, mib: int = 48) -> Iterator[Disk]:
    """Make a disk and mount it for as long as the block runs."""
    disk = Disk(image, at, mib)
    try:
        yield disk
    finally:
        disk.unmount()


@contextmanager
def mounted_image(image: Path, at: Path) -> Iterator[None]:
    """Mount an ext4 that is there already; the kernel replays its journal."""
    at.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "ext4", "-o", "loop", str(image), str(at))
    try:
        yield
    finally:
        _run("umount", str(at))


@contextmanager
def small_memory_disk(at: Path, kib: int) -> Iterator[None]:
    """Mount a tmpfs of `kib` at `at`: a disk that is full soon."""
    at.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(at))
    try:
        yield
    finally:
        _run("umount", str(at))


def enlarge_memory_disk(at: Path, kib: int) -> None:
    """Give a tmpfs more room."""
    _run("mount", "-o", f"remount,size={kib}k", str(at))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}. Rigs need root and loop devices.")
