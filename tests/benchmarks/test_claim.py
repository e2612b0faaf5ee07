import json
from pathlib import Path

import pytest

from benchmarks.claim import Bound, Claim, Entry, Goal, Samples, judge
from benchmarks.errors import NoResults
from benchmarks.report import read_results, with_figures, write_results

AT_MOST = Claim("film-cpu", "ms", Goal(Bound.AT_MOST, 1.0))
AT_LEAST = Claim("seal-speed", "MiB/s", Goal(Bound.AT_LEAST, 2.0))


def samples(ours: list[float], peer: list[float]) -> Samples:
    return Samples(ours, peer, "ffmpeg | age")


@pytest.mark.parametrize(
    ("claim", "ours", "peer", "met"),
    [
        (AT_MOST, 1.0, 1.0, True),
        (AT_MOST, 1.01, 1.0, False),
        (AT_LEAST, 2.0, 1.0, True),
        (AT_LEAST, 1.99, 1.0, False),
        (Claim("open", "s", None), 9.0, 1.0, None),
    ],
)
def test_a_goal_is_met_up_to_its_bound(claim: Claim, ours: float, peer: float, met: bool | None) -> None:
    assert judge(claim, samples([ours], [peer])).met is met


def test_one_disturbed_run_changes_no_verdict() -> None:
    entry = judge(AT_MOST, samples([1.0, 99.0, 1.2], [2.0, 2.0, 0.1]))
    assert (entry.ours, entry.peer, entry.ratio, entry.runs) == (1.2, 2.0, 0.6, 3)


def test_results_are_a_list_of_objects_in_the_agreed_form(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    entries = [judge(AT_MOST, samples([1.0], [2.0]))]
    write_results(entries, path)
    assert json.loads(path.read_text()) == [
        {
            "name": "film-cpu",
            "unit": "ms",
            "ours": 1.0,
            "peer": 2.0,
            "peer_name": "ffmpeg | age",
            "ratio": 0.5,
            "goal": "ratio <= 1.0",
            "met": True,
            "runs": 1,
        }
    ]
    assert read_results(path) == entries


def test_without_results_nothing_is_written_into_the_documents(tmp_path: Path) -> None:
    with pytest.raises(NoResults, match="make bench"):
        read_results(tmp_path / "results.json")


def test_the_documents_table_is_written_anew_and_the_rest_stays() -> None:
    entry = Entry("a", "ms", 1.0, 2.0, "ffmpeg | age", 0.5, None, None, 3)
    text = with_figures("before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n", [entry])
    assert r"| a | ms | ffmpeg \| age | 1 | 2 | 0.50 |  |  | 3 |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert with_figures(text, [entry]) == text
