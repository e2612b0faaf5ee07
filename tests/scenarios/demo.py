"""`make demo`: one visit, from the button to the agency's store and back to a film that plays.

Leaves `demo-output/film-*.mp4`, a contact sheet of each, and `summary.json`. Exit code 0 only if all of it held.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream
from rich.console import Console
from rich.live import Live
from rich.progress import track
from rich.table import Table

from device.ports import CameraFailed, PictureFormat
from device.recorder import State
from device.sim.replay import Replay
from footage.manifest import Ended
from provisioning.recover import Outcome, read_recovery_file, recover_film
from provisioning.store_films import Store
from tests.scenarios import visit
from tests.scenarios.contact_sheet import write_contact_sheet
from tests.scenarios.live import picture
from tests.scenarios.stack import Stack

OUTPUT = Path("demo-output")
_POWER_CUT_AT_MS = 8_000
_console = Console()


class DemoFailed(Exception):
    """Something did not hold; the message says what and where to look."""


class Demo:
    """Plays the visit and watches it as a bystander: through status files, the spool and the store."""

    def __init__(self, folder: Path, source: Path | None, live: Live) -> None:
        self.stack = Stack(folder)
        self._source = source
        self._live = live
        self._chapter = ""
        self.filmed: list[str] = []
        self.stopped_at = 0.0
        self._seen_filming_at = 0.0
        self.seconds_from_stop_to_receipt = 0.0

    def play(self) -> None:
        """Run everything up to the empty spool. Raises `DemoFailed`."""
        with self.stack.service() as address:
            self.stack.add_kit(address)
            with self.stack.program("uplink", self.stack.uplink_command()):
                self._visit()
                self._switch_on_again()
                self.chapter("The last films go to the agency; the kit erases each on its receipt")
                self.wait("the spool to be empty", lambda: not self.stack.films(), 60)

    def chapter(self, text: str) -> None:
        """Say what comes now."""
        self._chapter = text
        if not _console.is_terminal:  # a log shows no live picture
            _console.print(text)

    def wait(self, what: str, held: Callable[[], bool], seconds: float) -> None:
        """Show the live picture until `held`. Raises `DemoFailed` after `seconds`."""
        deadline = time.monotonic() + seconds
        while not held():
            if time.monotonic() > deadline:
                raise DemoFailed(f"Waited {seconds:.0f} s for {what}. See {self.stack.logs}.")
            self._look()
            time.sleep(0.1)
        self._look()

    def _visit(self) -> None:
        script = self._script("visit", visit.FILMING)
        with self.stack.program("recorder", self.stack.recorder_command(script, self._source)) as recorder:
            self.chapter("The family agrees; the practitioner films, marks a moment, and stops")
            self._film_until_closed(recorder, 60)
            self.chapter("A second film: the family stops it, holds its button, and takes it back")
            self._film_until_closed(recorder, 60)
            self.chapter("A third film: the power is cut while it is being recorded (kill -9)")
            self._wait_for_film(recorder)
            self.wait("the third film", lambda: self._running_ms() > _POWER_CUT_AT_MS, 60)
            recorder.send_signal(signal.SIGKILL)
            recorder.wait()

    def _switch_on_again(self) -> None:
        self.chapter("The kit is switched on again and closes the film from its files")
        script = self._script("switched-on-again", visit.SWITCHED_ON_AGAIN)
        with self.stack.program("recorder", self.stack.recorder_command(script)) as recorder:
            self.wait("the recorder", lambda: recorder.poll() is not None, 60)

    def _wait_for_film(self, recorder: subprocess.Popen[bytes]) -> None:
        def begun() -> bool:
            status = self.stack.recorder_status()
            if recorder.poll() is not None or (status and status.state == State.FAULT.value):
                raise DemoFailed(f"The recorder gave up: {status.fault if status else 'no status'}")
            return status is not None and status.film not in ("", *self.filmed)

        self.wait("a film to begin", begun, 30)
        status = self.stack.recorder_status()
        assert status is not None
        self.filmed.append(status.film)

    def _film_until_closed(self, recorder: subprocess.Popen[bytes], seconds: float) -> None:
        self._wait_for_film(recorder)
        film = self.filmed[-1]
        self.wait("the film to end", lambda: self._running_film() != film, seconds)
        self.stopped_at = self.stopped_at or self._seen_filming_at  # never later than the stop: no second is left out

    def _running_film(self) -> str:
        status = self.stack.recorder_status()
        return status.film if status else ""

    def _running_ms(self) -> int:
        status = self.stack.recorder_status()
        return status.at_ms if status else 0

    def _look(self) -> None:
        uplink = self.stack.uplink_status()
        if self._running_film():
            self._seen_filming_at = time.monotonic()
        if self.stopped_at and not self.seconds_from_stop_to_receipt and uplink and uplink.receipts:
            self.seconds_from_stop_to_receipt = time.monotonic() - self.stopped_at
        self._live.update(picture(self.stack, self._chapter))

    def _script(self, name: str, text: str) -> Path:
        path = self.stack.folder / f"{name}.txt"
        path.write_text(text, "utf-8")
        return path


def open_store(demo: Demo) -> list[Outcome]:
    """Open every film of the store with the recovery identity, as `kit recover` does."""
    recovery = read_recovery_file(demo.stack.agency.folder / "recovery.txt")
    store = Store(demo.stack.data)
    directory = store.directory(recovery.root)
    films = track(store.films(), "Opening the store with the recovery identity", console=_console)
    outcomes = [recover_film(film, directory, recovery.identity, OUTPUT, lambda _count: None) for film in films]
    return sorted(outcomes, key=lambda outcome: demo.filmed.index(outcome.film))


def check(demo: Demo, outcomes: list[Outcome]) -> list[str]:
    """Return what did not hold."""
    faults = [f"{outcome.film}: {outcome.code}: {outcome.problem}" for outcome in outcomes if outcome.refused]
    by_film = {outcome.film: outcome for outcome in outcomes}
    stopped, taken_back, interrupted = demo.filmed
    for film, ended in ((stopped, Ended.STOPPED), (interrupted, Ended.INTERRUPTED)):
        if film not in by_film or by_film[film].ended != ended.value:
            faults.append(f"film {film} should be in the store as {ended.value}")
    if taken_back in by_film:
        faults.append(f"film {taken_back} was taken back but is in the store")
    if len(outcomes) != 2:
        faults.append(f"the store should have 2 films, not {len(outcomes)}")
    for outcome in outcomes:
        if outcome.movie:
            faults += [f"{outcome.movie.name}: {fault}" for fault in movie_faults(outcome)]
    if demo.stack.films():
        faults.append("the spool is not empty")
    if stopped in by_film and not by_film[stopped].moments_ms:
        faults.append("the moment that was marked is missing")
    return faults


def movie_faults(outcome: Outcome) -> list[str]:
    """Decode a movie to its end and return what is wrong with it."""
    assert outcome.movie is not None
    faults = [] if outcome.receipt_verified else ["its receipt is not verified"]
    with av.open(str(outcome.movie)) as container:
        codecs = [stream.codec_context.name for stream in container.streams]
        if codecs != ["h264", "aac"]:
            faults.append(f"its tracks are {codecs}")
        ends = [decoded_end_s(container, stream) for stream in container.streams]
    for end in ends:
        if abs(end - outcome.duration_ms / 1000) > 1:
            faults.append(f"a track ends at {end:.1f} s of {outcome.duration_ms / 1000:.1f} s")
    return faults


def decoded_end_s(container: InputContainer, stream: Stream) -> float:
    """Decode one track to its end and return when it ends, in seconds."""
    container.seek(0)
    frames = (frame for frame in container.decode(stream) if isinstance(frame, av.VideoFrame | av.AudioFrame))
    return max((frame.time or 0.0 for frame in frames), default=0.0)


def write_summary(demo: Demo, outcomes: list[Outcome]) -> None:
    """Write `summary.json` and a contact sheet of each film."""
    films = []
    for outcome in outcomes:
        if outcome.movie is None:
            continue
        write_contact_sheet(outcome.movie, outcome.movie.with_suffix(".png"))
        films.append(
            {
                "film_id": outcome.film,
                "ended": outcome.ended,
                "duration_s": outcome.duration_ms / 1000,
                "parts": outcome.parts,
                "bytes": outcome.bytes,
                "moments": len(outcome.moments_ms),
                "receipt_verified": outcome.receipt_verified,
                "mp4": str(outcome.movie.resolve()),
            }
        )
    summary = {
        "films": films,
        "kit_spool_empty": not demo.stack.films(),
        "taken_back": len(demo.filmed) > 1 and demo.filmed[1] not in {outcome.film for outcome in outcomes},
        "seconds_from_stop_to_receipt": round(demo.seconds_from_stop_to_receipt, 2),
    }
    (OUTPUT / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")


def show(demo: Demo, outcomes: list[Outcome]) -> None:
    """Print what was made."""
    table = Table("film", "ended", "length", "parts", "moments", "receipt", "opened as", title="In the agency's store")
    for outcome in outcomes:
        table.add_row(
            outcome.film[:8],
            outcome.ended,
            f"{outcome.duration_ms / 1000:.1f} s",
            str(outcome.parts),
            str(len(outcome.moments_ms)),
            "verified" if outcome.receipt_verified else "none",
            str(outcome.movie) if outcome.movie else outcome.code,
        )
    _console.print(table)
    _console.print(f"From stop to receipt: {demo.seconds_from_stop_to_receipt:.1f} s. Pictures: {OUTPUT}/film-*.png")


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--source", type=Path, help="a video file to film instead of the generated scene")
    source = parser.parse_args().source
    try:
        if source:
            Replay(source, PictureFormat(1280, 720, 25))
    except CameraFailed as reason:
        sys.exit(f"make demo: {reason}")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    with Live(console=_console, refresh_per_second=8) as live:
        demo = Demo(OUTPUT / "kit-and-agency", source, live)
        try:
            demo.play()
        except (DemoFailed, RuntimeError) as reason:
            live.stop()
            sys.exit(f"make demo: {reason}")
    outcomes = open_store(demo)
    write_summary(demo, outcomes)
    show(demo, outcomes)
    if faults := check(demo, outcomes):
        sys.exit("make demo: not everything held:\n  " + "\n  ".join(faults))
    _console.print("[bold]All of it held.[/bold]")


if __name__ == "__main__":
    main()
