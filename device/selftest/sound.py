"""What the sound of a sample is: there, at 48 kHz, neither silent nor clipped. It is decoded in memory."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import av

from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.sample import Sample
from device.selftest.stand import Stand
from device.trouble import Trouble

SAMPLE_RATE = 48_000
SILENT_DBFS = -60.0  # of the peak: the buzzer sounds at the beginning of a sample, so there is something to hear
CLIPPED = 0.98  # of full scale
CLIPPED_SHARE = 0.001
LEAST_SHARE = 0.9  # of the picture's time


class Level(NamedTuple):
    """Of all samples, against a full-scale square wave: root mean square and peak in dBFS, and how many are clipped."""

    rms: float
    peak: float
    clipped: float
    seconds: float


def sound(stand: Stand) -> Passed:
    """Judge the sound, or prove that there is none where the agency wants none."""
    if stand.sound is None:
        stand.config.accepted_directory()
    sample = stand.sample()
    if not stand.sound:
        if sample.sound is not None or sample.sounds:
            raise PartFailed(
                Flaw.SOUND_AGAINST_POLICY,
                "There is sound though the agency's policy is to have none. Do not use the kit; tell IT.",
            )
        return Passed("none, by the agency's policy", {})
    level = heard(sample)
    judge(sample, level)
    return Passed(
        f"{SAMPLE_RATE // 1000} kHz, level {level.rms:.0f} dBFS, peak {level.peak:.0f} dBFS",
        {
            "sample_rate_hz": SAMPLE_RATE,
            "level_dbfs": round(level.rms, 1),
            "peak_dbfs": round(level.peak, 1),
            "clipped_share": round(level.clipped, 5),
        },
    )


def heard(sample: Sample) -> Level:
    """Decode the sound that belongs to the pictures, and measure it."""
    squares = count = clipped = 0.0
    peak = 0.0
    try:
        for samples in _decoded(sample) if sample.sound is not None else ():
            squares += sum(value * value for value in samples)
            peak = max(peak, max(samples), -min(samples))
            clipped += sum(value > CLIPPED or value < -CLIPPED for value in samples)
            count += len(samples)
    except av.FFmpegError as reason:
        raise PartFailed(
            Trouble.MICROPHONE_AWAY, f"The sound can't be decoded ({type(reason).__name__}). Switch off and on."
        ) from None
    if not count:
        return Level(-math.inf, -math.inf, 0.0, 0.0)
    return Level(_dbfs(math.sqrt(squares / count)), _dbfs(peak), clipped / count, count / SAMPLE_RATE)


def judge(sample: Sample, level: Level) -> None:
    """Raise `PartFailed` for sound that nobody could work with."""
    if sample.microphone_away:
        raise PartFailed(Trouble.MICROPHONE_AWAY, "The microphone is away. Check its cable.")
    if sample.sound is None or sample.sound.sample_rate != SAMPLE_RATE or level.seconds < LEAST_SHARE * sample.seconds:
        raise PartFailed(
            Flaw.SOUND_MISSING,
            f"There are {level.seconds:.1f} s of sound at {SAMPLE_RATE // 1000} kHz to {sample.seconds:.1f} s of "
            "picture. Check the microphone's cable.",
        )
    if level.peak < SILENT_DBFS:
        found = f"The microphone hears nothing (peak {level.peak:.0f} dBFS)."
        raise PartFailed(Flaw.SOUND_SILENT, f"{found} Check that its opening is free and its cable whole.")
    if level.clipped > CLIPPED_SHARE:
        found = f"The sound is clipped ({level.clipped:.1%} of it)."
        raise PartFailed(Flaw.SOUND_CLIPPED, f"{found} Turn the microphone's gain down, or test in a quieter place.")


def _decoded(sample: Sample) -> Iterator[Sequence[float]]:
    assert sample.sound is not None
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = sample.sound.config
    first_us, end_us = sample.pictures[0].at_us, sample.pictures[-1].at_us
    for packet in sample.sounds:
        for frame in decoder.decode(av.Packet(packet.data)):
            assert isinstance(frame, av.AudioFrame)
            if frame.sample_rate == SAMPLE_RATE and first_us <= packet.at_us < end_us:
                for plane in frame.planes[:1]:  # fltp; one channel tells enough
                    yield memoryview(plane).cast("B").cast("f")[: frame.samples]


def _dbfs(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
