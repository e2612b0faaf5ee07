"""What the kit has for the agency. A film's folder is looked through only when it has changed.

Thirty films of 600 parts are 18,000 files, and a folder's own time of change tells whether any of them came or went.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from device.spooled_film import KEY, MANIFEST, FilmState, SpooledFilm, state_by
from footage.errors import PartKindUnknown
from footage.parts import PartName

_TICK_NS = 100_000_000  # a folder's time counts in ticks of up to 10 ms: a second change within one does not show


@dataclass(frozen=True, slots=True)
class Cargo:
    """A film's files that go to the agency: bytes of `film.key`, of each part by its number, and of the manifest.

    While a film is being recorded its last part may be counted before it is whole.
    """

    film: str
    state: FilmState
    key: int
    parts: Mapping[int, int]
    manifest: int
    names: list[PartName] = field(default_factory=list, compare=False)

    def part_names(self) -> list[PartName]:
        """Return its parts in order, as `SpooledFilm.part_names` does."""
        return self.names


class _Seen(NamedTuple):
    changed_ns: int
    sure: bool  # whether any later change has another time
    sizes: dict[str, int]
    parts: dict[str, PartName]
    cargo: Cargo


class Cargoes:
    """Looks at the films of one spool, time and again. `wall_ns` is the clock that files are dated by, in ns."""

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._wall_ns = wall_ns
        self._seen: dict[str, _Seen] = {}

    def one(self, film: SpooledFilm) -> Cargo:
        """Return what a film has. Raises `FileNotFoundError`."""
        return self._look(film, self._seen.get(film.film)).cargo

    def of(self, films: Iterable[SpooledFilm]) -> list[Cargo]:
        """Return what these films have, in their order; what went away meanwhile is left out."""
        seen: dict[str, _Seen] = {}
        for film in films:
            with suppress(FileNotFoundError):
                seen[film.film] = self._look(film, self._seen.get(film.film))
        self._seen = seen
        return [one.cargo for one in seen.values()]

    def _look(self, film: SpooledFilm, before: _Seen | None) -> _Seen:
        now = self._wall_ns()
        changed = film.folder.stat().st_mtime_ns
        if before is not None and before.sure and before.changed_ns == changed:
            return before
        sizes, parts = _sizes(film, before)
        state = state_by(sizes.__contains__)
        by_number = {part.number: sizes[name] for name, part in parts.items()}
        names = sorted(parts.values())
        cargo = Cargo(film.film, state, sizes.get(KEY, 0), by_number, sizes.get(MANIFEST, 0), names)
        return _Seen(changed, changed < now - _TICK_NS, sizes, parts, cargo)


def _sizes(film: SpooledFilm, before: _Seen | None) -> tuple[dict[str, int], dict[str, PartName]]:
    """Return all files' sizes, and those files that are parts. Only what may have changed is looked at."""
    sizes: dict[str, int] = {}
    parts: dict[str, PartName] = {}
    known = before.parts if before else {}
    last = max(known, key=known.__getitem__, default="")  # it may have been seen half written
    with os.scandir(film.folder) as entries:
        for entry in entries:
            name = entry.name
            if before is not None and name in known and name != last:
                sizes[name], parts[name] = before.sizes[name], known[name]
                continue
            with suppress(FileNotFoundError):
                sizes[name] = entry.stat().st_size
                with suppress(PartKindUnknown):
                    parts[name] = PartName.parse(name)
    return sizes, parts
