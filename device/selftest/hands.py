"""What a test asks of a person. People read it; a simulated rig brings hands and eyes that do it."""

from typing import Literal, NamedTuple, Protocol


class Press(NamedTuple):
    """Press a button shortly, or hold it until its long press counts."""

    text: str
    button: Literal["agree", "record"]
    held: bool


class Look(NamedTuple):
    """See, or hear, that all of these pins are on at the same time. Yes is the record button, no the family's."""

    text: str
    pins: tuple[int, ...]


class Hands(Protocol):
    """Hands and eyes. They answer by the buttons, within a few seconds; `do` returns at once."""

    def do(self, request: Press | Look) -> None: ...  # noqa: D102
