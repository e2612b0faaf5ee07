"""Sound against picture, measured on what a plain player would show: flashes and beeps come at the same time."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from device.ports import PictureFormat
from device.sim.camera import SimulatedCamera
from tests.device.sim.filming import beeps, film, flashes, muxed, worst_offset
from tests.device.sim.sources import make_video

SMALL = PictureFormat(320, 180, 25)
IN_STEP = 0.025
CENTRE = {"across": 0.5, "down": 0.5}

SOURCES: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "29.97 a second.mp4": {"rate": Fraction(30_000, 1001)},
    "1080p60.mp4": {"size": (1920, 1080), "rate": Fraction(60), "seconds": 2},
    "vertical.mp4": {"size": (720, 1280)},
    "15 a second.mkv": {"rate": Fraction(15)},
    "sound begins later.mp4": {"sound_from": 0.337},
    "sound begins later.mkv": {"sound_from": 0.337},
    "picture begins later.mkv": {"times": [Fraction(7, 9) + Fraction(index, 30) for index in range(90)], "seconds": 4},
    "sound ends early.mp4": {"sound_until": 2.2},
    "variable rate.mkv": {"times": [Fraction(index * index, 1000) + Fraction(index, 60) for index in range(48)]},
    "mpeg4.avi": {"codec": "mpeg4", "audio": "ac3"},
}


def test_the_generated_scene_is_in_step_on_each_second() -> None:
    camera = SimulatedCamera(speed=None)
    film_ = muxed(camera, film(camera, 5.5))
    assert worst_offset(film_, least=6) < IN_STEP
    assert flashes(film_) == pytest.approx([0, 1, 2, 3, 4, 5], abs=0.001)
    assert beeps(film_)[1:] == pytest.approx([1, 2, 3, 4, 5], abs=0.005)


@pytest.mark.parametrize("rate", [24, 30, 50])
def test_other_frame_rates_are_in_step(rate: int) -> None:
    camera = SimulatedCamera(picture=PictureFormat(320, 180, rate), speed=None)
    assert worst_offset(muxed(camera, film(camera, 3.5)), least=4) < IN_STEP


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_stays_in_step_also_when_it_begins_anew(name: str, tmp_path: Path) -> None:
    source = make_video(tmp_path / name, **SOURCES[name])
    camera = SimulatedCamera(source, picture=SMALL, speed=None)
    assert worst_offset(muxed(camera, film(camera, 7.5)), least=4, **CENTRE) < IN_STEP


def test_many_short_showings_do_not_drift_apart(tmp_path: Path) -> None:
    source = make_video(tmp_path / "short.mp4", seconds=1, rate=Fraction(30_000, 1001))
    camera = SimulatedCamera(source, picture=SMALL, speed=None)
    assert worst_offset(muxed(camera, film(camera, 30)), least=29, **CENTRE) < IN_STEP


def test_a_source_that_changes_its_size_midway_stays_in_step(tmp_path: Path) -> None:
    before = make_video(tmp_path / "before.ts", seconds=2)
    times = [2 + Fraction(index, 30) for index in range(60)]
    after = make_video(tmp_path / "after.ts", seconds=4, size=(640, 360), times=times, sound_from=2)
    source = tmp_path / "both.ts"
    source.write_bytes(before.read_bytes() + after.read_bytes())
    camera = SimulatedCamera(source, picture=SMALL, speed=None)
    assert worst_offset(muxed(camera, film(camera, 7.5)), least=7, **CENTRE) < IN_STEP
