"""The link that the kit has, and whether it costs by the byte."""

from enum import StrEnum
from typing import NamedTuple


class Way(StrEnum):
    """What carries it."""

    UNKNOWN = "unknown"  # nobody can be asked
    NONE = "none"
    CABLE = "cable"
    WIFI = "wifi"
    OTHER = "other"


class Link(NamedTuple):
    """A link; `connection` is another text after each change, also back to the same network.

    It holds no network's name: those may be a family's.
    """

    way: Way
    metered: bool = False
    connection: str = ""

    def __str__(self) -> str:
        if self.metered:
            return "hotspot" if self.way is Way.WIFI else f"{self.way}, paid by the byte"
        return str(self.way)


UNKNOWN = Link(Way.UNKNOWN)


def unknown_link() -> Link:
    """Stand for whoever could be asked: it is not known, and free."""
    return UNKNOWN
