"""Level, silence, clipping and absence, on real AAC."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from device.board import BOARD
from device.selftest import sound
from device.selftest.outcome import PartFailed
from device.selftest.sample import Sample
from device.sim.camera import SimulatedCamera
from device.sim.faults import Faults
from tests.device.selftest.bench import SMALL, Bench

RATE = 48_000


def video_with_tone(path: Path, amplitude: float) -> Path:
    """Write three seconds of a sine of 440 Hz, beside a plain picture."""
    with av.open(path, "w") as container:
        pictures = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        sounds = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        assert isinstance(pictures, av.VideoStream)
        assert isinstance(sounds, av.AudioStream)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 240, "yuv420p"
        for number in range(75):
            frame = av.VideoFrame.from_ndarray(np.full((360, 320), 128, dtype=np.uint8), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        wave = amplitude * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)
        samples = (wave.clip(-1, 1) * 32767).astype(np.int16)
        tone = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        tone.sample_rate, tone.pts, tone.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(sounds.encode(tone))
        container.mux(sounds.encode(None))
    return path


def bench_hearing(folder: Path, amplitude: float) -> Bench:
    source = video_with_tone(folder / "tone.mkv", amplitude)
    return Bench(folder, SimulatedCamera(source, picture=SMALL, speed=None))


@pytest.mark.parametrize("amplitude", [0.5, 0.05, 0.005])
def test_the_level_is_the_tones(tmp_path: Path, amplitude: float) -> None:
    result = bench_hearing(tmp_path, amplitude).result("sound")
    assert result.code == ""
    assert result.figures["peak_dbfs"] == pytest.approx(20 * np.log10(amplitude), abs=1.5)
    assert result.figures["level_dbfs"] == pytest.approx(20 * np.log10(amplitude / np.sqrt(2)), abs=1)


@pytest.mark.parametrize(("amplitude", "code"), [(0.0, "sound-silent"), (0.0005, "sound-silent"), (3, "sound-clipped")])
def test_too_little_and_too_much_are_named(tmp_path: Path, amplitude: float, code: str) -> None:
    assert bench_hearing(tmp_path, amplitude).code("sound") == code


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (Faults(microphone_silent_from_s=0.0), "sound-silent"),
        (Faults(microphone_away=(0.5, 99.0)), "microphone-away"),
        (Faults(microphone_away=(0.0, 99.0)), "microphone-away"),
    ],
)
def test_a_microphone_that_fails_is_named(tmp_path: Path, faults: Faults, code: str) -> None:
    camera = SimulatedCamera(picture=SMALL, speed=None, faults=faults)
    assert Bench(tmp_path, camera).code("sound") == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sample: sample, ""),
        (lambda sample: sample._replace(sounds=sample.sounds[::2]), "sound-missing"),
        (lambda sample: sample._replace(sounds=()), "sound-missing"),
        (lambda sample: sample._replace(sound=None), "sound-missing"),
    ],
)
def test_sound_must_last_as_long_as_the_picture(bench: Bench, change: Callable[[Sample], Sample], code: str) -> None:
    changed = change(bench.stand.sample())
    if not code:
        sound.judge(changed, sound.heard(changed))
        return
    with pytest.raises(PartFailed) as refusal:
        sound.judge(changed, sound.heard(changed))
    assert refusal.value.code == code


def test_without_sound_by_policy_there_is_none_and_no_power_for_it(bench: Bench) -> None:
    bench.without_sound()
    result = bench.result("sound")
    assert (result.code, result.text) == ("", "none, by the agency's policy")
    assert not bench.is_on(BOARD.microphone_power)


class DisobedientCamera(SimulatedCamera):
    """Has sound, whatever it is told."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "sound" and value is None):
            super().__setattr__(name, value)


def test_sound_against_the_policy_is_an_error(tmp_path: Path) -> None:
    bench = Bench(tmp_path, DisobedientCamera(picture=SMALL, speed=None))
    bench.without_sound()
    assert bench.code("sound") == "sound-against-policy"


def test_nobody_knowing_the_policy_means_no_sound_and_is_an_error(bench: Bench) -> None:
    bench.config.directory.unlink()
    assert bench.code("sound") == "config-invalid"
    assert bench.code("camera") == ""
    assert not bench.is_on(BOARD.microphone_power)
