"""`kit-device status --watch` on a real terminal and in a real pipe, while the uplink's word changes."""

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from device.progress_screen import screen
from device.status import UPLINK_FILE, FilmProgress, UplinkStatus, write_status
from footage.keys import key_to_pem
from tests.device.kit import Kit

FILM = "5f0c8a1e-0000-4000-8000-000000000000"
HALF = UplinkStatus(
    1,
    films=(FilmProgress(FILM, 200_000_000, 100_000_000),),
    bytes_there=100_000_000,
    bytes_to_go=100_000_000,
    bytes_per_second=1_000_000,
    seconds_to_go=100,
    moving=True,
)
ALL = UplinkStatus(0, bytes_there=200_000_000, seconds_to_go=0, receipts=1, last_receipt=FILM)


class Watched:
    """The command, and what it wrote so far."""

    def __init__(self, folder: Path, *options: str, terminal: str = "", stdout: int | None = None) -> None:
        self.folder = folder
        self.text = ""
        kit = Kit(folder)
        (folder / "kit.key.pem").write_bytes(key_to_pem(kit.agency.kit_key))
        (folder / "kit.toml").write_text(
            f'kit = "{kit.agency.kit}"\nservice = "http://127.0.0.1:1"\n'
            f'agency_root = "{kit.agency.root_thumbprint}"\nspool = "spool"\nstatus = "run"\n'
        )
        self.says(HALF)
        command = [sys.executable, "-m", "device", "--config", str(folder / "kit.toml"), "status", "--watch", *options]
        self._read, write = pty.openpty() if terminal else os.pipe()
        environment = os.environ | {"TERM": terminal or "dumb", "COLUMNS": "100", "LINES": "30"}
        self.process = subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, env=environment)
        os.close(write)

    def says(self, status: UplinkStatus) -> None:
        write_status(self.folder / "run" / UPLINK_FILE, status)

    def until(self, held: Callable[[str], bool], seconds: float = 30) -> str:
        deadline = time.monotonic() + seconds
        while not held(self.text):
            ready, _, _ = select.select([self._read], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"only this was written: {self.text!r}"
            self.text += os.read(self._read, 65536).decode()
        return self.text

    def stop_reading(self) -> None:
        os.close(self._read)

    def interrupted(self) -> tuple[int, bytes]:
        """Interrupt it as Ctrl-C does; return its exit code and what it complained of."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> tuple[int, bytes]:
        _, complaints = self.process.communicate(timeout=20)
        return self.process.returncode, complaints


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    begun: list[Watched] = []

    def begin(*options: str, terminal: str = "") -> Watched:
        begun.append(Watched(tmp_path, *options, terminal=terminal))
        return begun[-1]

    yield begin
    for watched in begun:
        watched.process.kill()
        watched.process.communicate()


@pytest.mark.parametrize("terminal", ["", "dumb"])
def test_in_a_pipe_a_line_each_change(watch: Callable[..., Watched], terminal: str) -> None:
    watched = watch(terminal=terminal)
    watched.until(lambda text: "\n" in text)
    time.sleep(1.5)
    watched.says(ALL)
    text = watched.until(lambda text: text.count("\n") == 2)
    assert text.replace("\r", "").splitlines() == [
        "1 film waits, 100.0 MB to go, 1.0 MB/s, about 2 min",
        "all films are with the agency, none is left on the kit",
    ]
    assert watched.interrupted() == (0, b"")


def test_programs_get_an_object_each_change(watch: Callable[..., Watched]) -> None:
    watched = watch("--json")
    watched.until(lambda text: "\n" in text)
    watched.says(ALL)
    lines = watched.until(lambda text: text.count("\n") == 2).splitlines()
    first, second = map(json.loads, lines)
    assert (first["bytes_to_go"], first["films"][0]["film"]) == (100_000_000, FILM)
    assert (second["films_waiting"], second["seconds_to_go"]) == (0, 0)
    assert watched.interrupted() == (0, b"")


def test_on_a_terminal_bars_that_are_drawn_anew(watch: Callable[..., Watched]) -> None:
    watched = watch(terminal="xterm-256color")
    text = watched.until(lambda text: "Ctrl-C" in text)
    assert "━" in text
    assert re.search(r"5f0c8a1e.*50 %.*100\.0 of 200\.0 MB", text)
    assert re.search(r"all.*50 %.*1\.0 MB/s, about 2 min", text)
    watched.says(ALL)
    watched.until(lambda text: "none is left on the kit" in text)
    assert watched.interrupted() == (0, b"")
    assert watched.until(lambda text: "\x1b[?25h" in text), "the cursor is there again"


def test_whoever_reads_may_have_seen_enough(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.until(lambda text: "\n" in text)
    watched.stop_reading()
    watched.says(ALL)
    assert watched.ended() == (0, b"")


def drawn(uplink: UplinkStatus | None, *, silent: bool = False, height: int = 24) -> str:
    console = Console(width=100, file=io.StringIO())
    with console.capture() as capture:
        console.print(screen("kit-0001", uplink, silent=silent, height=height))
    return capture.get()


def test_thirty_films_fit_a_small_screen() -> None:
    films = tuple(FilmProgress(f"{number:08x}-", 1000, 100) for number in range(30))
    text = drawn(UplinkStatus(30, films=films, bytes_to_go=27_000, bytes_there=3000), height=24)
    assert len(text.splitlines()) <= 24
    assert "00000000" in text
    assert "and 15 more films" in text
    assert "all" in text


def test_a_film_that_is_refused_or_open_says_so_beside_its_bar() -> None:
    films = (FilmProgress("a" * 36, 1000, 100, refused=True), FilmProgress("b" * 36, 1000, 100, open=True))
    text = drawn(UplinkStatus(2, films=films, bytes_to_go=1800, problem_code="refused", problem="film-held: Ask IT."))
    assert re.search(r"a{8} .* refused", text)
    assert re.search(r"b{8} .* not closed yet", text)
    assert "refused: film-held: Ask IT." in text


def test_an_uplink_that_says_nothing_is_told_of() -> None:
    assert "has not started yet" in drawn(None)
    assert "systemctl status kit-uplink" in drawn(HALF, silent=True)
    assert "systemctl" not in drawn(HALF)
