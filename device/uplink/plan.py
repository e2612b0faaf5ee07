"""What the uplink does next: decided from what the kit has, what the agency is known to hold, and what is going on.

Films come newest first, and of each its key is begun before its parts: a film can be opened as far as it has come.
Steps of one film that decide on it (closing, erasing, taking back) are alone with it. What was sent and not
acknowledged may have arrived: it is asked for before it is sent again, while other parts go on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple, Protocol

from device.spooled_film import FilmState
from device.uplink.known import Known
from footage.parts import PartName


class Kind(Enum):
    """What a step does."""

    DIRECTORY = auto()  # fetch it; of no film, and planned by the loop itself
    ASK = auto()  # what the service holds of a film
    KEY = auto()  # send `film.key`
    PART = auto()  # send a part
    CLOSE = auto()  # send the manifest, keep the receipt
    ERASE = auto()  # what a receipt covers, and tell the agency
    TAKE_BACK = auto()  # destroy what the family took back, and tell the agency


class Step(NamedTuple):
    """A step for a film; `part` is None but for parts, of which the service has the first `begun` bytes already."""

    kind: Kind
    film: str
    part: PartName | None = None
    begun: int = 0


class OnKit(Protocol):
    """A film on the kit, as `SpooledFilm` has it."""

    @property
    def film(self) -> str:
        """Its id."""

    @property
    def state(self) -> FilmState:
        """Where it stands."""

    def part_names(self) -> list[PartName]:
        """Return its parts in order."""


def next_steps(
    newest_first: Iterable[OnKit],
    known: Mapping[str, Known],
    going_on: Collection[Step],
    put_aside: Callable[[OnKit], bool] = lambda _: False,
    *,
    parts: bool = True,
) -> Iterator[Step]:
    """Yield what can be begun now, the most wanted first. Lazy: films are looked at as far as steps are taken.

    Without `parts` those wait, for a link that does not cost by the byte.
    """
    for film in newest_first:
        if not put_aside(film):
            of_film = [step for step in going_on if step.film == film.film]
            yield from _of_film(film, known.get(film.film), of_film, parts=parts)


def _of_film(film: OnKit, known: Known | None, going_on: list[Step], *, parts: bool) -> Iterator[Step]:
    alone = not going_on
    match film.state:
        case FilmState.EMPTY:
            return
        case FilmState.TAKEN_BACK:
            if alone:
                yield Step(Kind.TAKE_BACK, film.film)
        case FilmState.RECEIPTED:
            if alone:
                yield Step(Kind.ERASE, film.film)
        case FilmState.OPEN | FilmState.CLOSED as state:
            if known is None:
                if alone:
                    yield Step(Kind.ASK, film.film)
                return
            if known.doubts and not any(step.kind is Kind.ASK for step in going_on):
                yield Step(Kind.ASK, film.film)
            yield from _to_send(film, known, going_on, closed=state is FilmState.CLOSED, parts=parts)


def _to_send(film: OnKit, known: Known, going_on: list[Step], *, closed: bool, parts: bool) -> Iterator[Step]:
    kinds = {step.kind for step in going_on}
    if kinds - {Kind.KEY, Kind.PART, Kind.ASK}:
        return  # its manifest is on the way
    if not known.key and Kind.KEY not in kinds and None not in known.doubts:
        yield Step(Kind.KEY, film.film)
    sending = {step.part.number for step in going_on if step.part is not None}
    settled = known.parts | known.torn
    missing = [name for name in film.part_names() if name.number not in settled]
    for name in missing if parts else ():
        if name.number not in sending | known.doubts:
            yield Step(Kind.PART, film.film, name, known.begun.get(name.number, 0))
    if closed and known.key and not (missing or known.doubts or going_on):
        yield Step(Kind.CLOSE, film.film)
