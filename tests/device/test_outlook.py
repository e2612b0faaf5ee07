"""How far films are, in words."""

import pytest

from device.outlook import outlook, share, span
from device.status import FilmProgress, UplinkStatus


def status(to_go: int, rate: int | None, seconds: int | None = None, *, moving: bool = True) -> UplinkStatus:
    return UplinkStatus(2, bytes_to_go=to_go, bytes_per_second=rate, seconds_to_go=seconds, moving=moving)


@pytest.mark.parametrize(
    ("uplink", "words"),
    [
        (UplinkStatus(0), "all films are with the agency, none is left on the kit"),
        (UplinkStatus(1, bytes_to_go=500), "1 film waits, 0.0 MB to go"),
        (status(183_200_000, 1_900_000, 97), "2 films wait, 183.2 MB to go, 1.9 MB/s, about 2 min"),
        (status(500_000, 8_000, 63), "2 films wait, 0.5 MB to go, 8.0 kB/s, about 2 min"),
        (status(500_000, 8_000), "2 films wait, 0.5 MB to go, 8.0 kB/s, end unknown"),
        (status(500_000, 0), "2 films wait, 0.5 MB to go, nothing moves"),
        (status(500_000, None), "2 films wait, 0.5 MB to go, measuring"),
        (status(500_000, None, moving=False), "2 films wait, 0.5 MB to go"),
    ],
    ids=["none", "one", "fast", "slow", "unknown end", "still", "measuring", "waiting"],
)
def test_a_line_for_all_films(uplink: UplinkStatus, words: str) -> None:
    assert outlook(uplink) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (60, "less than a minute"),
        (61, "about 2 min"),
        (121, "about 3 min"),
        (7200, "about 120 min"),
        (7201, "about 3 h"),
        (172_801, "about 3 d"),
    ],
)
def test_a_time_is_rounded_up(seconds: int, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(("there", "percent"), [(0, "0 %"), (999_999, "99 %"), (1_000_000, "100 %")])
def test_a_film_is_not_all_there_before_its_last_byte(there: int, percent: str) -> None:
    assert share(FilmProgress("a", 1_000_000, there)) == percent
    assert share(FilmProgress("a", 0)) == "0 %"
