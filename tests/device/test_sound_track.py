"""One unbroken row of samples, each at its time, whatever the microphone does."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.sound_encoder import BLOCK, SAMPLE_RATE
from device.sound_track import SoundTrack
from tests.device.hearing import (
    BEGAN_US,
    LOUDNESS,
    TONE_HZ,
    Samples,
    VirtualMicrophone,
    beeps_every,
    frame,
    listen,
    off_by,
    onsets,
    row,
    tone,
    us,
    wait,
)

IN_PLACE = 0.015  # seconds, with the worst of arrivals; 0.004 with good ones
BEEPS = beeps_every(1)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("ppm", [-200, 200])
def test_any_microphone_is_in_place(rate: int, channels: int, ppm: float) -> None:
    track = SoundTrack(BEGAN_US)
    samples = row(listen(track, VirtualMicrophone(BEEPS, ppm, rate, channels).blocks(0, 60)))
    found = onsets(samples)
    assert 59 <= len(found) <= 61
    assert np.abs(off_by(found, 1)).max() < 0.004


@pytest.mark.parametrize("ppm", [-200, 200])
def test_late_arrivals_and_stalls_move_nothing(ppm: float) -> None:
    track = SoundTrack(BEGAN_US)
    microphone = VirtualMicrophone(BEEPS, ppm, jitter_s=0.08, stall_s=0.3)
    found = onsets(row(listen(track, microphone.blocks(0, 300))))
    assert len(found) >= 299
    assert np.abs(off_by(found, 1)[5:]).max() < IN_PLACE
    assert not track.away


@pytest.mark.parametrize("ppm", [-200, 0, 200])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_tone_stays_pure(ppm: float, rate: int) -> None:
    """Its frequency is right to 30 ppm once the drift is known, it has no seam, and noise 60 dB below it."""
    track = SoundTrack(BEGAN_US)
    microphone = VirtualMicrophone(tone, ppm, rate, block=960, jitter_s=0.002)
    samples = row(listen(track, microphone.blocks(0, 180)))[SAMPLE_RATE:]
    assert np.abs(np.diff(samples, 2)).max() < 1.05 * LOUDNESS * (2 * np.pi * TONE_HZ / SAMPLE_RATE) ** 2
    seconds = samples[: len(samples) // SAMPLE_RATE * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)
    carrier = np.exp(-2j * np.pi * TONE_HZ * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    turns = np.unwrap(np.angle((seconds * carrier).mean(axis=1))) / (2 * np.pi)
    ppm_off = np.diff(turns) / TONE_HZ * 1_000_000
    assert np.abs(ppm_off).max() < 400
    assert np.abs(ppm_off[120:]).max() < 30
    assert max(noise(second) for second in seconds) < LOUDNESS / 1000


def noise(second: Samples) -> float:
    """Return what is left of a tenth of a second when the tone, of whatever exact frequency, is taken out (rms)."""
    part = second[: SAMPLE_RATE // 10]
    at = np.arange(len(part)) / SAMPLE_RATE
    waves = [wave(2 * np.pi * TONE_HZ * at) * at**power for wave in (np.sin, np.cos) for power in range(4)]
    left, *_ = np.linalg.lstsq(np.stack(waves, axis=1), part, rcond=None)
    return float(np.std(part - np.stack(waves, axis=1) @ left))


def test_lost_samples_are_a_silence_of_their_length() -> None:
    """An overrun: nothing comes for 0.7 s, and nothing of that time ever will."""
    track = SoundTrack(BEGAN_US)
    blocks = VirtualMicrophone(tone).blocks(0, 20)
    samples = row(listen(track, ((came, sound) for came, sound in blocks if not 10 < came < 10.7)))
    quiet = np.flatnonzero(np.abs(samples[: 19 * SAMPLE_RATE]) < 0.001)
    silent = quiet[np.diff(quiet, prepend=-2) == 1]
    assert silent[0] / SAMPLE_RATE == pytest.approx(10, abs=0.025)
    assert silent[-1] / SAMPLE_RATE == pytest.approx(10.7, abs=0.025)
    assert in_phase(samples[12 * SAMPLE_RATE :])


def in_phase(samples: Samples, within_s: float = 0.0001) -> bool:
    """Whether the tone has the phase that it would have had without anything lost before (it begins on a second)."""
    part = samples[:4800]
    angle = np.angle((part * np.exp(-2j * np.pi * TONE_HZ * np.arange(4800) / SAMPLE_RATE)).mean() * 1j)
    return abs(float(angle)) / (2 * np.pi * TONE_HZ) < within_s


@pytest.mark.parametrize("length", [0.06, 0.11, 0.2, 3.0])
def test_after_lost_samples_all_is_in_place_again(length: float) -> None:
    track = SoundTrack(BEGAN_US)
    blocks = VirtualMicrophone(BEEPS, 100, jitter_s=0.03).blocks(0, 30)
    samples = row(listen(track, ((came, sound) for came, sound in blocks if not 10.2 < came < 10.2 + length)))
    found = onsets(samples)
    late = off_by(found, 1)
    assert np.abs(late[found < 10]).max() < IN_PLACE
    assert np.abs(late[found > 12.5]).max() < IN_PLACE + 0.02  # less than a jump is made good slowly


def test_many_small_losses_do_not_add_up() -> None:
    """USB loses a millisecond now and then, and nobody says so."""
    track = SoundTrack(BEGAN_US)
    microphone = VirtualMicrophone(BEEPS, block=480)
    blocks = (heard for number, heard in enumerate(microphone.blocks(0, 300)) if number % 1500 != 1499)
    assert np.abs(off_by(onsets(row(listen(track, blocks))), 1)).max() < 0.025


def test_a_microphone_that_was_away_is_in_place_again() -> None:
    track = SoundTrack(BEGAN_US)
    before, after = VirtualMicrophone(BEEPS, 200), VirtualMicrophone(BEEPS, -150, 44_100, 2, block=441)
    blocks = list(listen(track, before.blocks(0, 20)))
    track.lost(us(20.02))
    blocks += wait(track, 20.02, 30)
    assert track.away
    track.opened()
    blocks += listen(track, after.blocks(30.1, 60))
    assert not track.away
    samples = row(blocks)
    found = onsets(samples)
    assert {round(float(at)) for at in found} == {*range(20), *range(31, 60)} | ({20} & set(np.round(found)))
    assert np.abs(off_by(found, 1)).max() < 0.004
    assert not samples[int(20.5 * SAMPLE_RATE) : 30 * SAMPLE_RATE].any()


def test_without_a_microphone_it_is_silence_until_one_appears() -> None:
    track = SoundTrack(BEGAN_US)
    track.lost(us(0.01))
    blocks = list(wait(track, 0.02, 5))
    assert track.away
    assert len(blocks) == 5 * SAMPLE_RATE // BLOCK, "silence is not late"
    track.opened()
    blocks += listen(track, VirtualMicrophone(BEEPS, 50).blocks(5.5, 20))
    samples = row(blocks)
    assert not samples[: 5 * SAMPLE_RATE].any()
    assert np.abs(off_by(onsets(samples), 1)).max() < 0.004
    assert len(onsets(samples)) == 14


def test_a_microphone_that_gives_nothing_is_silence_after_a_second() -> None:
    track = SoundTrack(BEGAN_US)
    list(wait(track, 0, 0.9))
    assert not track.away
    blocks = list(wait(track, 0.9, 5))
    assert track.away
    assert not row(blocks).any()
    assert len(blocks) >= 3.9 * SAMPLE_RATE / BLOCK


def test_what_comes_too_late_is_left_out_and_the_rest_is_in_place() -> None:
    """A stall longer than the patience, with nothing lost in it."""
    track = SoundTrack(BEGAN_US)
    blocks = []
    for came, sound in VirtualMicrophone(BEEPS, -50).blocks(0, 30):
        late = max(came, 13.5) if came > 10.5 else came
        if came > 10.5 and late == 13.5:
            blocks += track.due(us(came))
        track.heard(sound, us(late))
        blocks += track.due(us(late))
    found = onsets(row(blocks))
    assert np.abs(off_by(found, 1)).max() < 0.004
    assert {*range(11), *range(14, 30)} <= {round(float(at)) for at in found}


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.1, 7.0])
def test_a_microphone_that_lies_about_its_rate_never_runs_ahead(factor: float) -> None:
    track = SoundTrack(BEGAN_US)
    given = 0
    for came, sound in VirtualMicrophone(tone, (factor - 1) * 1_000_000, block=960).blocks(0, 10):
        track.heard(sound, us(came))
        given += len(track.due(us(came)))
        assert given * BLOCK <= came * SAMPLE_RATE + 1
        assert given * BLOCK >= (came - 1.1) * SAMPLE_RATE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hear", "hear", "hear", "lost", "opened"]),
            st.floats(0, 2.5),
            st.sampled_from([0, 1, 7, 480, 1024, 100_000]),
            st.sampled_from([8000, 16_000, 44_100, 48_000, 192_000]),
            st.sampled_from([1, 2]),
        ),
        max_size=40,
    )
)
def test_whatever_comes_blocks_follow_each_other_at_the_right_pace(
    events: list[tuple[str, float, int, int, int]],
) -> None:
    track = SoundTrack(BEGAN_US)
    now = 0.0
    given = 0
    for event, after, size, rate, channels in events:
        now += after
        match event:
            case "hear":
                track.heard(frame(np.full(size, 0.1), rate, channels), us(now))
            case "lost":
                track.lost(us(now))
            case _:
                track.opened()
        given += samples_of(track.due(us(now)))
        assert (now - 1) * SAMPLE_RATE - BLOCK <= given <= now * SAMPLE_RATE
    given += samples_of(track.finish(us(now)))
    assert (now - 1) * SAMPLE_RATE - BLOCK <= given <= now * SAMPLE_RATE


def samples_of(blocks: list[av.AudioFrame]) -> int:
    return len(row(blocks)) if blocks else 0
