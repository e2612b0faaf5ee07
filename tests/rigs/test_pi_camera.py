"""The installed recorder on the real picamera2 and libcamera, with a virtual camera and an ALSA microphone."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from device.commands.recorder import EXIT_RESTART
from footage.manifest import Ended, Manifest
from footage.parts import PartKind
from tests.rigs import kit_package, trixie
from tests.rigs.machine import INSIDE_SOURCE, INSIDE_SUPPORT, Machine, machine
from tests.rigs.opened import KitFiles, Opener
from tests.rigs.pi_kit import TONE_AMPLITUDE, TONE_HZ, PiKit
from tests.rigs.rig_stack import RigStack, wait_until

pytestmark = pytest.mark.rig

NO_SERVICE = "http://127.0.0.1:9"
FILM_SECONDS = 6
READY_SECONDS = 5  # what systemd adds is half a second


@pytest.fixture(scope="module", name="films")
def _films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kits")


@pytest.fixture(scope="module", name="pi")
def _pi(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    over = tmp_path_factory.mktemp("pi")
    with machine(over=trixie.folder(), writable=over, shared=[films]) as pi:
        kit_package.install(pi, tmp_path_factory.mktemp("package"))
        yield pi


@pytest.fixture(name="kit")
def _kit(pi: Machine, films: Path, request: pytest.FixtureRequest) -> PiKit:
    stack = RigStack(films / request.node.name)
    stack.add_kit(NO_SERVICE)
    return PiKit(stack, pi)


def opened(kit: PiKit) -> tuple[Manifest, bytes]:
    """Return the kit's only film, as the recovery identity opens it."""
    (film,) = kit.stack.films()
    return Opener.of(kit.stack).open(film.film, KitFiles(film.folder))


