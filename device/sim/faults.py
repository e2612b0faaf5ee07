"""What can go wrong with a camera, on purpose: to train people and to test recorders."""

from dataclasses import dataclass

from device.ports import EncodedPacket, Track

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Faults:
    """When each fault comes, in seconds of film; None for never."""

    camera_stops_at_s: float | None = None
    """The camera hangs: no more pictures, and nobody says so. Sound goes on."""

    camera_fails_at_s: float | None = None
    """The camera says that it failed; nothing more comes."""

    microphone_silent_from_s: float | None = None
    """The microphone hears nothing any more; its packets go on."""

    microphone_away: tuple[float, float] | None = None
    """From when until when no sound comes at all, as if the microphone were unplugged and plugged in again."""

    def fails(self, at_us: int) -> bool:
        """Whether the camera has failed by this time."""
        return _reached(self.camera_fails_at_s, at_us)

    def silences(self, at_us: int) -> bool:
        """Whether the microphone hears nothing at this time."""
        return _reached(self.microphone_silent_from_s, at_us)

    def loses(self, packet: EncodedPacket) -> bool:
        """Whether this packet never comes."""
        if packet.track is Track.PICTURE:
            return _reached(self.camera_stops_at_s, packet.at_us)
        return self.microphone_is_away(packet.at_us)

    def microphone_is_away(self, at_us: int) -> bool:
        """Whether no sound comes at this time."""
        gone, back = self.microphone_away or (None, None)
        return _reached(gone, at_us) and not _reached(back, at_us)


def _reached(when: float | None, at_us: int) -> bool:
    return when is not None and at_us >= when * _MICROSECONDS
