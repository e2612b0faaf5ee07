"""The power is cut at each durable step of the service while a kit sends a film: what it acknowledged is there."""

import pytest

from tests.rigs.steps import kill_at, sample
from tests.rigs.store_rig import StoreRig

pytestmark = pytest.mark.rig
MOST_POINTS = 40
CLOSING_STEPS = 20  # manifest, receipt, the database's rows for them, and `erased`


def test_nothing_acknowledged_is_lost_wherever_the_power_is_cut(rig: StoreRig) -> None:
    steps = rig.steps()
    chosen = sample(steps, MOST_POINTS, last=CLOSING_STEPS)
    print(f"{len(steps)} durable steps of the service, {len(chosen)} of them cut")
    faults, unfinished = {}, 0
    for number, step in enumerate(chosen):
        rig.disk.make_anew()
        acknowledged = rig.run(kill_at(step))
        unfinished += not acknowledged.erased
        faults[f"{step}, {acknowledged}"] = rig.faults_after_cut(acknowledged, log_flushed=bool(number % 3 == 2))
    assert {step: found for step, found in faults.items() if found} == {}
    assert unfinished >= len(chosen) - 5


def test_everything_is_there_after_a_cut_right_behind_the_last_step(rig: StoreRig) -> None:
    assert rig.faults_after_cut(rig.run()) == []


def test_a_forgotten_fsync_of_a_part_is_caught(rig: StoreRig) -> None:
    with rig.stack.service():
        pass  # so that what it needs to start is durable
    acknowledged = rig.run(forgotten="file")
    assert acknowledged.parts > 2
    assert any("bytes are not there" in fault for fault in rig.faults_after_cut(acknowledged))
