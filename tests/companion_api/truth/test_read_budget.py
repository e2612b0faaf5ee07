from hypothesis import given, settings
from hypothesis import strategies as st

from companion_api.truth.read_budget import ReadBudget


class Time:
    """A clock that moves only by sleeping and by work."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 0.5)), max_size=50))
def test_no_second_has_more_than_two_seconds_worth(spent: list[tuple[int, float]]) -> None:
    """The bucket holds one second's worth, and a second fills it with another; one object may go over it."""
    time, rate = Time(), 1000
    budget = ReadBudget(rate, time, time.sleep)
    done: list[tuple[float, int]] = []
    for count, work in spent:
        time.now += work
        budget.spend(count)
        done.append((time.now, count))
    for at, _ in done:
        within = [count for when, count in done if at - 1 < when <= at]
        assert sum(within) <= 2 * rate + max(within) + 1


def test_a_long_run_keeps_the_pace() -> None:
    time = Time()
    budget = ReadBudget(1000, time, time.sleep)
    for _ in range(100):
        budget.spend(500)
    assert 49 <= time.now - 1000 <= 50


def test_time_without_work_is_not_saved_up() -> None:
    time = Time()
    budget = ReadBudget(1000, time, time.sleep)
    time.now += 3600
    for _ in range(10):
        budget.spend(1000)
    assert time.now - 1000 - 3600 >= 9


def test_nought_is_no_pace() -> None:
    time = Time()
    ReadBudget(0, time, time.sleep).spend(10**12)
    assert time.now == 1000
