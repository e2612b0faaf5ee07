import io
import logging

import pytest
from rich.console import Console

from companion_api.truth import progress
from companion_api.truth.progress import Lines

MIB = 1024 * 1024


def test_a_log_gets_a_plain_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    lines = Lines("scrub", 1000 * MIB, 400 * MIB, lambda: now[0])
    for second in range(1, 126):
        now[0] = float(second)
        lines.advance(2 * MIB)
    assert caplog.messages == [
        "scrub: 520 of 1000 MiB (52 %), 2.0 MiB/s, 0:04:00 to go",
        "scrub: 640 of 1000 MiB (64 %), 2.0 MiB/s, 0:03:00 to go",
    ]


def test_a_run_of_unknown_size_has_lines_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = iter([0.0, 60.0])
    Lines("scrub", 0, 0, lambda: next(now)).advance(0)
    assert caplog.messages == ["scrub: 0 of 0 MiB (100 %), 0.0 MiB/s, ? to go"]


def test_a_terminal_gets_a_bar_with_bytes_rate_and_time_to_go() -> None:
    out = io.StringIO()
    with progress._bar(Console(file=out, force_terminal=True, width=100), "scrub", 4 * MIB, MIB) as advance:
        advance(MIB)
    assert "scrub" in out.getvalue()
    assert "2.0/4.0 MiB" in out.getvalue()


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown("scrub", 100) as advance:
        advance(100)
    assert capsys.readouterr() == ("", "")
