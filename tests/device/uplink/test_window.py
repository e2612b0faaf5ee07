"""How many parts are in flight."""

from hypothesis import given
from hypothesis import strategies as st

from device.uplink.window import FIRST, MOST, Window


def test_it_grows_by_one_for_each_windowful_that_arrives() -> None:
    window = Window()
    sizes = []
    for _ in range(FIRST, MOST + 1):
        sizes.append(window.size)
        for _ in range(window.size):
            window.arrived(1.0)
    assert sizes == [2, 3, 4, 5, 6]
    window.arrived(1.0)
    assert window.size == MOST


def test_it_halves_when_the_link_stops_and_never_ends() -> None:
    window = Window()
    for _ in range(100):
        window.arrived(0.1)
    sizes = []
    for _ in range(5):
        sizes.append(window.size)
        window.stalled()
    assert sizes == [6, 3, 1, 1, 1]


def test_on_a_slow_link_there_is_one() -> None:
    """64 kbit/s: a part of 1 MiB takes 131 s alone."""
    window = Window()
    window.arrived(1.0)
    window.arrived(1.0)
    for _ in range(3):
        window.arrived(131.0 * window.size)
    assert window.size == 1


def test_where_parts_take_a_while_it_stays() -> None:
    window = Window()
    before = window.size
    for _ in range(50):
        window.arrived(15.0)
    assert window.size == before == 2


@given(st.lists(st.none() | st.floats(0, 1000)))
def test_it_is_between_one_and_the_most_whatever_comes(fates: list[float | None]) -> None:
    window = Window()
    for seconds in fates:
        if seconds is None:
            window.stalled()
        else:
            window.arrived(seconds)
        assert 1 <= window.size <= MOST
