"""The link that the uplink goes over: whether it is another one, and whether films may go over it."""

from collections.abc import Callable
from enum import Enum, auto

from device.uplink.link import Link, Way
from device.uplink.metered import Held, Meter, held


class Change(Enum):
    """What became of the link since the last look."""

    NONE = auto()
    GONE = auto()  # what is under way may come through yet, if the same one is back soon
    BACK = auto()
    ANOTHER = auto()  # what is under way would wait for answers over a link that is no more


class CurrentLink:
    """Asks for the link at each look. `meter` counts what goes over one that costs by the byte."""

    def __init__(self, ask: Callable[[], Link], meter: Meter) -> None:
        self._ask = ask
        self._meter = meter
        self.link = ask()
        self._connection = self.link.connection
        self.held: Held | None = None
        """Why parts must wait, if they must."""

    def look(self, budget_megabytes: int) -> Change:
        """Look at the link again, by what the agency allows a month over one that costs by the byte."""
        before, self.link = self.link, self._ask()
        spent = self._meter.spent() if self.link.metered else 0  # to look at the month costs more than the rest
        self.held = held(self.link, budget_megabytes, spent)
        if self.link == before:
            return Change.NONE
        if self.link.way is Way.NONE:
            return Change.GONE
        if self.link.connection == self._connection:
            return Change.BACK
        self._connection = self.link.connection
        return Change.ANOTHER

    def sent(self, size: int) -> None:
        """Note that so many bytes of a part went out, in whichever thread."""
        if self.link.metered:
            self._meter.sent(size)

    def settle(self) -> None:
        """Make the count durable: the uplink ends in order."""
        self._meter.settle()
