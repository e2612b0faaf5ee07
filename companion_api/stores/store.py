"""Where sealed bytes are kept: the port, its promise, and the names of objects.

The store and the recovery identity alone recover every film, without the database:

    directory.jws                       the newest directory that was served
    audit/heads/<date>.jws              the audit trail's head, signed once a day
    films/<film id>/film.key
    films/<film id>/parts/00000 …
    films/<film id>/manifest.jws
    films/<film id>/receipt.jws
    films/<film id>/ranges/…            of parts that come in pieces, until they are whole
    films/<film id>/set-aside/…         damaged pieces, under their name and the beginning of their hash
    erasures/<film id>.jws              the certificate of a film that is gone
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Protocol

DIRECTORY = "directory.jws"
ERASURES = "erasures"
FILMS = "films"
AUDIT_HEADS = "audit/heads"
Data = bytes | bytearray  # never changed by anybody
_KEY = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*")


class StoreFull(Exception):
    """There is no room. Nothing of the object is left behind."""


class StoreFailed(Exception):
    """The medium failed. Whether the object is there is not known; a repeated `put` finds out."""


class StoreUnfit(StoreFailed):
    """The store can't keep its promise, so the service does not start on it."""


class Put(Enum):
    """What `put` found. In each case the object that is there is durable."""

    STORED = auto()
    SAME = auto()  # these very bytes were there
    DIFFERS = auto()  # other bytes were there, and stay


class Store(Protocol):
    """Objects by name, safe for many threads. Names are those that `checked` lets through.

    Objects appear whole or not at all, whenever the process or the power dies. When a call returns, what it did is
    durable: it survives a power cut, with all folders on the way. Raises `StoreFull` and `StoreFailed`.
    """

    def prepare(self) -> None:
        """Get ready, once, before anybody uses the store: clear what a crash left, and prove that it keeps the promise.

        Raises `StoreUnfit`.
        """

    def put(self, key: str, data: Data) -> Put:
        """Store under a new name, never over an object. Of several at once exactly one gets `STORED`.

        Only where an answer was lost on the way to the store, the one that stored may get `SAME`.
        """

    def replace(self, key: str, data: Data) -> None:
        """Store under a name, over what was there. Readers see the old object or the new one."""

    def get(self, key: str) -> bytes | None:
        """Return the object, or None if there is none."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; a name without an object is no error."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield, sorted, the names that begin with the folder name `prefix` and a slash; "" lists all."""


def checked(key: str) -> str:
    """Return the name of an object. Raises `ValueError` for one that could lead out of the store."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not the name of an object: {key!r}")
    return key


def film_folder(film: str) -> str:
    """Return the common prefix of a film's objects."""
    return f"films/{film}"


def set_aside_object(film: str, object_name: str, sha256: str) -> str:
    """Return where a damaged object of a film is kept as evidence; it goes with the film."""
    name = object_name.removeprefix(f"films/{film}/").replace("/", "-")
    return f"films/{film}/set-aside/{name}.{sha256[:16]}"


def ranges_folder(film: str) -> str:
    """Return the common prefix of the ranges of a film's parts."""
    return f"films/{film}/ranges"


def film_key_object(film: str) -> str:
    """Return the name of a film's `film.key`."""
    return f"films/{film}/film.key"


def part_object(film: str, number: int) -> str:
    """Return the name of a part."""
    return f"films/{film}/parts/{number:05d}"


def manifest_object(film: str) -> str:
    """Return the name of a film's manifest."""
    return f"films/{film}/manifest.jws"


def receipt_object(film: str) -> str:
    """Return the name of a film's receipt."""
    return f"films/{film}/receipt.jws"


def erasure_object(film: str) -> str:
    """Return the name of a film's erasure certificate."""
    return f"{ERASURES}/{film}.jws"
