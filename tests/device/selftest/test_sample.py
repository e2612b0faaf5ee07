"""Two seconds of film: never without the recording light, never on the card, and a camera that fails is named."""

import sys
import threading
from pathlib import Path

import pytest

from device.board import BOARD
from device.ports import Deliver, EncodedPacket, Failed, Notify, PictureFormat, ignore
from device.sim.camera import SimulatedCamera
from device.sim.faults import Faults
from tests.device.selftest.bench import SMALL, Bench


class LitCamera(SimulatedCamera):
    """Says of each packet, and of its start and stop, whether the recording light shone."""

    def __init__(self) -> None:
        super().__init__(picture=SMALL, speed=None)
        self.bench: Bench | None = None
        self.lit: list[bool] = []

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        self._look()

        def looking(packet: EncodedPacket) -> None:
            self._look()
            deliver(packet)

        super().start(looking, failed, notify)

    def stop(self) -> None:
        super().stop()
        self._look()

    def _look(self) -> None:
        assert self.bench is not None
        self.lit.append(self.bench.is_on(BOARD.tally_sense))


def test_the_recording_light_shines_from_before_the_first_picture_until_after_the_last(tmp_path: Path) -> None:
    camera = LitCamera()
    camera.bench = bench = Bench(tmp_path, camera)
    assert [bench.code("camera"), bench.code("sound")] == ["", ""]
    assert len(camera.lit) > 50
    assert all(camera.lit)
    assert not bench.is_on(BOARD.tally)
    assert not bench.is_on(BOARD.microphone_power)


def test_one_sample_is_enough_for_all_tests(bench: Bench) -> None:
    assert bench.stand.sample() is bench.stand.sample()


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (Faults(camera_stops_at_s=0.0), "camera-failed"),
        (Faults(camera_stops_at_s=1.0), "camera-stalled"),
        (Faults(camera_fails_at_s=0.0), "camera-failed"),
        (Faults(camera_fails_at_s=1.0), "camera-failed"),
    ],
)
def test_a_camera_that_fails_is_named(
    tmp_path: Path, faults: Faults, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.selftest.sample.NO_PICTURE_SECONDS", 0.5)
    bench = Bench(tmp_path, SimulatedCamera(picture=SMALL, speed=None if code == "camera-failed" else 4, faults=faults))
    assert [bench.code("camera"), bench.code("sound")] == [code] * 2
    assert not bench.is_on(BOARD.tally)


def test_a_camera_that_can_not_begin_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SimulatedCamera(tmp_path / "no such file", picture=SMALL))
    assert bench.code("camera") == "camera-failed"
    assert not bench.is_on(BOARD.tally)


class HungCamera(SimulatedCamera):
    """Never stops: as picamera2 on a loose cable."""

    def __init__(self) -> None:
        super().__init__(picture=SMALL, speed=None)
        self.released = threading.Event()

    def stop(self) -> None:
        self.released.wait()
        super().stop()


def test_a_camera_that_does_not_stop_is_told_and_loses_its_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.filming.STOP_SECONDS", 0.2)
    camera = HungCamera()
    bench = Bench(tmp_path, camera)
    try:
        assert bench.code("camera") == "camera-stalled"
        assert bench.stand.camera_hangs
        assert not bench.is_on(BOARD.tally)
    finally:
        camera.released.set()


class InterruptedCamera(SimulatedCamera):
    """Somebody ends the self-test as soon as it films."""

    stopped = False

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        super().start(deliver, failed, notify)
        raise KeyboardInterrupt

    def stop(self) -> None:
        super().stop()
        self.stopped = True


def test_whoever_ends_it_leaves_neither_camera_nor_light_behind(tmp_path: Path) -> None:
    camera = InterruptedCamera(picture=SMALL, speed=None)
    bench = Bench(tmp_path, camera)
    with pytest.raises(KeyboardInterrupt):
        bench.test("camera")
    assert camera.stopped
    assert not bench.is_on(BOARD.tally)
    assert not bench.is_on(BOARD.microphone_power)


class CutCamera(SimulatedCamera):
    """The recording light fails while it runs."""

    bench: Bench

    def start(self, deliver: Deliver, failed: Failed, notify: Notify = ignore) -> None:
        super().start(deliver, failed, notify)
        self.bench.circuit.cut_light()


def test_a_light_that_fails_meanwhile_ends_it(tmp_path: Path) -> None:
    camera = CutCamera(picture=PictureFormat(640, 360, 25), speed=1.0)
    camera.bench = bench = Bench(tmp_path, camera)
    result = bench.result("camera")
    assert result.code == "light-failed"
    assert "while the camera ran" in result.text
    assert not bench.is_on(BOARD.tally)


_opened: list[tuple[object, int]] | None = None


def _watch_files(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append((arguments[0], arguments[2] if isinstance(arguments[2], int) else 0))


def test_no_file_is_written_while_the_sample_is_filmed_and_looked_at(bench: Bench) -> None:
    global _opened
    sys.addaudithook(_watch_files)
    _opened = []
    try:
        assert [bench.code("camera"), bench.code("sound")] == ["", ""]
        Path("/dev/null").write_bytes(b"")  # or the watch would be blind
    finally:
        opened, _opened = _opened, None
    written = [path for path, flags in opened if flags & 0o3]
    assert [str(path) for path in written] == ["/dev/null"]