@pytest.mark.parametrize(
    "tests", [("tests/device/contract/test_camera.py", "-k", "Raspberry"), ("tests/device/pi/on_virtual_camera.py",)]
)
def test_it_is_a_camera(pi: Machine, tests: tuple[str, ...]) -> None:
    options = ("-q", "-p", "no:cacheprovider", "-p", "virtual_camera")
    bearing = ("-W", "ignore:setDaemon:DeprecationWarning", "-W", "ignore:unclosed file:ResourceWarning")  # picamera2's
    told = pi.run(
        ["env", "-C", INSIDE_SOURCE, kit_package.PYTHON, "-m", "pytest", *options, *bearing, *tests],
        environment={"PYTHONPATH": INSIDE_SUPPORT, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert " passed" in told
    assert "skipped" not in told


def test_a_whole_film(kit: PiKit, capsys: pytest.CaptureFixture[str]) -> None:
    with kit.microphone(), kit.recorder() as recorder:
        ready = recorder.wait_for("ready")
        first = recorder.begin_film()
        wait_until(lambda: (status := recorder.status()) is not None and status.at_ms > FILM_SECONDS * 1000)
        began = time.monotonic()
        recorder.do("press agree")
        recorder.wait_for("ready")
        closed = time.monotonic() - began
    with capsys.disabled():
        print(f"\non the virtual camera: start to ready {ready:.2f} s, button to first sealed second {first:.2f} s,")
        print(f"stop to closed film {closed:.2f} s")
    manifest, movie = opened(kit)
    assert manifest.ended is Ended.STOPPED
    print(heard(movie))
    media = [entry for entry in manifest.parts if entry.kind is PartKind.MEDIA]
    assert all(900 <= part.duration_ms <= 1100 for part in media[:-1])
    with av.open(io.BytesIO(movie), "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        times = [float((packet.pts or 0) * packet.time_base) for packet in packets]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == list(
            range(0, len(packets), 25)
        )
        assert times[-1] - times[0] == pytest.approx(manifest.duration_ms / 1000, abs=0.1)
        apart = [later - earlier for earlier, later in pairwise(times)]
        assert 0 < min(apart) <= max(apart) < 0.2, sorted(apart)
    with av.open(io.BytesIO(movie), "r", options={"err_detect": "explode"}) as container:
        pictures = list(container.decode(video=0))
    assert len(pictures) == len(packets)
    assert not any(picture.is_corrupt for picture in pictures)
    sound = heard(movie)
    assert sound.seconds == pytest.approx(manifest.duration_ms / 1000, abs=0.15)
    assert sound.pitch == pytest.approx(TONE_HZ, abs=5)
    assert (pictures[0].width, pictures[0].height) == (1280, 720)


@dataclass(frozen=True)
class Sound:
    """How long a film's sound is, and its pitch in Hz, from how often it crosses zero."""

    seconds: float
    pitch: float


def heard(movie: bytes) -> Sound:
    with av.open(io.BytesIO(movie), "r", options={"err_detect": "explode"}) as container:
        wave = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    middle = wave[24_000:-24_000]  # the microphone needs its time to open
    crossings = int(np.count_nonzero(np.diff(np.signbit(middle))))
    return Sound(len(wave) / 48_000, crossings / 2 / (len(middle) / 48_000))


def test_a_microphone_that_goes_away_is_noted_and_leaves_silence(kit: PiKit) -> None:
    with kit.microphone() as microphone, kit.recorder() as recorder:
        recorder.wait_for("ready")
        recorder.begin_film()
        microphone.plugged.clear()
        wait_until(lambda: (status := recorder.status()) is not None and "microphone-away" in status.warnings)
        microphone.plugged.set()
        wait_until(lambda: (status := recorder.status()) is not None and "microphone-away" not in status.warnings)
        recorder.do("press agree")
        recorder.wait_for("ready")
    manifest, movie = opened(kit)
    assert manifest.ended is Ended.STOPPED
    assert heard(movie).seconds == pytest.approx(manifest.duration_ms / 1000, abs=0.15)


def test_a_recorder_that_breaks_ends_the_film_and_keeps_it(kit: PiKit) -> None:
    with kit.recorder() as recorder:
        recorder.wait_for("ready")
        recorder.begin_film()
        recorder.do("break recorder")
        recorder.wait_for("fault")
        assert recorder.fault() == "camera-stalled"
        assert recorder.process.poll() is None
    manifest, movie = opened(kit)
    assert manifest.ended is Ended.CAMERA_STALLED
    assert manifest.duration_ms > 0
    assert movie


def test_a_cable_that_is_pulled_ends_the_film_and_the_process_and_a_new_one_goes_on(
    kit: PiKit, capsys: pytest.CaptureFixture[str]
) -> None:
    with kit.recorder() as recorder:
        recorder.wait_for("ready")
        recorder.begin_film()
        kit.cable.touch()
        began = time.monotonic()
        code = recorder.process.wait(30)
        seconds = time.monotonic() - began
    assert code == EXIT_RESTART
    with capsys.disabled():
        print(f"\ncable pulled to end of the process {seconds:.2f} s")
    assert opened(kit)[0].ended is Ended.CAMERA_STALLED
    kit.cable.unlink()
    with kit.recorder() as recorder:
        recorder.wait_for("fault")  # until a person has seen it
        recorder.do("press agree")
        recorder.wait_for("ready")
        recorder.begin_film()
        recorder.do("hold record")
        recorder.wait_for("ready")
    assert len(kit.stack.films()) == 2


def test_a_recorder_that_is_killed_is_back_soon(kit: PiKit, capsys: pytest.CaptureFixture[str]) -> None:
    with kit.recorder() as recorder:
        recorder.wait_for("ready")
        recorder.begin_film()
        recorder.process.kill()
        recorder.process.wait()
        began = time.monotonic()
    with kit.recorder() as recorder:
        recorder.wait_for("ready")
        seconds = time.monotonic() - began
    assert seconds < READY_SECONDS
    with capsys.disabled():
        print(f"\ncrash to ready {seconds:.2f} s")
    assert opened(kit)[0].ended is Ended.INTERRUPTED


def test_a_selftest_measures_the_camera_and_the_microphone(kit: PiKit, capsys: pytest.CaptureFixture[str]) -> None:
    with kit.microphone():
        results = kit.selftest("keys", "directory", "card", "tally", "camera", "sound")
    with capsys.disabled():
        print("", *(f"{name}: {result['text']}" for name, result in results.items()), sep="\n")
    assert {name: result["code"] for name, result in results.items()} == dict.fromkeys(results, "")
    level = 20 * np.log10(TONE_AMPLITUDE / np.sqrt(2))  # not the peak: where a tone begins of a sudden, AAC overshoots
    assert results["sound"]["figures"]["level_dbfs"] == pytest.approx(level, abs=1.5)


def test_a_selftest_goes_on_where_the_camera_gives_nothing(kit: PiKit) -> None:
    kit.cable.touch()
    results = kit.selftest("camera", "card")
    assert results["camera"]["code"] == "camera-failed"
    assert "gives no pictures" in results["camera"]["text"]
    assert results["card"]["verdict"] == "OK"
