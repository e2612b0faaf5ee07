"""When the agency's answer moves the clock, and when not."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.clock import MOST_ERROR_SECONDS
from device.clock_setting import MOST_SECONDS, Decision, Verdict, decide
from footage.manifest import ClockStatus

IAT = 1_795_000_000
ISSUED = IAT - 86_400.0
UNSET = ClockStatus.UNSYNCHRONISED


@pytest.mark.parametrize(
    ("now", "took", "filming", "expected"),
    [
        (0.0, 1.0, False, Decision(Verdict.SET, IAT + 1.0, 1.0)),
        (0.0, 1.0, True, Decision(Verdict.SET, IAT + 1.0, 1.0)),
        (IAT - 0.5, 1.0, True, Decision(Verdict.SET, 1.5, 1.0)),
        (IAT + 0.5, 1.0, False, Decision(Verdict.RIGHT, 0.0, 1.5)),
        (IAT + 2.0, 1.0, True, Decision(Verdict.RIGHT, 0.0, 2.0)),
        (IAT + 2.5, 1.0, False, Decision(Verdict.SET, -1.5, 1.0)),
        (IAT + 2.5, 1.0, True, Decision(Verdict.FILMING)),
        (IAT + 1e8, 1.0, False, Decision(Verdict.SET, 1 - 1e8, 1.0)),
        (0.0, MOST_SECONDS, False, Decision(Verdict.SET, IAT + 5.5, 5.5)),
        (0.0, MOST_SECONDS + 0.1, False, Decision(Verdict.SLOW)),
        (0.0, -0.1, False, Decision(Verdict.SLOW)),
    ],
)
def test_an_unset_clock(now: float, took: float, filming: bool, expected: Decision) -> None:
    assert decide(now=now, took=took, iat=IAT, issued=ISSUED, known=UNSET, filming=filming) == expected


def test_a_clock_that_a_time_service_has_set_is_left_alone() -> None:
    known = ClockStatus.SYNCHRONISED
    decision = decide(now=0.0, took=1.0, iat=IAT, issued=ISSUED, known=known, filming=False)
    assert decision == Decision(Verdict.KNOWN)


def test_the_clock_is_never_set_before_the_directory_was_signed() -> None:
    decision = decide(now=0.0, took=1.0, iat=IAT, issued=IAT + 1.0, known=UNSET, filming=False)
    assert decision == Decision(Verdict.TOO_EARLY)


@given(
    now=st.floats(0, 4e9),
    wrong_by=st.floats(-1e9, 1e9),
    took=st.floats(0, MOST_SECONDS),
    signed=st.floats(0, 1),
    filming=st.booleans(),
)
def test_the_true_time_is_within_the_error_and_films_see_no_step_back(
    now: float, wrong_by: float, took: float, signed: float, filming: bool
) -> None:
    """`signed`: at which part of the round trip the service looked at its clock."""
    true = now + wrong_by
    iat = int(max(0.0, true - took * (1 - signed)))
    decision = decide(now=now, took=took, iat=iat, issued=0.0, known=UNSET, filming=filming)
    if filming:
        assert decision.move_by >= 0
    if true >= took and decision.verdict in (Verdict.SET, Verdict.RIGHT):
        assert abs(now + decision.move_by - true) <= decision.error + 1e-3
        assert decision.error < MOST_ERROR_SECONDS


def test_the_document_tells_of_every_verdict() -> None:
    text = (Path(__file__).parents[2] / "docs/kit-services.md").read_text()
    table = text.split("| verdict | when |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE) == [verdict.value for verdict in Verdict]
