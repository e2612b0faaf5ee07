"""The kit's microphone with a sound server as its hardware: in real time, and it can die, be stopped and come back."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from device.pi.microphone import AlsaMicrophone
from device.ports import Notice
from device.sound_encoder import SAMPLE_RATE
from tests.device.hearing import TONE_HZ, Samples, beeps_every, off_by, onsets, tone
from tests.device.pi.heard import Heard
from tests.device.pi.piped import PCM, Feed

pytestmark = pytest.mark.rig

Hears = Callable[[Samples], Samples]
AWAY_AND_BACK = [Notice.MICROPHONE_AWAY, Notice.MICROPHONE_BACK]


class SoundServer:
    """PulseAudio with a microphone that is a pipe."""

    def __init__(self, folder: Path, hears: Hears) -> None:
        assert shutil.which("pulseaudio"), "PulseAudio is missing. Next step: make rigs, or apt-get install pulseaudio"
        self._folder = folder
        self._socket = folder / "native"
        self._pipe = folder / "microphone"
        (folder / "server.pa").write_text(
            f"load-module module-pipe-source source_name=microphone file={self._pipe} "
            f"rate={SAMPLE_RATE} channels=1 format=s16le\n"
            f"load-module module-native-protocol-unix socket={self._socket} auth-anonymous=1 auth-cookie-enabled=0\n"
        )
        self.configuration = folder / "pulse.conf"
        self.configuration.write_text(
            f'pcm.{PCM} {{ type pulse, server "unix:{self._socket}", device microphone, fallback "" }}\n'
        )
        self._feed = Feed(hears)

    def start(self) -> None:
        for left_over in (self._socket, self._pipe):
            left_over.unlink(missing_ok=True)
        home = {"HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder), "PATH": os.environ["PATH"]}
        command = ["pulseaudio", "-n", "-F", "server.pa", "--exit-idle-time=-1", "--use-pid-file=no", "--daemonize=no"]
        self.process = subprocess.Popen(command, cwd=self._folder, env=home, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not self._socket.exists():
            assert time.monotonic() < until, "PulseAudio does not start"
            time.sleep(0.05)
        self._feed.into(self._pipe)

    def close(self) -> None:
        self._feed.close()
        self.die()

    def die(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(name="hears")
def _hears() -> Hears:
    return beeps_every(0.5)


@pytest.fixture(name="server")
def _server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hears: Hears) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path, hears)
    plugins = next(Path("/usr/lib").glob("*/alsa-lib"))
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(server.configuration))
    monkeypatch.setenv("ALSA_PLUGIN_DIR", str(plugins))  # PyAV's ALSA looks where it was built
    server.start()
    yield server
    server.close()


@pytest.mark.parametrize("hears", [tone], ids=["tone"])
@pytest.mark.usefixtures("server")
def test_a_tone_is_that_tone() -> None:
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 5)
    microphone.stop()
    assert heard.gapless(microphone.sound)
    assert not heard.notices
    samples = heard.decoded(microphone.sound)[2 * SAMPLE_RATE : 4 * SAMPLE_RATE]
    assert loudest_hz(samples) == pytest.approx(TONE_HZ, rel=0.0025)  # it is stretched by no more than 0.2 %
    assert 0.4 < np.abs(samples).max() < 0.6


def loudest_hz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize("fault", ["dies", "hangs"])
def test_away_is_told_and_back_again_all_is_in_place(server: SoundServer, fault: str) -> None:
    microphone, heard = AlsaMicrophone(PCM), Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > 2)
    if fault == "dies":
        server.die()
    else:
        server.process.send_signal(signal.SIGSTOP)
    heard.wait_for(lambda heard: heard.notices == AWAY_AND_BACK[:1])
    away_s = heard.seconds()
    heard.wait_for(lambda heard: heard.seconds() > away_s + 4)  # it has tried to open it again
    if fault == "dies":
        server.start()
    else:
        server.process.send_signal(signal.SIGCONT)
    heard.wait_for(lambda heard: heard.notices == AWAY_AND_BACK)
    back_s = heard.seconds()
    heard.wait_for(lambda heard: heard.seconds() > back_s + 4)
    microphone.stop()
    assert heard.gapless(microphone.sound)
    first_s = heard.packets[0].at_us / 1_000_000
    found = onsets(heard.decoded(microphone.sound)) + first_s
    settled = found[found > first_s + back_s + 1]
    assert len(settled) >= 5
    late = off_by(settled, 0.5)
    assert np.ptp(late) < 0.02
    assert np.abs(late).max() < 0.12  # of which the sound server takes most
