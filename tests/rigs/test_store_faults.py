"""At each system call by which the service makes something last it is killed, or the call fails with EIO or ENOSPC.

What it has answered is there afterwards, nothing is made up, its audit trail tells just what was done, and it does what
it is asked for all the same when it is asked again. `make rigs` tries a sample that has each kind of call on
each kind of file; with FULL=1 all.
"""

import os
from itertools import cycle, product

import pytest

from tests.rigs.phases import PHASES
from tests.rigs.steps import KILL, Fault, sample
from tests.rigs.store_rig import End, StoreRig

pytestmark = pytest.mark.rig
MOST_POINTS = 24
MORE_TRIES = 4  # for kinds that were not met: the service's threads do not share their work alike each time


BEFALLS = {
    "killed": [(KILL, end) for end in End],
    "failing disk": [("error=EIO", End.POWER_CUT), ("error=ENOSPC", End.POWER_CUT)],
}


@pytest.mark.parametrize("how", BEFALLS)
@pytest.mark.parametrize("name", PHASES)
def test_whatever_befalls_nothing_answered_is_lost_and_nothing_is_made_up(rig: StoreRig, name: str, how: str) -> None:
    phase, befalls, writes = PHASES[name], BEFALLS[how], how != "killed"
    steps = rig.steps(phase, writes=writes)
    chosen = sample(steps, MOST_POINTS)
    every = product(chosen, befalls)
    points = list(every if os.environ.get("FULL") else zip(chosen, cycle(befalls), strict=False))
    unmet = {step.kind for step in steps}
    faults: dict[str, list[str]] = {}
    others = [(step, befalls[0]) for step in steps if step not in chosen] + points * MORE_TRIES
    for number, (step, (what, end)) in enumerate([*points, *others]):
        if number < len(points) or step.kind in unmet:
            fault = Fault(step, what)
            answers = rig.run(phase, fault, writes=writes)
            unmet -= rig.befallen(fault)
            faults[f"{number}: {fault}, {end.value}, {answers}"] = rig.faults_after(phase, answers, end)
    print(f"{name}, {how}: {len(steps)} steps, {len(faults)} runs")
    assert {step: found for step, found in faults.items() if found} == {}
    assert unmet == set()


@pytest.mark.parametrize("name", PHASES)
def test_everything_is_there_after_a_cut_right_behind_the_last_step(rig: StoreRig, name: str) -> None:
    assert rig.faults_after(PHASES[name], rig.run(PHASES[name])) == []
