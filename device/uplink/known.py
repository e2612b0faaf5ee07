"""What the service is known to hold of each film, since it was asked: it keeps what it has acknowledged.

It is in memory only, so a kit that was switched off asks again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(slots=True)
class Known:
    """What is known of one film. Parts are numbers; in `doubts` None stands for the key."""

    key: bool = False
    parts: set[int] = field(default_factory=set)
    begun: dict[int, int] = field(default_factory=dict)  # bytes of parts that came in ranges and are not whole
    torn: set[int] = field(default_factory=set)  # parts of a closed film that no manifest lists, as they are not whole
    doubts: set[int | None] = field(default_factory=set)  # were sent and not acknowledged: they may have arrived

    def after(self, before: "Known", asked: Collection[int | None]) -> "Known":
        """Return what is known by this answer and what was `before`: of its doubts, those `asked` for are gone."""
        key, parts = self.key or before.key, self.parts | before.parts
        return Known(key, parts, self.begun, before.torn, before.doubts.difference(asked))


class Knowledge(dict[str, Known]):
    """By film. A film that is not there has to be asked for."""

    def doubts(self, film: str) -> frozenset[int | None]:
        """Return what of a film may have arrived."""
        return frozenset(self[film].doubts) if film in self else frozenset()

    def answered(self, film: str, answer: Known, asked: Collection[int | None]) -> None:
        """Note what the service holds, which was asked when there were these doubts."""
        self[film] = answer.after(self.get(film, Known()), asked)

    def key_arrived(self, film: str) -> None:
        """Note that `film.key` is there."""
        if film in self:  # else all was forgotten meanwhile, and is asked for
            self[film].key = True

    def part_arrived(self, film: str, number: int) -> None:
        """Note that a part is there."""
        if film in self:
            self[film].parts.add(number)

    def part_torn(self, film: str, number: int) -> None:
        """Note that a part is not whole on the kit, or not yet."""
        if film in self:
            self[film].torn.add(number)

    def doubt(self, film: str, piece: int | None) -> None:
        """Note that nobody knows whether a part, or the key, has arrived."""
        if film in self:
            self[film].doubts.add(piece)

    def look_again(self) -> None:
        """Forget which parts were not whole: what was being written may be by now."""
        for known in self.values():
            known.torn.clear()
