from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device.selftest.bench import Bench


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds that a person would need."""
    for module in ("device.panel", "device.sim.circuit"):
        monkeypatch.setattr(f"{module}.AGREE_HOLD_SECONDS", 0.3)
        monkeypatch.setattr(f"{module}.RECORD_HOLD_SECONDS", 0.3)


@pytest.fixture(autouse=True)
def patient_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's disk may be busy with other things; what a card must do is tested on figures."""
    monkeypatch.setattr("device.selftest.card.LONGEST_SECONDS", 20.0)
    monkeypatch.setattr("device.selftest.card.MARGIN", 0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.stand.close()
