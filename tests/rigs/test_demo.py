"""`make demo`, in a folder of its own, and its films as a player would show them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest

from tests.device.sim.filming import beeps, flashes, worst_offset
from tests.rigs.rig_stack import environment

pytestmark = pytest.mark.rig

IN_STEP_SECONDS = 0.040
STOPPED_SECONDS = 20  # as `tests.scenarios.visit` presses the buttons
INTERRUPTED_SECONDS = 8  # when the demonstration cuts the power
FILM_FIELDS = {"film_id", "ended", "duration_s", "parts", "bytes", "moments", "receipt_verified", "mp4"}
SUMMARY_FIELDS = {"films", "kit_spool_empty", "taken_back", "seconds_from_stop_to_receipt"}
UPPER_LEFT, CENTRE = {"across": 0.25, "down": 0.25}, {"across": 0.5, "down": 0.5}


@dataclass(frozen=True)
class Demonstration:
    """What a run of the demonstration left; `spot` is where the filmed scene flashes."""

    folder: Path
    code: int
    text: str
    spot: dict[str, float]

    @property
    def summary(self) -> dict[str, Any]:
        assert self.code == 0, self.text
        summary: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return summary

    def movies(self) -> list[Path]:
        return [self.folder / film["mp4"] for film in self.summary["films"]]


def _run(folder: Path, spot: dict[str, float], *options: str) -> Demonstration:
    command = [sys.executable, "-m", "tests.scenarios.demo", *options]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=180)
    return Demonstration(folder / "demo-output", done.returncode, done.stdout[-3_000:] + done.stderr[-3_000:], spot)


def _make_source(path: Path) -> None:
    """Write a video at 30 pictures a second: on each second, a white flash and a beep of a tenth of a second."""
    flash = "color=gray:s=640x360:r=30,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'"
    beep = "aevalsrc='0.6*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':s=44100"
    inputs = ["-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep, "-t", "7"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, "-pix_fmt", "yuv420p", str(path)], check=True)


@pytest.fixture(scope="module", params=["generated scene", "SOURCE"])
def demonstration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    folder = tmp_path_factory.mktemp("demo")
    if request.param == "generated scene":
        return _run(folder, UPPER_LEFT)
    _make_source(folder / "source.mp4")
    return _run(folder, CENTRE, "--source", "source.mp4")


def test_the_summary_is_as_promised(demonstration: Demonstration) -> None:
    summary = demonstration.summary
    assert summary.keys() == SUMMARY_FIELDS
    assert summary["kit_spool_empty"] is True
    assert summary["taken_back"] is True
    assert 0 < summary["seconds_from_stop_to_receipt"] < 20
    assert [film["ended"] for film in summary["films"]] == ["stopped", "interrupted"]
    for film in summary["films"]:
        assert film.keys() == FILM_FIELDS
        assert film["receipt_verified"] is True
        assert film["parts"] > film["duration_s"] > 0
        assert film["bytes"] > 100_000
    assert [film["moments"] for film in summary["films"]] == [1, 0]


def test_no_film_is_left_on_the_kit(demonstration: Demonstration) -> None:
    assert demonstration.summary["kit_spool_empty"]
    spools = [folder for folder in demonstration.folder.rglob("spool") if folder.is_dir()]
    assert spools
    assert [file for spool in spools for file in spool.rglob("*") if file.is_file()] == []


def test_each_movie_decodes_without_errors(demonstration: Demonstration) -> None:
    for movie in demonstration.movies():
        done = subprocess.run(
            ["ffmpeg", "-v", "error", "-xerror", "-i", str(movie), "-f", "null", "-"], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        with av.open(str(movie)) as opened:
            assert [stream.codec_context.name for stream in opened.streams] == ["h264", "aac"]
        assert movie.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_durations_are_those_that_were_filmed(demonstration: Demonstration) -> None:
    told = [film["duration_s"] for film in demonstration.summary["films"]]
    assert told == pytest.approx([STOPPED_SECONDS, INTERRUPTED_SECONDS], abs=1)
    for movie, duration in zip(demonstration.movies(), told, strict=True):
        with av.open(str(movie)) as opened:
            for stream in opened.streams:
                assert stream.duration is not None
                assert stream.time_base is not None
                assert float(stream.duration * stream.time_base) == pytest.approx(duration, abs=1)


def test_sound_and_picture_are_in_step(demonstration: Demonstration) -> None:
    for movie, least in zip(demonstration.movies(), (18, 6), strict=True):
        mp4 = movie.read_bytes()
        assert worst_offset(mp4, least=least, **demonstration.spot) <= IN_STEP_SECONDS
        assert len(flashes(mp4, **demonstration.spot)) >= least
        assert len(beeps(mp4)) >= least
