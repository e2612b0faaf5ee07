"""The directory in force: read from the file that IT replaces, and kept in the store as the last word on versions."""

import hashlib
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from companion_api.problems import KIT_REVOKED
from companion_api.stores.store import DIRECTORY, Store, StoreFailed, StoreFull
from footage.directory import Directory, KitEntry, read_directory
from footage.errors import DirectoryForged, FootageError
from footage.keys import from_jwk

_log = logging.getLogger(__name__)
_FileMark = tuple[int, int, int]  # changes when the file is replaced or written to


class KitRevoked(FootageError):
    """The kit may not send any more."""

    code = KIT_REVOKED.code


@dataclass(frozen=True, slots=True)
class Published:
    """One verified directory, as JWS and as content."""

    token: str
    directory: Directory
    etag: str
    _keys: dict[str, EllipticCurvePublicKey] = field(default_factory=dict)

    def key_of(self, kit: str) -> EllipticCurvePublicKey:
        """Return the key of a kit that may send. Raises `KitUnknown` and `KitRevoked`."""
        if known := self._keys.get(kit):
            return known
        entry = self.directory.kit(kit)
        if entry.revoked:
            raise KitRevoked(f"The directory (version {self.directory.version}) revokes kit {kit}. Ask IT.")
        return self._keys.setdefault(kit, _key(entry))


class PublishedDirectory:
    """Follows a directory file. Versions never go down, also across restarts; a bad file changes nothing."""

    def __init__(self, file: Path, root: str, store: Store) -> None:
        """Read the file. Raises `FootageError`, `OSError`, `StoreFull`, `StoreFailed`."""
        self._file = file
        self._root = root
        self._store = store
        self._lock = threading.Lock()
        held = store.get(DIRECTORY)
        accepted = None if held is None else read_directory(held.decode("ascii", "replace"), root)
        self._mark: _FileMark | None = _mark(file)
        self.published = self._accept(accepted)

    def is_stale(self) -> bool:
        """Return whether the file has changed since it was last read. One system call."""
        return self._current_mark() != self._mark

    def refresh(self) -> None:
        """Read the file anew, if it has changed. Blocks. A refused file is logged once; the directory stays."""
        with self._lock:
            mark = self._current_mark()
            if mark == self._mark:
                return
            try:
                self.published = self._accept(self.published.directory)
                _log.info("directory version %d is in force", self.published.directory.version)
            except (FootageError, OSError) as reason:
                _log.error("the new directory file is refused, the old one stays in force: %s", reason)
            except (StoreFull, StoreFailed) as reason:
                _log.error("the new directory could not be kept, the old one stays in force: %s", reason)
                return  # and is tried again
            self._mark = mark

    def _accept(self, accepted: Directory | None) -> Published:
        try:
            token = self._file.read_bytes().decode("ascii").strip()
        except UnicodeDecodeError:
            raise DirectoryForged("The directory file holds no signed directory. Publish it anew.") from None
        directory = read_directory(token, self._root, accepted=accepted)
        if directory != accepted:  # the store has the accepted one already, durably
            self._store.replace(DIRECTORY, token.encode("ascii"))
        return Published(token, directory, f'"{hashlib.sha256(token.encode("ascii")).hexdigest()}"')

    def _current_mark(self) -> _FileMark | None:
        try:
            return _mark(self._file)
        except OSError:
            return None


def _mark(file: Path) -> _FileMark:
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _key(entry: KitEntry) -> EllipticCurvePublicKey:
    return from_jwk(entry.key)
