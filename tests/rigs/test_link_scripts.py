"""Films on bad links: random scripts, each on a link of its own, against the real service and the real uplink.

Every film arrives whole; no byte that was acknowledged is sent again; and when the link is back, the kit does not
wait longer than its back-off says. `FULL=1` plays all hundred.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from device.uplink.backoff import MOST_SECONDS
from tests.rigs.accounted_uplink import SentBytes, sent_again
from tests.rigs.link_scripts import Event, Script, script
from tests.rigs.scripted_kit import Outcome, ScriptedKit

pytestmark = pytest.mark.rig
SCRIPTS = range(100)
SEEDS = list(SCRIPTS) if os.environ.get("FULL") else random.Random(5).sample(SCRIPTS, 12)
_AT_ONCE = 8
_START_SECONDS = 15.0  # of a program, on a busy machine
_MOST_SECONDS = 300.0


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Future[Outcome]]]:
    """What came of each script; several are played at once, as most of their time is waiting."""
    folder = tmp_path_factory.mktemp("scripts")
    with ThreadPoolExecutor(_AT_ONCE) as players:
        yield {seed: players.submit(_play, folder / str(seed), script(seed)) for seed in SEEDS}


def _play(folder: Path, played: Script) -> Outcome:
    return ScriptedKit(folder, played).play(_MOST_SECONDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_film_arrives_and_nothing_is_sent_twice(played: dict[int, Future[Outcome]], seed: int) -> None:
    outcome = played[seed].result()
    assert outcome.lacking == [], script(seed)
    assert sent_again(outcome.account) == [], script(seed)
    assert max(outcome.waited) < MOST_SECONDS + _START_SECONDS, script(seed)


def test_the_scripts_reach_all_that_the_kit_must_bear() -> None:
    scripts = [script(seed) for seed in SCRIPTS]
    rates = [one.link.bits_per_second for one in scripts]
    assert min(rates) < 70_000 < 15_000_000 < max(rates) <= 20_000_000
    assert min(one.link.loss for one in scripts) == 0.0
    assert 0.15 < max(one.link.loss for one in scripts) <= 0.2
    assert 0.01 <= min(one.link.delay for one in scripts) < 0.05 < 0.45 < max(one.link.delay for one in scripts) <= 0.5
    assert {happening.event for one in scripts for happening in one.happenings} == set(Event)
    assert script(3) == script(3)


def test_what_was_acknowledged_and_sent_again_would_be_found() -> None:
    first, second = SentBytes("f", 1, 0, 100, 100, True), SentBytes("f", 1, 100, 200, 60, False)
    assert sent_again([first, second, second._replace(gone=100, acknowledged=True)]) == []
    overlapping = SentBytes("f", 1, 99, 200, 101, False)
    assert sent_again([first, overlapping]) == [overlapping]
    assert sent_again([first, first._replace(number=2), first._replace(film="g"), first]) == [first]
