"""Films of which this process knows that they were open a moment ago, and whose they are.

A kit sends hundreds of parts of one film. To ask the database before each of them, whether it may come, costs a tenth
of the CPU time of taking it in; so what was answered is remembered, and only entering the part tells if it still holds.
"""

_MOST = 4096


class OpenFilms:
    """Remembers the kits of films. Never to be taken for the truth: other processes close and erase films too."""

    def __init__(self) -> None:
        self._kits: dict[str, str] = {}

    def note(self, film: str, kit: str) -> None:
        """Remember that a film of this kit is open."""
        if len(self._kits) >= _MOST:
            self._kits = {}
        self._kits[film] = kit

    def has(self, film: str, kit: str) -> bool:
        """Return whether the film was open, and this kit's."""
        return self._kits.get(film) == kit

    def forget(self, film: str) -> None:
        """Forget a film that is not open any more, or may not be."""
        self._kits.pop(film, None)
