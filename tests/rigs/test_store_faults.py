"""Each system call by which the service makes something last fails once, with EIO or ENOSPC: it says so by name, loses
nothing that it acknowledged, makes nothing up, and takes the film in all the same when it is sent again.
"""

import pytest

from tests.rigs.steps import Fault, sample
from tests.rigs.store_rig import StoreRig

pytestmark = pytest.mark.rig
MOST_POINTS = 14
CLOSING_STEPS = 11
REFUSALS = 40  # strace counts each thread's calls by itself, so that a fault may come once a thread


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_failing_disk_is_named_and_nothing_is_lost(rig: StoreRig, error: str) -> None:
    steps = rig.steps(writes=True)
    chosen = sample(steps, MOST_POINTS, last=CLOSING_STEPS)
    print(f"{len(steps)} steps of the service, {len(chosen)} of them fail with {error}")
    faults, met = {}, 0
    for step in chosen:
        rig.disk.make_anew()
        acknowledged = rig.run(Fault(step, f"error={error}"), refusals=REFUSALS)
        met += acknowledged.refusals > 0 or not acknowledged.erased  # refused, or not even started
        faults[f"{step}, {acknowledged}"] = rig.faults_after_cut(acknowledged)
    assert {step: found for step, found in faults.items() if found} == {}
    assert met >= len(chosen) // 2
