"""The whole self-test, and how it reports."""

import json

import pytest

from device.selftest import picture
from device.selftest.outcome import MEANINGS, Flaw, Passed, Result, Verdict
from device.selftest.parts import PARTS, described, run
from device.selftest.report import Exit, line, print_results
from device.selftest.stand import Stand
from device.trouble import Trouble
from tests.device.selftest.bench import Bench

HAND_PARTS = [name for name, part in PARTS.items() if part.hands]


def test_a_kit_that_is_well_passes_in_all_parts_and_stays_as_it_was(bench: Bench) -> None:
    before = set(bench.folder.rglob("*"))
    results = bench.test()
    assert set(bench.folder.rglob("*")) == before
    assert [(result.name, result.verdict, result.text) for result in results if result.verdict is not Verdict.OK] == []
    assert [result.name for result in results] == list(PARTS)
    assert len(bench.asked) == 10


def test_without_hands_nothing_that_needs_them_is_ok(bench: Bench) -> None:
    results = bench.test(hands=False)
    assert [result.name for result in results if result.verdict is Verdict.SKIP] == HAND_PARTS
    assert {result.verdict for result in results if result.name not in HAND_PARTS} == {Verdict.OK}
    assert bench.asked == []


def test_only_what_is_named_is_tested_in_the_order_of_the_table(bench: Bench) -> None:
    assert [result.name for result in bench.test("card", "keys")] == ["keys", "card"]


def _broken(_: Stand) -> Passed:
    raise ZeroDivisionError


def test_a_test_that_breaks_is_an_error_and_the_others_go_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "clock", PARTS["clock"]._replace(test=_broken))
    broken, well = bench.test("clock", "card")
    assert (broken.verdict, broken.code) == (Verdict.ERROR, "selftest-failed")
    assert well.verdict is Verdict.OK


def test_pins_that_can_not_be_had_are_named_and_what_needs_none_is_still_tested(bench: Bench) -> None:
    bench.stand.panel  # noqa: B018 - the pins belong to it now
    second = Stand(bench.config, bench.spool, bench.stand.board, lambda _: bench.stand.rig, bench.asked.append)
    results = {result.name: result.code for result in run(second, ["keys", "tally", "camera"])}
    assert results == {"keys": "", "tally": "pins-unusable", "camera": "pins-unusable"}


def test_lines_can_be_read_back() -> None:
    assert line(Result("clock", Verdict.OK, "synchronised")) == "OK clock synchronised"
    assert line(Result("card", Verdict.ERROR, 'a "b"\nc', "card-slow")) == r'ERROR card card-slow "a \"b\"\nc"'
    assert line(Result("lights", Verdict.SKIP, "No.")) == 'SKIP lights "No."'


@pytest.mark.parametrize(
    ("verdicts", "end"),
    [
        ([Verdict.OK], Exit.ALL_OK),
        ([Verdict.OK, Verdict.SKIP], Exit.SKIPPED),
        ([Verdict.SKIP, Verdict.ERROR, Verdict.OK], Exit.ERRORS),
    ],
)
def test_only_a_kit_of_which_all_is_ok_ends_with_0(
    verdicts: list[Verdict], end: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    results = [Result(f"part{number}", verdict, "text") for number, verdict in enumerate(verdicts)]
    assert print_results("kit-0001", results, as_json=True) is end
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is (end == 0)
    assert [result["verdict"] for result in document["results"]] == [verdict.value for verdict in verdicts]


def test_every_flaw_has_a_meaning_and_a_name_of_its_own() -> None:
    assert set(MEANINGS) == set(Flaw)
    assert not {flaw.value for flaw in Flaw} & {trouble.value for trouble in Trouble}


def test_every_part_is_described() -> None:
    assert [row.split()[0] for row in described().splitlines()] == list(PARTS)


def test_figures_name_their_units(bench: Bench) -> None:
    figures = {name: result.figures for result in bench.test("card", "camera", "sound") for name in [result.name]}
    assert figures["camera"]["pictures_per_second"] == pytest.approx(25, rel=picture.RATE_TOLERANCE)
    assert figures["sound"]["sample_rate_hz"] == 48_000
    assert figures["card"]["bytes_per_second"] > 0
    assert json.loads(json.dumps(figures)) == figures
