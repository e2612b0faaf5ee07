"""How far each film has come: every byte counts once, and a film is there only with its receipt.

What the agency has acknowledged is with it. That comes in jumps of up to a whole part, so the rate follows what has
left the kit: less what the kernel still holds, and less what was lost with a try that failed, as it goes again.
"""

import math
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from device.spooled_film import FilmState
from device.status import FilmProgress
from device.uplink.cargo import Cargo
from device.uplink.known import Known
from device.uplink.plan import Kind, Step
from device.uplink.rate import Rate

_ON_THEIR_WAY = (FilmState.OPEN, FilmState.CLOSED)


class Figures(NamedTuple):
    """How far all films are; the fields of `UplinkStatus` of the same names say what each means."""

    films: tuple[FilmProgress, ...]
    bytes_there: int
    bytes_to_go: int
    bytes_per_second: int | None
    seconds_to_go: int | None
    moving: bool


@dataclass(slots=True)
class _Film:
    """What is known of one: the agency's word since it was asked, and how far each part is that is on its way."""

    cargo: Cargo | None = None
    key: bool = False
    parts: set[int] = field(default_factory=set)
    begun: dict[int, int] = field(default_factory=dict)  # first bytes of parts that are not all there
    left_out: set[int] = field(default_factory=set)  # parts that are not whole: no manifest lists them
    out: dict[int, int] = field(default_factory=dict)  # first bytes of a part that are there, or went to the kernel
    counted: tuple[int, int] | None = None  # bytes in all, and there; until something changes


class Progress:
    """`went` may be called by several threads; times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate = Rate()
        self._gone = 0  # bytes of parts that went to the kernel, and were not lost
        self._films: dict[str, _Film] = {}
        self._there = 0  # bytes of films that have their receipt, in this run
        self._over = False  # the run: the next film begins another

    def went(self, step: Step, acknowledged: int, gone: int) -> None:
        """Note that of a part so many first bytes are with the agency, and that so many more went to the kernel."""
        assert step.part is not None
        number = step.part.number
        with self._lock:
            one = self._films.setdefault(step.film, _Film())
            if acknowledged > one.begun.get(number, 0):
                one.begun[number], one.counted = acknowledged, None
            self._gone += acknowledged + gone - one.out.get(number, acknowledged)
            one.out[number] = acknowledged + gone

    def learnt(self, step: Step, outcome: Known | int) -> None:
        """Note how a step of a film ended that went well; `outcome` is as the courier returns it."""
        with self._lock:
            one = self._films.setdefault(step.film, _Film())
            one.counted = None
            if isinstance(outcome, Known):
                one.key, one.parts, one.begun = outcome.key, set(outcome.parts), dict(outcome.begun)
            elif step.kind is Kind.KEY:
                one.key = True
            elif step.part is not None:
                self._part_ended(one, step.part.number, outcome)

    def lost(self, step: Step) -> None:
        """Note that a step failed: of a part, what was not acknowledged goes again."""
        if step.part is None:
            return
        number = step.part.number
        with self._lock:
            one = self._films.get(step.film)
            if one is not None and number in one.out:
                self._gone -= one.out.pop(number) - one.begun.get(number, 0)

    def home(self, cargo: Cargo) -> None:
        """Note that a film has its receipt. It is told what the kit has of it before any of that is erased."""
        with self._lock:
            self._begin_run()
            self._there += _count(self._films.pop(cargo.film, _Film()), cargo)[0]

    def figures(self, cargoes: Iterable[Cargo], refused: Collection[str], held: int, now: float) -> Figures:
        """Return how far all films are that are on the kit now.

        What the agency refuses is by film's id, and `held` is how many bytes the kernel has that did not arrive.
        """
        with self._lock:
            on_kit = [cargo for cargo in cargoes if cargo.state is not FilmState.EMPTY]
            if on_kit:
                self._begin_run()
            films = tuple(self._films_on_their_way(on_kit, refused))
            to_go = sum(film.bytes - film.bytes_there for film in films)
            if any(film.bytes > film.bytes_there for film in films if not film.refused):
                self._rate.saw(self._gone - held, now)
            else:
                self._rate.end()
            rate = self._rate.bytes_per_second()
            there = self._there + sum(film.bytes_there for film in films) + self._arriving(on_kit)
            self._over = not on_kit
            return Figures(
                films,
                there,
                to_go,
                None if rate is None else round(rate),
                self._seconds(films, to_go, held),
                bool(films) and self._rate.moves(now),
            )

    def _films_on_their_way(self, cargoes: Iterable[Cargo], refused: Collection[str]) -> Iterable[FilmProgress]:
        before, self._films = self._films, {}
        for cargo in cargoes:
            one = self._films[cargo.film] = before.get(cargo.film, _Film())
            if cargo.state not in _ON_THEIR_WAY:
                continue
            if one.counted is None or cargo is not one.cargo:
                one.cargo, one.counted = cargo, _count(one, cargo)
            yield FilmProgress(cargo.film, *one.counted, cargo.state is FilmState.OPEN, cargo.film in refused)

    def _arriving(self, on_kit: Iterable[Cargo]) -> int:
        """Return the bytes of films whose receipt is on the card, and `home` is just about to be called."""
        received = (self._films[cargo.film].counted for cargo in on_kit if cargo.state is FilmState.RECEIPTED)
        return sum(counted[0] for counted in received if counted is not None)

    def _begin_run(self) -> None:
        if self._over:
            self._there, self._over = 0, False

    def _seconds(self, films: tuple[FilmProgress, ...], to_go: int, held: int) -> int | None:
        """Return how long it will take, or None if nobody can know: more is being filmed, or something is refused."""
        if any(film.open or film.refused for film in films):
            return None
        if not to_go:
            return 0
        out = sum(size - one.begun.get(number, 0) for one in self._films.values() for number, size in one.out.items())
        seconds = self._rate.seconds_for(max(0, to_go - max(0, out - held)))
        return None if seconds is None else math.ceil(seconds)

    def _part_ended(self, one: _Film, number: int, size: int) -> None:
        if size:
            one.parts.add(number)
            one.left_out.discard(number)
        else:
            one.left_out.add(number)
        one.begun.pop(number, None)
        one.out.pop(number, None)


def _count(one: _Film, cargo: Cargo) -> tuple[int, int]:
    """Return a film's bytes that go to the agency, and how many are there. The manifest is, with its receipt only."""
    parts = cargo.parts
    in_all = cargo.key + cargo.manifest + sum(size for number, size in parts.items() if number not in one.left_out)
    there = sum(parts[number] for number in one.parts if number in parts)
    there += sum(size for number, size in one.begun.items() if number in parts)
    return in_all, there + (cargo.key if one.key else 0)
