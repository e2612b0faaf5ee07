"""The kit's microphone on the real ALSA: one that is missing, hangs, or knows no pace."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from device.pi.alsa import ways_to_open
from device.pi.microphone import AlsaMicrophone
from device.ports import Notice
from device.sound_encoder import SAMPLE_RATE
from tests.device.hearing import beeps_every, off_by, onsets
from tests.device.pi.heard import Heard
from tests.device.pi.piped import PCM, PipedMicrophone


@pytest.fixture(name="source")
def _source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipedMicrophone]:
    source = PipedMicrophone(tmp_path, beeps_every(0.5))
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(source.configuration))
    yield source
    source.close()


def test_one_that_hangs_is_silence_and_does_not_hold_up_stop(source: PipedMicrophone) -> None:
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 1)
    source.plugged.clear()
    heard.wait_for(lambda heard: heard.notices == [Notice.MICROPHONE_AWAY])
    began = time.monotonic()
    microphone.stop()
    assert time.monotonic() - began < 0.5
    assert heard.gapless(microphone.sound)


def test_one_that_comes_back_is_where_it_was_heard(source: PipedMicrophone) -> None:
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 1)
    source.plugged.clear()
    heard.wait_for(lambda heard: heard.notices == [Notice.MICROPHONE_AWAY])
    away_s = heard.seconds()
    source.plugged.set()
    heard.wait_for(lambda heard: heard.notices == [Notice.MICROPHONE_AWAY, Notice.MICROPHONE_BACK])
    heard.wait_for(lambda heard: heard.seconds() > away_s + 3)
    microphone.stop()
    assert heard.gapless(microphone.sound)
    found = onsets(heard.decoded(microphone.sound)) + heard.packets[0].at_us / 1_000_000
    settled = found[found > heard.packets[0].at_us / 1_000_000 + away_s + 1]
    assert len(settled) >= 3
    assert np.abs(off_by(settled, 0.5)).max() < 0.040


def test_one_that_wakes_up_when_filming_begins_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = PipedMicrophone(tmp_path, beeps_every(0.5), plugged=False)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(source.configuration))
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 1.5)
    source.plugged.set()
    heard.wait_for(lambda heard: bool(heard.decoded(microphone.sound).any()))
    microphone.stop()
    source.close()
    assert heard.notices == []


def test_one_without_any_pace_never_runs_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = tmp_path / "sound.raw"
    recording.write_bytes(np.tile(np.array([5000, -5000], "<i2"), SAMPLE_RATE).tobytes())
    configuration = tmp_path / "alsa.conf"
    configuration.write_text(
        f'pcm.{PCM} {{ type file, slave.pcm {{ type null }}, file "/dev/null", infile "{recording}", format "raw" }}\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 1.5)
    microphone.stop()
    assert heard.packets[-1].at_us < time.monotonic_ns() // 1000
    assert heard.gapless(microphone.sound)


def test_without_a_name_it_is_the_first_that_the_kernel_has(tmp_path: Path) -> None:
    for name in ("controlC1", "pcmC0D0p", "pcmC10D0c", "pcmC2D1c", "pcmC2D0p", "timer"):
        (tmp_path / name).touch()
    assert ways_to_open(None, tmp_path) == [("hw:2,1", 1), ("hw:2,1", 2), ("plughw:2,1", 1)]


@pytest.mark.parametrize("folder", [".", "missing"])
def test_without_any_it_says_so(tmp_path: Path, folder: str) -> None:
    with pytest.raises(OSError, match="no microphone is plugged in"):
        ways_to_open(None, tmp_path / folder)
