import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.errors import PeerFailed, PeerMissing
from benchmarks.peers import cpu_seconds, program


def test_a_missing_peer_is_named_with_the_next_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerMissing, match=r"no age on PATH.*sudo apt-get install ffmpeg age"):
        program("age")


def test_a_peer_that_fails_gives_no_figure() -> None:
    failing = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(PeerFailed, match="exit code 3"):
        cpu_seconds(failing)


def test_the_cpu_of_all_processes_is_counted() -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    processes = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(2)]
    assert 0.4 <= cpu_seconds(*processes) < 4
