"""A store in a bucket: S3 and what speaks it (Ceph, MinIO), Azure and Google Cloud Storage, all through obstore.

What the provider has acknowledged is durable by its word. Objects are created under the condition that there is none
(`If-None-Match: *`, RFC 9110, section 13.1.2). S3 signs the SHA-256 of every body, so that one that arrives damaged is
refused. obstore repeats a request whose answer was lost, which may then meet its own object: so what is there is read
and compared, and called `SAME`.
"""

import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import GCSStore, ObjectStore

from companion_api.stores.cloud_errors import BucketKeepsVersions, BucketOverwrites, missing_is_fine, named_errors
from companion_api.stores.store import Data, Put, StoreFailed, checked

_NAMES_A_PAGE = 1000  # the most that S3 lists at once
_CREATE_TRIES = 3
_RACERS = 8


class CloudStore:
    """Implements `store.Store` in a bucket, or below a prefix of one. Any number of processes may share it."""

    def __init__(self, bucket: ObjectStore) -> None:
        self._bucket = bucket

    def prepare(self) -> None:
        """Implement `Store.prepare`. Raises `BucketOverwrites`, `BucketKeepsVersions`."""
        name = f"probe/{secrets.token_hex(8)}"
        with ThreadPoolExecutor(_RACERS) as threads:
            outcomes = list(threads.map(lambda racer: self.put(name, b"%d" % racer), range(_RACERS)))
        winners = [b"%d" % racer for racer, outcome in enumerate(outcomes) if outcome is not Put.DIFFERS]
        held = self.get(name)
        with named_errors():
            version = obstore.put(self._bucket, name, b"", use_multipart=False)["version"]
        self.delete([name])
        # first, because Ceph overwrites only where it keeps versions
        numbered = version is not None and not isinstance(self._bucket, GCSStore)  # Google numbers all objects
        if numbered or self.get(name) is not None:
            raise BucketKeepsVersions(
                "The store's bucket keeps versions, so a film that a family takes back would stay. "
                "Use a bucket that never had versions."
            )
        if winners != [held]:
            raise BucketOverwrites(
                "The store overwrites objects that are there, so a film could be replaced. "
                "Use a store that keeps to If-None-Match."
            )

    def put(self, key: str, data: Data) -> Put:
        """Implement `Store.put`. Whoever meets an object reads it and compares."""
        checked(key)
        with named_errors():
            for _ in range(_CREATE_TRIES):
                try:
                    obstore.put(self._bucket, key, data, mode="create", use_multipart=False)
                except (AlreadyExistsError, PreconditionError):
                    held = self._read(key)
                    if held is not None:
                        return Put.SAME if held == data else Put.DIFFERS
                    # S3 says so, too, when another request for this name has just come in between (409)
                else:
                    return Put.STORED
        raise StoreFailed("The store says that there is an object, and has none. Look at what else changes the bucket.")

    def replace(self, key: str, data: Data) -> None:
        """Implement `Store.replace`."""
        checked(key)
        with named_errors():
            obstore.put(self._bucket, key, data, use_multipart=False)

    def get(self, key: str) -> bytes | None:
        """Implement `Store.get`."""
        checked(key)
        with named_errors():
            return self._read(key)

    def delete(self, keys: Iterable[str]) -> None:
        """Implement `Store.delete`: a thousand in one request, where the provider can."""
        names = [checked(key) for key in keys]
        with named_errors():
            with missing_is_fine():
                obstore.delete(self._bucket, names)
                return
            for name in names:  # Azure and Google told of one that was gone; the others may still be there
                with missing_is_fine():
                    obstore.delete(self._bucket, name)

    def list(self, prefix: str) -> Iterator[str]:
        """Implement `Store.list`. Names come as they are listed, a page at a time."""
        last = ""
        with named_errors():
            for page in obstore.list(self._bucket, checked(prefix) if prefix else None, chunk_size=_NAMES_A_PAGE):
                for entry in page:
                    name = entry["path"]
                    if name <= last:
                        raise StoreFailed("The store does not list names in order. Use a general purpose bucket.")
                    last = name
                    yield name

    def _read(self, key: str) -> bytes | None:
        with missing_is_fine():
            return obstore.get(self._bucket, key).bytes().to_bytes()
        return None
