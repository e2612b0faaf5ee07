"""A kit, its agency and the link between them, put through a script."""

import hashlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioning.store_films import Store
from tests.rigs.accounted_uplink import ACCOUNT, SentBytes, read_account
from tests.rigs.bad_link import AGENCY_ADDRESS, BadLink, bad_link
from tests.rigs.link_scripts import Event, Happening, Script
from tests.rigs.random_films import RandomFilms
from tests.rigs.rig_stack import RigStack, kill, wait_until

PORT = 8080
_LOOK_SECONDS = 0.2
_PAUSE_SECONDS = 0.3  # between parts of the film that is being filmed


@dataclass
class Outcome:
    """What came of a script. `waited`: seconds from the end of each happening to the kit's next packet.

    `lacking` are films that did not arrive, or not as they were filmed.
    """

    waited: list[float] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    account: list[SentBytes] = field(default_factory=list)


def lacking(stack: RigStack, films: RandomFilms) -> list[str]:
    """Return the films that the store has not, or not as they were filmed, or without a receipt."""
    kept = {film.film: film for film in Store(stack.data).films()}
    return [
        film
        for film, hashes in films.hashes.items()
        if [hashlib.sha256(kept[film].part(number) or b"").hexdigest() for number in range(len(hashes))] != hashes
        or kept[film].receipt() is None
    ]


@contextmanager
def listening(stack: RigStack) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the service at the agency's end of the link."""
    command = [*stack.service_command(PORT), "--host", AGENCY_ADDRESS]
    with stack.program("service", command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"listening on " in process.stdout.readline(), stack.log("service")
        yield process


class ScriptedKit:
    """Runs one script in a folder. Films consist of random bytes: neither side looks into them."""

    def __init__(self, folder: Path, script: Script) -> None:
        self._script = script
        self._stack = RigStack(folder)
        self._account = self._stack.logs / "account"
        self._link: BadLink

    def play(self, seconds: float) -> Outcome:
        """Play the script; wait at most so long for all films. Raises `AssertionError` if they do not come."""
        outcome = Outcome()
        with bad_link(self._script.link, seed=self._script.seed) as self._link, ExitStack() as running:
            accounted = self._link.at_kit("env", f"{ACCOUNT}={self._account}")
            self._stack.prefixes = {"service": self._link.at_agency(), "uplink": accounted}
            self._stack.add_kit(f"http://{AGENCY_ADDRESS}:{PORT}")
            self._programs = {name: running.enter_context(self._program(name)) for name in ("service", "uplink")}
            films = RandomFilms(self._stack.config, self._script.seed)
            running.callback(films.close)
            for sizes in self._script.films[:-1]:
                films.film(sizes)
            filming = threading.Thread(
                target=films.film, args=self._script.films[-1:], kwargs={"pause": _PAUSE_SECONDS}
            )
            filming.start()
            for happening in self._script.happenings:
                time.sleep(happening.after)
                self._happen(happening, running)
                outcome.waited.append(self._until_packet())
            filming.join()
            wait_until(lambda: not self._stack.films(), seconds)
        outcome.account = read_account(self._account)
        outcome.lacking = lacking(self._stack, films)
        return outcome

    def _happen(self, happening: Happening, running: ExitStack) -> None:
        match happening.event:
            case Event.LINK_DOWN:
                self._link.shape(replace(self._script.link, down=True))
                time.sleep(happening.seconds)
                self._link.shape(self._script.link)
            case Event.KIT_WITHOUT_POWER:  # no connection is closed, as nobody is there to close it
                self._link.shape(replace(self._script.link, down=True))
                kill(self._programs["uplink"])
                time.sleep(happening.seconds)
                self._link.shape(self._script.link)
                self._programs["uplink"] = running.enter_context(self._program("uplink"))
            case Event.SERVICE_KILLED:
                kill(self._programs["service"])
                time.sleep(happening.seconds)
                self._programs["service"] = running.enter_context(self._program("service"))
            case Event.SERVICE_RESTARTED:
                self._programs["service"].send_signal(signal.SIGTERM)
                self._programs["service"].wait()
                self._programs["service"] = running.enter_context(self._program("service"))

    def _until_packet(self) -> float:
        """Return how long it takes until the kit sends anything, or has nothing to send."""
        before, since = self._link.carried(), time.monotonic()
        while self._link.carried() == before and self._stack.films():
            time.sleep(_LOOK_SECONDS)
        return time.monotonic() - since

    @contextmanager
    def _program(self, name: str) -> Iterator["subprocess.Popen[bytes]"]:
        if name == "service":
            with listening(self._stack) as process:
                yield process
            return
        _, *options = self._stack.uplink_command()
        with self._stack.program(name, ["tests.rigs.accounted_uplink", *options]) as process:
            yield process
