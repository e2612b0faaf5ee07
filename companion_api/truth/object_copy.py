"""Copying what films consist of from one store to another, as a database says: for backup and restore.

Objects never change, so each is copied once, and verified while it is copied.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from companion_api.database.database import Database
from companion_api.films.archive import Archive
from companion_api.films.film_rows import Film, FilmRows, HeldPart
from companion_api.stores.store import (
    DIRECTORY,
    Put,
    Store,
    StoreFailed,
    film_key_object,
    manifest_object,
    part_object,
    receipt_object,
)
from companion_api.truth.scrub import known_films

_THREADS = 4  # each waits for a disk most of the time
_MOST_NAMED = 100


class Stopped(Exception):
    """A signal came; the next call goes on."""


class Wanted(NamedTuple):
    """An object that a backup must have: SHA-256 in hex (None: not known to the database), and size in bytes."""

    name: str
    sha256: str | None
    size: int


@dataclass(slots=True)
class Uncopied:
    """What could not be copied, since the service's own store has lost or damaged it."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str, why: str) -> None:
        """Note an object."""
        self.count += 1
        if len(self.first) < _MOST_NAMED:
            self.first.append(f"{name}: {why}")


@dataclass(frozen=True, slots=True)
class Run:
    """How: what is told each object's bytes (also of those that are there already), what is paid for, and a signal."""

    done: Callable[[int], None] = lambda _: None
    spent: Callable[[int], None] = lambda _: None
    stopped: Callable[[], bool] = lambda: False


def objects_of(row: Film, parts: Sequence[HeldPart]) -> Iterator[Wanted]:
    """Yield what a film that is not gone consists of, `film.key` last: without it a copy cut short opens nothing."""
    yield from (Wanted(part_object(row.film, part.number), part.sha256, part.size) for part in parts)
    if row.manifest_sha256 is not None:
        yield Wanted(manifest_object(row.film), row.manifest_sha256, 0)
        yield Wanted(receipt_object(row.film), None, 0)
    if row.key_sha256 is not None:
        yield Wanted(film_key_object(row.film), row.key_sha256, 0)


class Copier:
    """Copies from the store of `source` to the store `target`. Raises `Stopped`, `StoreFull`, `StoreFailed`."""

    def __init__(self, source: Archive, target: Store, run: Run) -> None:
        self._source = source
        self._target = target
        self._run = run
        self._again = False  # what was told once is not told again
        self._threads = ThreadPoolExecutor(_THREADS, "copier")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def films(self, by: Database) -> tuple[Uncopied, bool]:
        """Copy what the target lacks of all films that the database `by` knows, and delete those that are gone.

        Returns what could not be copied, and whether a film was erased since the database was as `by`.
        """
        uncopied, erased_meanwhile = Uncopied(), False
        for film, names in known_films(Archive(self._target, by)):
            if self._run.stopped():
                raise Stopped
            with by.reading() as connection:
                rows = FilmRows(connection)
                row, parts = rows.film(film), rows.parts(film)
            if row is None:
                continue  # the target has it from before; a service that was restored may not know it: it stays
            if row.state.gone:
                self._target.delete(names)
                continue
            lost = self._film(row, parts, set(names))
            if lost and self._is_gone(film):
                erased_meanwhile = True
                continue
            for name, why in lost:
                uncopied.add(name, why)
        self._again = True
        return uncopied, erased_meanwhile

    def others(self, prefix: str) -> None:
        """Copy the objects that stand beside the films and that the target lacks."""
        for name in only_in_first(self._source.store.list(prefix), self._target.list(prefix)):
            data = self._source.store.get(name)
            if data is not None:
                self._target.put(name, data)

    def _film(self, row: Film, parts: Sequence[HeldPart], there: set[str]) -> list[tuple[str, str]]:
        wanted = list(objects_of(row, parts))
        self._done(sum(each.size for each in wanted if each.name in there))
        lacking = [each for each in wanted if each.name not in there]
        return [
            (each.name, why) for each, why in zip(lacking, self._threads.map(self._copy, lacking), strict=True) if why
        ]

    def _copy(self, wanted: Wanted) -> str:
        """Copy an object, and return why that could not be done."""
        if self._run.stopped():
            raise Stopped
        try:
            data = self._source.store.get(wanted.name)
        except StoreFailed as reason:
            self._source.store.get(DIRECTORY)  # if this fails too, it is not this object
            return str(reason)
        if data is None:
            return "it is not in the store"
        self._run.spent(len(data))
        if wanted.sha256 not in (None, hashlib.sha256(data).hexdigest()):
            return "it is damaged in the store"
        if self._target.put(wanted.name, data) is Put.DIFFERS:
            return "other bytes are there"
        self._done(wanted.size)
        return ""

    def _done(self, size: int) -> None:
        if not self._again:
            self._run.done(size)

    def _is_gone(self, film: str) -> bool:
        with self._source.database.reading() as connection:
            row = FilmRows(connection).film(film)
        return row is None or row.state.gone


def only_in_first(first: Iterator[str], second: Iterator[str]) -> Iterator[str]:
    """Yield the names that only `first` has; both are sorted."""
    both = merge(((name, True) for name in first), ((name, False) for name in second))
    for name, of in groupby(both, key=lambda each: each[0]):
        if all(is_first for _, is_first in of):
            yield name
