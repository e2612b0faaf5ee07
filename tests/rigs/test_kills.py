"""Recorder, uplink and service are killed (kill -9) again and again, at random moments: every film ends whole."""

import hashlib
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from footage.film import verify_film
from provisioning.__main__ import EXIT_SOME_NOT_OPENED
from provisioning.store_films import Store, StoredFilm
from tests.rigs.engine import free_port
from tests.rigs.opened import Opener
from tests.rigs.rig_stack import RigStack, kill, wait_until

pytestmark = pytest.mark.rig

SEED = 2
FILMS = 8
FILM_ON = "press agree\nwait 0.3\npress record\nwait 3600\n"
STOP_AFTER_3_SECONDS = "press agree\nwait 0.3\npress record\nwait 1\nhold record\nwait 0.2\n"
SWITCH_ON = "wait 0.2\n"


class Witness:
    """Looks at the spool all the time, and remembers every part that it ever saw under its final name."""

    def __init__(self, spool: Path) -> None:
        self.parts: dict[tuple[str, int], str] = {}  # film and number: SHA-256
        self._films = spool / "films"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        seen: set[Path] = set()
        while not self._ended.wait(0.02):
            for file in set(self._films.glob("*/*.age")) - seen:
                with suppress(FileNotFoundError):  # the uplink has just erased it
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    self.parts[file.parent.name, int(file.name.split(".")[0])] = digest
                    seen.add(file)


@contextmanager
def killed_again_and_again(
    start: Callable[[], AbstractContextManager[subprocess.Popen[bytes]]], chance: random.Random
) -> Iterator[list[float]]:
    """Run a program in the background and kill it at random moments; yield the list of these."""
    ended = threading.Event()
    kills: list[float] = []

    def keep_killing() -> None:
        while not ended.is_set():
            with start() as process:
                ended.wait(chance.uniform(0.8, 4))
                if process.poll() is None:
                    kills.append(time.monotonic())
                kill(process)

    thread = threading.Thread(target=keep_killing)
    thread.start()
    try:
        yield kills
    finally:
        ended.set()
        thread.join()


class Rig:
    """A kit and a service on a fixed port."""

    def __init__(self, stack: RigStack) -> None:
        self.stack = stack
        self.port = free_port()
        stack.add_kit(f"http://127.0.0.1:{self.port}")
        self._script = stack.folder / "script.txt"

    def service(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Start the service without waiting for it."""
        return self.stack.program("service", self.stack.service_command(self.port))

    def uplink(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Start the uplink."""
        return self.stack.program("uplink", self.stack.uplink_command())

    def recorder(self, script: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Start the recorder."""
        self._script.write_text(script)
        return self.stack.program("recorder", self.stack.recorder_command(self._script))

    def settle(self) -> None:
        """Let everything come to its end, undisturbed."""
        with self.recorder(SWITCH_ON) as recorder:
            assert recorder.wait(30) == 0
        with self.stack.service(self.port):
            assert self.stack.run("uplink", self.stack.uplink_command("--until-empty"))[0] == 0


def test_whatever_is_killed_every_film_ends_whole(stack: RigStack) -> None:
    rig = Rig(stack)
    chance = random.Random(SEED)
    uplinks, services = (random.Random(chance.random()) for _ in range(2))
    stopped = 0
    with Witness(stack.config.spool) as witness:
        with killed_again_and_again(rig.service, services) as ends, killed_again_and_again(rig.uplink, uplinks) as cuts:
            for number in range(FILMS):
                with rig.recorder(STOP_AFTER_3_SECONDS if number % 4 == 3 else FILM_ON) as recorder:
                    if number % 4 == 3:
                        stopped += 1
                        assert recorder.wait(60) == 0
                    elif number == 0:  # there is hardly anything of it yet
                        wait_until(lambda: bool(witness.parts))
                        kill(recorder)
                    else:
                        time.sleep(chance.uniform(1, 5))
                        kill(recorder)
        rig.settle()
    print(f"{FILMS - stopped} kills of the recorder, {len(cuts)} of the uplink, {len(ends)} of the service")
    assert stack.films() == []
    assert missing(stack, witness) == {}
    assert_recovered(stack)


def missing(stack: RigStack, witness: Witness) -> dict[tuple[str, int], str]:
    """Return the parts that were once on the kit and are not in the store."""
    gone = {}
    for (film, number), digest in witness.parts.items():
        stored = StoredFilm(stack.store / "films" / film).part(number)
        if stored is None or hashlib.sha256(stored).hexdigest() != digest:
            gone[film, number] = digest
    assert len({film for film, _ in witness.parts}) >= FILMS // 2
    return gone


def assert_recovered(stack: RigStack) -> None:
    """Every film in the store is closed, receipted and opens; those in which a second was filmed are movies."""
    opener = Opener.of(stack)
    filmed = set()
    for film in Store(stack.data).films():
        manifest = film.manifest()
        assert manifest is not None, f"film {film.film} was never closed"
        assert opener.store_has(stack.store, film.film, manifest.decode())
        if verify_film(film.film, film, opener.directory).manifest.duration_ms:
            filmed.add(film.film)
    out = stack.folder / "recovered"
    identity = stack.agency.folder / "recovery.txt"
    command = ["provisioning", "recover", "--store", str(stack.data), "--out", str(out), "--identity", str(identity)]
    code, text = stack.run("recover", command)
    assert code in (0, EXIT_SOME_NOT_OPENED), f"{text} {stack.log('recover')}"
    assert {movie.stem.removeprefix("film-") for movie in out.glob("*.mp4")} >= filmed
