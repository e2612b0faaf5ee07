"""The film that is filmed: ten minutes of 1280x720 at 25 fps and 4 Mbit/s, a key frame every second, with sound.

It is a NUT file because NUT keeps H.264 in Annex B form: the form in which an encoder gives it, and from which both our
muxer and ffmpeg's must make MP4's. So both do the same work.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
from av.stream import Stream

from benchmarks.errors import SourceUnfit
from benchmarks.peers import program
from device.ports import EncodedPacket, PictureFormat, SoundFormat, Track

SECONDS = 600
PICTURE = PictureFormat(1280, 720, 25)
SOUND = SoundFormat(48_000, 1, b"\x11\x88")  # AAC-LC, 48 kHz, mono
_LOOP_SECONDS = 30
_PICTURE_BITS, _SOUND_BITS = 4_000_000, 128_000
_TOLERANCE = 0.1
_MICROSECONDS = 1_000_000


def source_film(cache: Path) -> Path:
    """Return the film, making it if it is not there: half a minute is encoded, then repeated.

    Raises `PeerMissing` without ffmpeg, and `SourceUnfit`.
    """
    film = cache / "film.nut"
    if not film.exists():
        cache.mkdir(parents=True, exist_ok=True)
        loop, whole = cache / "loop.nut", cache / "whole.nut"
        _ffmpeg(*_scene(), *_picture_encoder(), *_sound_encoder(), loop)
        _ffmpeg("-stream_loop", "-1", "-i", loop, "-t", SECONDS, "-c", "copy", whole)
        loop.unlink()
        whole.replace(film)
    _refuse_unfit(film)
    return film


def packets(film: Path, *, showings: int = 1) -> Iterator[EncodedPacket]:
    """Yield the film's packets as a camera would deliver them; further showings go on where the last one ended."""
    with av.open(film, "r") as container:
        picture = container.streams.video[0].index
        ticks = [_ticks(stream) for stream in container.streams]
        for after_us in range(0, showings * SECONDS * _MICROSECONDS, SECONDS * _MICROSECONDS):
            container.seek(0)
            for packet in container.demux():
                if packet.pts is None:  # PyAV's mark for the end of a stream
                    continue
                index = packet.stream_index
                us, parts = ticks[index]
                track = Track.PICTURE if index == picture else Track.SOUND
                yield EncodedPacket(track, bytes(packet), after_us + packet.pts * us // parts, packet.is_keyframe)


def _ticks(stream: Stream) -> tuple[int, int]:
    """Return by what a time of the stream is multiplied and divided to have microseconds."""
    assert stream.time_base is not None
    return _MICROSECONDS * stream.time_base.numerator, stream.time_base.denominator


def _scene() -> list[str]:
    picture = f"testsrc2=size={PICTURE.width}x{PICTURE.height}:rate={PICTURE.frame_rate},noise=alls=20:allf=t"
    sound = f"anoisesrc=sample_rate={SOUND.sample_rate}:amplitude=0.1:seed=1"
    # Without noise a test picture would not need 4 Mbit/s, nor silence 128 kbit/s.
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(_LOOP_SECONDS)]


def _picture_encoder() -> list[str]:
    rate, bits = str(PICTURE.frame_rate), str(_PICTURE_BITS)
    every_second = ["-g", rate, "-keyint_min", rate, "-sc_threshold", "0", "-bf", "0"]
    fast = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    return [*fast, *every_second, "-b:v", bits, "-maxrate", bits, "-bufsize", bits]


def _sound_encoder() -> list[str]:
    return ["-c:a", "aac", "-ac", str(SOUND.channels), "-b:a", str(_SOUND_BITS)]


def _ffmpeg(*arguments: object) -> None:
    command = [program("ffmpeg"), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except subprocess.CalledProcessError as reason:
        last_line = reason.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise SourceUnfit(
            f"ffmpeg could not make the film: {last_line}. Install one with libx264: sudo apt-get install ffmpeg"
        ) from None


def _refuse_unfit(film: Path) -> None:
    bits = film.stat().st_size * 8 / SECONDS
    wanted = _PICTURE_BITS + _SOUND_BITS
    if abs(bits / wanted - 1) > _TOLERANCE:
        raise SourceUnfit(f"{film} has {bits / 1e6:.2f} Mbit/s and not {wanted / 1e6:.2f}. Delete it and run again.")
