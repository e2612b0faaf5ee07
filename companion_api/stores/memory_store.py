"""A store in memory, for tests and for showing the service. Durable as long as the process lives."""

import threading
from collections.abc import Iterable, Iterator

from companion_api.stores.store import Put, checked


class MemoryStore:
    """Implements `store.Store`."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes) -> Put:
        """Implement `Store.put`."""
        with self._lock:
            held = self._objects.get(checked(key))
            if held is None:
                self._objects[key] = data
                return Put.STORED
        return Put.SAME if held == data else Put.DIFFERS

    def replace(self, key: str, data: bytes) -> None:
        """Implement `Store.replace`."""
        with self._lock:
            self._objects[checked(key)] = data

    def get(self, key: str) -> bytes | None:
        """Implement `Store.get`."""
        with self._lock:
            return self._objects.get(checked(key))

    def delete(self, keys: Iterable[str]) -> None:
        """Implement `Store.delete`."""
        with self._lock:
            for key in keys:
                self._objects.pop(checked(key), None)

    def list(self, prefix: str) -> Iterator[str]:
        """Implement `Store.list`."""
        start = f"{checked(prefix)}/" if prefix else ""
        with self._lock:
            names = sorted(name for name in self._objects if name.startswith(start))
        return iter(names)
