"""A scrub: the whole store is read and hashed again, film by film, against the database and the signed manifests.

Films are taken in the order of their ids, those of the database and those of the store together, so that what only one
of them knows is seen. How far it came is kept, and the next call goes on there. Memory does not depend on how many
films there are.
"""

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.damage import ask_again
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import FilmRows
from companion_api.stores.store import DIRECTORY, FILMS, film_folder
from companion_api.truth.film_check import SETTLE_SECONDS, Counts, FilmCheck
from companion_api.truth.scrub_rows import ScrubRow, ScrubRows
from footage.directory import Directory, read_directory
from footage.errors import FootageError

KEEP_SECONDS = 5.0  # how much is done again after a crash
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Manner:
    """How a scrub is done: what it tells of each object's bytes, whether to stop, and whether kits are asked again."""

    spent: Callable[[int], None]
    stopped: Callable[[], bool] = lambda: False
    asks_again: bool = True
    settle: Callable[[], object] = lambda: time.sleep(SETTLE_SECONDS)
    clock: Callable[[], float] = time.monotonic


def scrub_film(archive: Archive, directory: Directory, film: str, manner: Manner) -> Counts:
    """Check one film, and let its faults stand. Raises `StoreFull`, `StoreFailed`."""
    counts = Counts()
    check = FilmCheck(archive, directory, manner.spent, manner.settle, counts)
    _check(check, film, list(archive.store.list(film_folder(film))), manner)
    return counts


def scrub_all(archive: Archive, directory: Directory, root: str, manner: Manner, *, anew: bool = False) -> ScrubRow:
    """Check everything, from where an unfinished scrub stopped or from the beginning (`anew`).

    Returns its row, without an end if it was stopped. Raises `StoreFull`, `StoreFailed`.
    """
    run = _begin(archive, anew)
    counts, after = Counts(run.films, run.objects, run.bytes), run.reached
    check = FilmCheck(archive, directory, manner.spent, manner.settle, counts)
    kept = manner.clock()
    for film, names in known_films(archive, after):
        if manner.stopped():
            return _keep(archive, run, after, counts)
        _check(check, film, names, manner)
        after = film
        if manner.clock() - kept >= KEEP_SECONDS:
            _keep(archive, run, after, counts)
            kept = manner.clock()
    return _end(archive, run, after, counts, directory_faults(archive, root))


def known_films(archive: Archive, after: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each film that the database or the store knows, in order, with the names of its objects."""
    stored = groupby(archive.store.list(FILMS), key=lambda name: name.split("/")[1])
    folders = ((film, list(names)) for film, names in stored if film > after)
    rows: Iterator[tuple[str, list[str]]] = ((film, []) for film in _rows(archive, after))
    for film, both in groupby(heapq.merge(rows, folders, key=lambda each: each[0]), key=lambda each: each[0]):
        yield film, [name for _, names in both for name in names]


def directory_faults(archive: Archive, root: str) -> list[Fault]:
    """Return what is wrong with the store's copy of the directory."""
    try:
        read_directory((archive.store.get(DIRECTORY) or b"").decode("ascii", "replace"), root)
    except FootageError as reason:
        return [Fault(FaultKind.DIRECTORY_FORGED, "", DIRECTORY, str(reason))]
    return []


def _rows(archive: Archive, after: str) -> Iterator[str]:
    while True:
        with archive.database.reading() as connection:
            page = FilmRows(connection).page(after, _PAGE)
        if not page:
            return
        yield from page
        after = page[-1]


def _check(check: FilmCheck, film: str, names: list[str], manner: Manner) -> None:
    faults = check.faults(film, names)
    _stand(check.archive, film, faults)
    if manner.asks_again:
        ask_again(check.archive, film, faults)


def _stand(archive: Archive, film: str, faults: list[Fault]) -> None:
    with archive.database.reading() as connection:
        if not faults and next(FaultRows(connection).standing(film), None) is None:
            return  # as nearly always: then nothing is written
    with archive.database.writing() as connection:
        for kind, of_kind in _by_kind(FaultRows(connection).replace(film, faults, archive.timestamp())):
            subject = f"film:{film}" if film else "store"
            append(connection, archive.timestamp(), "service", "fault found", subject, kind=kind, objects=len(of_kind))


def _by_kind(faults: list[Fault]) -> Iterator[tuple[str, list[Fault]]]:
    ordered = sorted(faults, key=lambda fault: fault.kind.value)
    yield from ((kind, list(each)) for kind, each in groupby(ordered, key=lambda fault: fault.kind.value))


def _begin(archive: Archive, anew: bool) -> ScrubRow:
    with archive.database.writing() as connection:
        rows = ScrubRows(connection)
        newest = rows.newest()
        if newest is None or newest.ended_at is not None or anew:
            newest = rows.begin(archive.timestamp())
    return newest


def _keep(archive: Archive, run: ScrubRow, after: str, counts: Counts) -> ScrubRow:
    with archive.database.writing() as connection:
        ScrubRows(connection).keep(run.number, after, counts)
    return run._replace(reached=after, films=counts.films, objects=counts.objects, bytes=counts.bytes)


def _end(archive: Archive, run: ScrubRow, after: str, counts: Counts, faults: list[Fault]) -> ScrubRow:
    _stand(archive, "", faults)
    at = archive.timestamp()
    with archive.database.writing() as connection:
        FaultRows(connection).forget_unseen_since(run.began_at)
        ScrubRows(connection).keep(run.number, after, counts, at)
        numbers = {"films": counts.films, "objects": counts.objects, "bytes": counts.bytes}
        standing = sum(FaultRows(connection).counted().values())
        append(connection, at, "service", "scrubbed", "store", faults=standing, **numbers)
    return run._replace(ended_at=at, reached=after, films=counts.films, objects=counts.objects, bytes=counts.bytes)
