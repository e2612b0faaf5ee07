"""What `device.ports.Microphone` promises, held against every microphone."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from device.pi.microphone import AlsaMicrophone
from device.ports import Microphone, Notice, Track
from device.sound_encoder import SAMPLE_RATE
from tests.device.hearing import beeps_every, off_by, onsets
from tests.device.pi.heard import Heard
from tests.device.pi.piped import PCM, PipedMicrophone

SECONDS = 5
MICROPHONES = ["alsa", "none"]


@pytest.fixture(scope="module", params=MICROPHONES, name="microphone")
def _microphone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microphone]:
    source = PipedMicrophone(tmp_path_factory.mktemp("alsa"), beeps_every(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALSA_CONFIG_PATH", str(source.configuration))
        yield AlsaMicrophone(PCM if request.param == "alsa" else "nowhere")
    source.close()


@pytest.fixture(scope="module", name="heard")
def _heard(microphone: Microphone) -> Heard:
    heard = Heard()
    heard.start(microphone)
    heard.wait_for(lambda heard: heard.seconds() > SECONDS)
    microphone.stop()
    return heard


def test_it_delivers_sound_only_each_packet_on_its_own(heard: Heard) -> None:
    assert all(packet.track is Track.SOUND and packet.key_frame for packet in heard.packets)


def test_sound_is_raw_aac_lc(microphone: Microphone, heard: Heard) -> None:
    assert microphone.sound.config[0] >> 3 == 2
    assert not any(packet.data.startswith(b"\xff") for packet in heard.packets)  # as an ADTS header begins


def test_packets_follow_each_other_without_a_gap_1024_samples_each(microphone: Microphone, heard: Heard) -> None:
    assert heard.gapless(microphone.sound)
    assert len(heard.decoded(microphone.sound)) == len(heard.packets) * 1024


def test_times_are_of_the_monotonic_clock(heard: Heard) -> None:
    assert heard.began_us <= heard.packets[0].at_us < heard.began_us + 1_000_000
    assert heard.packets[-1].at_us < time.monotonic_ns() // 1000


def test_sound_is_where_it_was_heard_or_its_absence_is_told(microphone: Microphone, heard: Heard) -> None:
    samples = heard.decoded(microphone.sound)
    if Notice.MICROPHONE_AWAY in heard.notices:
        assert not samples.any()
    else:
        found = onsets(samples) + heard.packets[0].at_us / 1_000_000
        assert SECONDS - 1 <= len(found) <= SECONDS + 2
        assert np.abs(off_by(found, 1)).max() < 0.040
        assert 0.3 < np.abs(samples[SAMPLE_RATE:]).max() < 0.7


@pytest.mark.usefixtures("heard")
def test_nothing_comes_after_stop_and_it_stops_soon_and_starts_again(microphone: Microphone) -> None:
    again = Heard()
    again.start(microphone)
    again.wait_for(lambda heard: heard.seconds() > 0.3)
    began = time.monotonic()
    microphone.stop()
    assert time.monotonic() - began < 0.5
    delivered = len(again.packets), len(again.notices)
    time.sleep(0.15)
    assert (len(again.packets), len(again.notices)) == delivered
    assert again.gapless(microphone.sound)


def test_it_can_be_stopped_unstarted_and_twice(microphone: Microphone) -> None:
    microphone.stop()
    microphone.stop()
