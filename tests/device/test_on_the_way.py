"""When the recorder shows that films move, and when it says that all have arrived."""

from dataclasses import dataclass, field

import pytest

from device.on_the_way import LOOK_SECONDS, STALE_SECONDS, NothingOnTheWay, UplinkWatch, Way
from device.status import UplinkStatus


@dataclass
class OnKit:
    """A kit by hand: what the uplink says, and how many films there are."""

    status: UplinkStatus | None = None
    films: int = 0
    now: float = 100.0
    looks: int = 0
    watch: UplinkWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = UplinkWatch(self.read, lambda: self.films == 0, lambda: self.now)

    def read(self) -> UplinkStatus | None:
        self.looks += 1
        return self.status

    def later(self, seconds: float = LOOK_SECONDS) -> Way:
        self.now += seconds
        return self.watch.look()

    def says(self, waiting: int, last_receipt: str = "", *, moving: bool = False, parts: int = 0) -> None:
        self.status = UplinkStatus(waiting, parts_sent=parts, last_receipt=last_receipt, moving=moving)


def test_a_kit_without_films_or_uplink_is_still() -> None:
    kit = OnKit()
    assert [kit.later() for _ in range(3)] == [Way.STILL] * 3
    kit.says(0)
    assert kit.later() is Way.STILL
    assert NothingOnTheWay().look() is Way.STILL


def test_from_a_film_that_waits_to_the_last_that_arrives() -> None:
    kit = OnKit(films=2)
    kit.says(2)
    assert kit.later() is Way.STILL
    kit.says(2, moving=True)
    assert kit.later() is Way.MOVING
    kit.films = 1
    kit.says(1, "a", moving=True)
    assert kit.later() is Way.MOVING
    kit.films = 0
    kit.says(0, "b")
    assert [kit.later() for _ in range(3)] == [Way.ARRIVED, Way.STILL, Way.STILL]


def test_the_next_film_is_told_of_again() -> None:
    kit = OnKit()
    kit.says(0, "a")
    assert kit.later() is Way.ARRIVED
    kit.says(0, "b")
    assert kit.later() is Way.ARRIVED


def test_nothing_is_told_that_the_card_does_not_bear_out() -> None:
    """A film that was closed just now is not in the uplink's word yet."""
    kit = OnKit(films=1)
    kit.says(0, "a")
    assert [kit.later() for _ in range(2)] == [Way.STILL] * 2
    kit.films = 0
    assert kit.later() is Way.ARRIVED


@pytest.mark.parametrize(("films", "waiting"), [(0, 1), (1, 0), (1, 1)])
def test_as_long_as_either_has_a_film_nothing_has_arrived(films: int, waiting: int) -> None:
    kit = OnKit(films=films)
    kit.says(waiting, "a")
    assert kit.later() is Way.STILL


def test_a_film_that_the_family_took_back_has_not_arrived() -> None:
    kit = OnKit(films=1)
    kit.says(1, "")
    kit.later()
    kit.films = 0
    kit.says(0, "")
    assert kit.later() is Way.STILL


def test_a_receipt_of_before_the_start_is_old() -> None:
    kit = OnKit(UplinkStatus(0, last_receipt="a"))
    assert kit.later() is Way.STILL
    kit.says(0, "a", parts=5)
    assert kit.later() is Way.STILL


def test_an_uplink_that_died_does_not_move_for_ever() -> None:
    kit = OnKit(films=1)
    kit.says(1, moving=True)
    assert kit.later() is Way.MOVING
    assert kit.later(STALE_SECONDS - 1) is Way.MOVING
    assert kit.later() is Way.STILL
    kit.says(1, moving=True, parts=9)
    assert kit.later() is Way.MOVING


def test_the_file_is_read_once_a_second_however_often_it_is_asked() -> None:
    kit = OnKit(films=1)
    kit.says(1, moving=True)
    kit.later()
    before = kit.looks
    assert [kit.later(0.25) for _ in range(40)] == [Way.MOVING] * 40
    assert kit.looks == before + 10
