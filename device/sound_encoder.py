"""Sound as AAC, by FFmpeg's encoder: the same for the kit's microphone and for the simulated camera."""

from fractions import Fraction

import av

from device.ports import EncodedPacket, SoundFormat, Track

SAMPLE_RATE = 48_000
BLOCK = 1024
"""Samples in one AAC-LC frame."""

_SOUND_BITS = 128_000
_MICROSECONDS = 1_000_000


class SoundEncoder:
    """Raw AAC-LC frames. A packet comes two blocks after its own, as the encoder looks ahead."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("aac", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = SAMPLE_RATE, "mono", "fltp"
        self._codec.time_base = Fraction(1, SAMPLE_RATE)
        self._codec.bit_rate = _SOUND_BITS
        self._codec.open()

    @property
    def format(self) -> SoundFormat:
        """What a player must know."""
        return SoundFormat(SAMPLE_RATE, 1, self._codec.extradata or b"")

    def encode(self, block: av.AudioFrame, number: int) -> list[EncodedPacket]:
        """Encode the block of 1024 samples of this number, counted from 0."""
        block.pts, block.time_base = number * BLOCK, self._codec.time_base
        return self._packets(block)

    def finish(self) -> list[EncodedPacket]:
        """Return what the encoder still holds."""
        return self._packets(None)

    def _packets(self, block: av.AudioFrame | None) -> list[EncodedPacket]:
        # A packet decodes to the samples that its time names. The first one, at -1024, only primes a decoder. Without
        # it the first 21 ms fade in, but every sample is in its place, also for players that ignore edit lists.
        return [
            EncodedPacket(Track.SOUND, bytes(packet), microseconds(packet.pts, SAMPLE_RATE), True)
            for packet in self._codec.encode(block)
            if packet.pts is not None and packet.pts >= 0
        ]


def microseconds(count: int, rate: int) -> int:
    """Return the time of the `count`-th frame or sample."""
    return (count * _MICROSECONDS + rate // 2) // rate


def silence(samples: int = BLOCK) -> av.AudioFrame:
    """Return mono samples of nothing."""
    frame = av.AudioFrame(format="fltp", layout="mono", samples=samples)
    frame.sample_rate = SAMPLE_RATE
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame
