"""What obstore's errors mean, and what is wrong with a bucket that can't keep `store.Store`'s promise.

obstore's own text has the whole answer of the provider, which may be more than a log should have: of it only the HTTP
status, the provider's error code and the kind of a failed connection are told.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from companion_api.stores.store import StoreFailed, StoreFull, StoreUnfit

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"(?:<Code>|\(code: )(\w{1,64})")  # of S3, Azure and Google alike; a bulk delete's is in brackets
_KIND = re.compile(r"kind: (\w{1,64})")  # Connect, Timeout, Interrupted, …
_FULL = re.compile(r"quota|storagefull", re.IGNORECASE)  # QuotaExceeded of Ceph, XMinioStorageFull of MinIO
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound"}


class BucketOverwrites(StoreUnfit):
    """The provider does not keep to `If-None-Match: *`: an object that is there could be replaced."""


class BucketKeepsVersions(StoreUnfit):
    """What is deleted stays as an older version: a film that a family took back would not be gone."""


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn obstore's errors into `StoreFull` and `StoreFailed`, with a next step."""
    try:
        yield
    except (BaseError, OSError) as reason:
        raise _named(reason) from None


@contextmanager
def missing_is_fine() -> Iterator[None]:
    """Go on if there is no object; not if there is no bucket, which must never look like a film that is gone."""
    try:
        yield
    except FileNotFoundError as reason:
        if _first(_CODE, str(reason)) in _NO_BUCKET:
            raise


def _named(reason: Exception) -> StoreFull | StoreFailed:
    status, code, kind = (_first(pattern, str(reason)) for pattern in (_STATUS, _CODE, _KIND))
    answer = " ".join(filter(None, (status, code))) or kind or type(reason).__name__
    if status == "507" or _FULL.search(code):
        return StoreFull(f"The store's bucket is full ({answer}). Raise its quota, or make room.")
    if code in _NO_BUCKET:
        return StoreFailed(f"The store's bucket is not there ({answer}). Make it, or correct the store's address.")
    if status in ("401", "403"):
        return StoreFailed(f"The store refuses this service ({answer}). Check credentials, rights, and the clock.")
    if status or code:
        return StoreFailed(f"The store failed ({answer}). Look at its own log.")
    return StoreFailed(
        f"The store gives no answer ({answer}). Check that it runs, its address, region and credentials."
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
