"""The card: written as films are, judged by what a film needs, and left as it was."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.profiles import PROFILES, bytes_per_minute
from device.selftest import card
from device.selftest.card import Pace
from device.selftest.outcome import PartFailed
from tests.device.selftest.bench import Bench

FILM = bytes_per_minute(PROFILES["720p25"]) / 60


def test_it_is_measured_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "selftest"
    folder.mkdir()
    (folder / "7").write_bytes(b"left by a self-test whose power was cut")
    pace = card.measure(folder, 4096)
    assert 0 < pace.median <= pace.most <= pace.longest
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_files() -> Iterator[int]:
    """The kernel refuses files above this size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield 4096
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_card_that_refuses_is_named_and_nothing_stays_on_it(bench: Bench, small_files: int) -> None:
    assert bench.code("card") == "card-failed"
    assert [path.name for path in bench.config.spool.iterdir()] == ["films"]


def test_a_card_without_room_is_not_written_to(tmp_path: Path) -> None:
    bench = Bench(tmp_path, reserve=1 << 60)
    assert bench.code("card") == "card-full"
    assert [path.name for path in bench.config.spool.iterdir()] == ["films"]


@pytest.mark.parametrize(
    ("pace", "says"),
    [
        (Pace(FILM * 3, 0.01, 0.02, 1.0), None),
        (Pace(FILM * 2.99, 0.01, 0.02, 0.03), "MB/s"),
        (Pace(FILM * 100, 0.01, 0.02, 1.01), "only after 1.0 s"),
    ],
)
def test_a_card_must_keep_up_with_a_margin(pace: Pace, says: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    if says is None:
        card.judge(pace, FILM)
        return
    with pytest.raises(PartFailed, match=says) as refusal:
        card.judge(pace, FILM)
    assert refusal.value.code == "card-slow"


def test_the_pace_counts_all_of_the_time() -> None:
    seconds = [0.01] * 19 + [0.81]
    pace = card.pace_of(seconds, 1_000_000)
    assert pace.speed == pytest.approx(20e6)
    assert (pace.median, pace.longest) == (0.01, 0.81)
    assert 0.01 < pace.most < 0.81
