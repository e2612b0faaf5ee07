"""How fast films go up, and when they will be there."""

import pytest

from device.uplink.rate import LEAST_SECONDS, LULL_SECONDS, Rate


def test_it_is_the_mean_of_the_last_minute() -> None:
    rate, total = Rate(), 0
    for second in range(120):
        rate.saw(total, float(second))
        total += 1000 if second < 60 else 4000
    assert rate.bytes_per_second() == pytest.approx(4000, rel=0.02)
    assert rate.seconds_for(40_000) == pytest.approx(10, rel=0.02)


def test_nothing_is_said_before_it_is_known() -> None:
    rate = Rate()
    assert rate.bytes_per_second() is None
    assert rate.seconds_for(1) is None
    rate.saw(1_000_000, 100.0)
    rate.saw(1_005_000, 99.9 + LEAST_SECONDS)
    assert rate.seconds_for(1000) is None
    rate.saw(1_005_000, 100.0 + LEAST_SECONDS)
    assert rate.seconds_for(1000) == 1.0


def test_a_link_that_stands_still_has_no_end_to_tell() -> None:
    rate = Rate()
    for now, total in ((0.0, 0), (1.0, 1_000_000), (59.0, 1_000_000)):
        rate.saw(total, now)
    assert rate.bytes_per_second() == pytest.approx(1_000_000 / 59)
    rate.saw(1_000_000, 61.0)
    assert rate.bytes_per_second() == 0
    assert rate.seconds_for(1000) is None


def test_a_pause_without_anything_to_send_does_not_count() -> None:
    rate = Rate()
    rate.saw(0, 0.0)
    rate.saw(10_000, 10.0)
    rate.end()
    assert rate.bytes_per_second() is None
    rate.saw(10_000, 3600.0)
    rate.saw(20_000, 3610.0)
    assert rate.bytes_per_second() == 1000


def test_bytes_that_were_lost_with_a_connection_make_it_no_less_than_nothing() -> None:
    rate = Rate()
    rate.saw(50_000, 0.0)
    rate.saw(20_000, 10.0)
    assert rate.bytes_per_second() == 0


def test_what_it_remembers_does_not_grow() -> None:
    rate = Rate()
    for second in range(10_000):
        rate.saw(second, float(second))
    assert len(rate._seen) <= 62


def test_it_moves_as_long_as_something_went_out_just_now() -> None:
    rate = Rate()
    assert not rate.moves(0.0)
    rate.saw(5, 9.0)
    assert not rate.moves(9.0), "what left before was another run's"
    rate.saw(6, 10.0)
    rate.saw(6, 20.0)
    assert rate.moves(10.0 + LULL_SECONDS)
    assert not rate.moves(10.1 + LULL_SECONDS)
    rate.end()
    assert not rate.moves(10.0)
