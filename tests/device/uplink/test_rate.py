"""How fast films go up, and when they will be there."""

import pytest

from device.uplink.rate import LULL_SECONDS, Rate


def test_it_is_the_mean_of_the_last_minute() -> None:
    rate = Rate()
    for second in range(120):
        rate.sent(1000 if second < 60 else 4000, now=float(second))
    assert rate.bytes_per_second(119.5) == pytest.approx(4000, rel=0.02)
    assert rate.seconds_for(40_000, 119.5) == pytest.approx(10, rel=0.02)


def test_nothing_is_said_before_it_is_known() -> None:
    rate = Rate()
    assert rate.bytes_per_second(100.0) is None
    assert rate.seconds_for(1, 100.0) is None
    rate.begin(100.0)
    rate.sent(5000, 101.0)
    assert rate.seconds_for(1000, 104.9) is None
    assert rate.seconds_for(1000, 105.0) == 1.0


def test_a_link_that_stands_still_has_no_end_to_tell() -> None:
    rate = Rate()
    rate.sent(1_000_000, 0.0)
    assert rate.bytes_per_second(59.0) == pytest.approx(1_000_000 / 59)
    assert rate.bytes_per_second(61.0) == 0
    assert rate.seconds_for(1000, 61.0) is None


def test_a_pause_without_anything_to_send_does_not_count() -> None:
    rate = Rate()
    rate.sent(10_000, 0.0)
    rate.end()
    rate.begin(3600.0)
    rate.sent(10_000, 3605.0)
    assert rate.bytes_per_second(3610.0) == 1000


def test_what_it_remembers_does_not_grow_with_the_rate() -> None:
    rate = Rate()
    for piece in range(100_000):
        rate.sent(16_384, piece / 1000)
    assert len(rate._seconds) <= 61
    assert rate.bytes_per_second(100.0) == pytest.approx(16_384_000, rel=0.02)


def test_it_moves_as_long_as_something_went_out_just_now() -> None:
    rate = Rate()
    assert not rate.moves(0.0)
    rate.sent(1, 10.0)
    assert rate.moves(10.0 + LULL_SECONDS)
    assert not rate.moves(10.1 + LULL_SECONDS)
    rate.end()
    assert not rate.moves(10.0)
