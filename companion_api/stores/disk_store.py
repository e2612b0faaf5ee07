"""A store in a folder of a local disk, which really is durable: file and folder are fsynced before a call returns.

Measured after a power cut: without the file's fsync an object is empty, without the folder's it is gone.
"""

import errno
import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from companion_api.stores.store import Data, Put, StoreFailed, StoreFull, checked
from footage import durable

_ARRIVING = ".arriving"  # objects under way; on the same file system, so that they can be linked to their names
_KNOWN_FOLDERS = 1024
_SORTED_AT_ONCE = 5_000  # names in memory; a folder with more is read that many times over


class DiskStore:
    """Implements `store.Store` in the folder `root`, for any number of processes of one machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._arriving = root / _ARRIVING
        self._make_folder = lru_cache(_KNOWN_FOLDERS)(self._make_folder_durable)
        with _named_errors():
            durable.make_folder(self._arriving)

    def prepare(self) -> None:
        """Implement `Store.prepare`: remove what uploads left that a crash cut short."""
        with _named_errors():
            for leftover in self._arriving.iterdir():
                leftover.unlink()

    def put(self, key: str, data: Data) -> Put:
        """Implement `Store.put`: a link is made only where there is nothing yet."""
        path = f"{self._root}/{checked(key)}"  # text, because `pathlib` was a fifth of the CPU time of a part
        folder = path.rpartition("/")[0]
        with _named_errors(), self._arrived(data) as arrived:
            try:
                outcome = self._link(arrived, path, folder)
            except FileNotFoundError:  # `delete` removed the film's empty folder since it was made
                self._make_folder.cache_clear()
                outcome = self._link(arrived, path, folder)
            durable.sync_folder(folder)  # also if it was there: whoever linked it may not have come so far
            if outcome is Put.SAME and Path(path).read_bytes() != data:
                return Put.DIFFERS
            return outcome

    def replace(self, key: str, data: Data) -> None:
        """Implement `Store.replace`."""
        path = self._path(key)
        with _named_errors(), self._arrived(data) as arrived:
            self._make_folder(str(path.parent))
            Path(arrived).replace(path)
            durable.sync_folder(path.parent)

    def get(self, key: str) -> bytes | None:
        """Implement `Store.get`."""
        with _named_errors():
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, keys: Iterable[str]) -> None:
        """Implement `Store.delete`. One fsync a folder; folders left empty below the first level go too."""
        with _named_errors():
            folders = set()
            for key in keys:
                path = self._path(key)
                folders.add(path.parent)
                path.unlink(missing_ok=True)
            for folder in folders:
                with suppress(FileNotFoundError):
                    durable.sync_folder(folder)
            for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
                self._remove_empty(folder)

    def list(self, prefix: str) -> Iterator[str]:
        """Implement `Store.list`."""
        with _named_errors():
            yield from self._names(self._path(prefix) if prefix else self._root)

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    @contextmanager
    def _arrived(self, data: Data) -> Iterator[str]:
        """Give a durable file that has no name in the store yet; remove it in the end."""
        path = durable.write_temporary(self._arriving, data)
        try:
            yield path
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108  # text, see `put`

    def _link(self, arrived: str, path: str, folder: str) -> Put:
        self._make_folder(folder)
        try:
            os.link(arrived, path)
        except FileExistsError:
            return Put.SAME
        return Put.STORED

    def _make_folder_durable(self, folder: str) -> None:
        path = Path(folder)
        if path == self._root:
            return
        self._make_folder(str(path.parent))
        path.mkdir(exist_ok=True)
        durable.sync_folder(path.parent)  # also if it was there: whoever made it may not have come so far

    def _remove_empty(self, folder: Path) -> None:
        while len(folder.relative_to(self._root).parts) > 1:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError as reason:
                if reason.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    return
                raise
            else:
                self._make_folder.cache_clear()
                with suppress(FileNotFoundError):  # whoever destroys the same film at once has removed it, and synced
                    durable.sync_folder(folder.parent)
            folder = folder.parent

    def _names(self, folder: Path) -> Iterator[str]:
        for name in _in_order(folder):
            if name.endswith("/"):
                yield from self._names(folder / name)
            else:
                yield (folder / name).relative_to(self._root).as_posix()


def _in_order(folder: Path) -> Iterator[str]:
    """Yield the names in a folder, those of folders with a slash, sorted; it may hold more of them than memory does."""
    last = ""
    while True:
        try:
            with os.scandir(folder) as entries:
                names = (entry.name + "/" * entry.is_dir() for entry in entries if not entry.name.startswith("."))
                following = heapq.nsmallest(_SORTED_AT_ONCE, (name for name in names if name > last))
        except FileNotFoundError:
            return
        yield from following
        if len(following) < _SORTED_AT_ONCE:
            return
        last = following[-1]


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except OSError as reason:
        if reason.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull("The store's disk is full. Make room or give it a larger disk.") from reason
        raise StoreFailed(f"The store's disk failed ({reason.strerror}). Check the disk and its folder.") from reason
