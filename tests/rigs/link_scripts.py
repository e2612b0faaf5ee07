"""Random scripts of what a link, a service and a kit go through while films are on their way: pure, by seed.

A script is short in seconds and not in kind: how much there is to send follows from its rate, so that each takes
about a minute of a slow link or of a fast one.
"""

import random
from dataclasses import dataclass
from enum import Enum

from tests.rigs.wire import Shape

KINDS_OF_PARTS = ((1, 300), (300, 3_000), (65_536, 300_000), (300_000, 1_500_000))  # bytes


class Event(Enum):
    """What happens; `Happening.seconds` later it is over."""

    LINK_DOWN = "link down"
    SERVICE_KILLED = "service killed"
    SERVICE_RESTARTED = "service restarted"
    KIT_WITHOUT_POWER = "kit without power"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, so many seconds after the one before was over."""

    after: float
    event: Event
    seconds: float


@dataclass(frozen=True, slots=True)
class Script:
    """A link, sizes of parts film by film, and what happens. Parts of the last film come as it is being filmed."""

    seed: int
    link: Shape
    films: tuple[tuple[int, ...], ...]
    happenings: tuple[Happening, ...]

    @property
    def bytes(self) -> int:
        """What there is to send, in sealed bytes."""
        return sum(map(sum, self.films))

    @property
    def out_seconds(self) -> float:
        """How long nothing can arrive."""
        return sum(happening.seconds for happening in self.happenings)


def script(seed: int) -> Script:
    """Return the script of a seed: rate 64 kbit/s to 20 Mbit/s, delay 10 to 500 ms each way, loss 0 to 20 %."""
    chance = random.Random(seed)
    rate = 64_000 * (20_000_000 / 64_000) ** chance.random()
    loss = chance.choice([0.0, 0.01, 0.05, chance.uniform(0.0, 0.2)])
    link = Shape(rate, delay=chance.uniform(0.01, 0.5), loss=loss)
    room = rate / 8 * chance.uniform(5, 20)
    films = tuple(_parts(chance, room / 3) for _ in range(chance.randint(1, 4)))
    happenings = tuple(
        Happening(chance.uniform(0.2, 5), chance.choice(list(Event)), chance.uniform(0.2, 8))
        for _ in range(chance.randint(1, 4))
    )
    return Script(seed, link, films, happenings)


def _parts(chance: random.Random, room: float) -> tuple[int, ...]:
    """Return sizes of parts that fit into so many bytes; the first part always comes, whatever it needs."""
    sizes = [chance.randint(*chance.choice(KINDS_OF_PARTS[:3]))]
    while len(sizes) < 40:
        size = chance.randint(*chance.choice(KINDS_OF_PARTS))
        if sum(sizes) + size > room:
            break
        sizes.append(size)
    return tuple(sizes)
