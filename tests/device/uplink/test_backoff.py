"""How long the uplink waits before it tries again."""

from device.uplink.backoff import MOST_SECONDS, Backoff


def _bounds(backoff: Backoff, failures: int) -> list[float]:
    return [backoff.failed() for _ in range(failures)]


def test_the_bound_doubles_up_to_the_most() -> None:
    backoff = Backoff(draw=lambda _, most: most)
    assert _bounds(backoff, 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_success_or_another_link_begins_anew() -> None:
    backoff = Backoff(draw=lambda _, most: most)
    _bounds(backoff, 100)
    backoff.reset()
    assert _bounds(backoff, 2) == [1, 2]


def test_the_jitter_is_full() -> None:
    backoff = Backoff()
    waits = _bounds(backoff, 2000)[10:]
    assert 0 <= min(waits) < 1
    assert MOST_SECONDS - 1 < max(waits) <= MOST_SECONDS
    assert 14 < sum(waits) / len(waits) < 16
