"""Brings every film to the agency, and erases it when the agency's receipt proves true. Any crash is continued.

`sync_film` does for one film whatever its files say is next; nothing is remembered besides the files.
"""

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from device.agency import Agency, AgencyRefused, AgencyUnreachable
from device.config import KitConfig
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from device.status import UplinkStatus
from footage import durable
from footage.directory import read_directory
from footage.errors import FootageError
from footage.receipt import read_receipt

IDLE_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0
FINAL = {"film-erased", "film-taken-back", "film-held"}  # problems that no repetition mends; somebody has to decide
FINAL_SECONDS = 600.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What the uplink has done since its start."""

    parts_sent: int = 0
    bytes_sent: int = 0
    receipts: int = 0
    last_receipt: str = ""
    refused: dict[str, str] = field(default_factory=dict)  # a film's id, or "directory": why it is not taken


class Uplink:
    """One kit's uplink. `report` is told the status after each round; `alive` is called then, and after each part."""

    def __init__(
        self,
        config: KitConfig,
        spool: Spool,
        agency: Agency,
        report: Callable[[UplinkStatus], None],
        alive: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._spool = spool
        self._agency = agency
        self._report = report
        self._alive = alive
        self._clock = clock
        self._directory = config.accepted_directory()
        self._stop = threading.Event()
        self._refused_before: dict[str, str] = {}
        self._final: dict[tuple[str, FilmState], tuple[float, AgencyRefused]] = {}  # when it was said of a film
        self.counts = Counts()

    def stop(self) -> None:
        """Let `run` return after the request under way. Safe in a signal handler."""
        self._stop.set()

    def run(self, *, until_empty: bool = False) -> None:
        """Sync again and again. With `until_empty`, return when no film is left."""
        failures = 0
        while not self._stop.is_set():
            problem: AgencyUnreachable | None = None
            try:
                self.sync_all()
                failures = 0
            except AgencyUnreachable as reason:
                problem, failures = reason, failures + 1
            waiting = sum(film.state is not FilmState.EMPTY for film in self._spool.films())
            self._tell(waiting, problem)
            self._alive()
            if until_empty and not waiting:
                return
            self._stop.wait(_wait_seconds(failures))

    def sync_all(self) -> None:
        """Fetch the directory, then bring every film one step or more forward, newest first.

        Raises `AgencyUnreachable`. What is refused is kept and named, and does not hold up the rest: a false directory
        leaves the accepted one in force, and a film that the agency does not take stays on the kit. What was refused
        for good is asked again only after a while, or when the film's state has changed.
        """
        self._refused_before, self.counts.refused = self.counts.refused, {}
        self._attempt("directory", self._accept_directory)
        for film in reversed(self._spool.films()):
            if not self._stop.is_set():
                self._attempt(film.film, partial(self._sync_patiently, film))

    def _sync_patiently(self, film: SpooledFilm) -> None:
        about = film.film, film.state
        if about in self._final:
            refused_at, refusal = self._final[about]
            if self._clock() < refused_at + FINAL_SECONDS:
                raise refusal.with_traceback(None)
            del self._final[about]
        try:
            self.sync_film(film)
        except AgencyRefused as refusal:
            if refusal.problem in FINAL:
                self._final[about] = self._clock(), refusal
            raise

    def _attempt(self, subject: str, action: Callable[[], None]) -> None:
        try:
            action()
        except FileNotFoundError:
            _log.info("film %s was taken back meanwhile", subject)
        except (AgencyRefused, FootageError) as reason:
            if self._refused_before.get(subject) != str(reason):  # once, not every second
                _log.warning("%s: %s", subject, reason)
            self.counts.refused[subject] = str(reason)

    def sync_film(self, film: SpooledFilm) -> None:
        """Do what the film's files say is next, until it waits for the recorder or is gone."""
        state = film.state
        if state in (FilmState.OPEN, FilmState.CLOSED):
            self._send_parts(film)
        if state is FilmState.CLOSED:
            self._obtain_receipt(film)
            state = film.state
        if state is FilmState.RECEIPTED:
            film.erase()
            self._tell_erased(film)
            film.forget(state)
        elif state is FilmState.TAKEN_BACK:
            film.destroy()
            self._agency.delete(film.film)
            film.forget(state)

    def _send_parts(self, film: SpooledFilm) -> None:
        """Send the key first, then every durable part that the service lacks; it has the others durably."""
        held = self._agency.held(film.film)
        key = film.film_key()
        if held.key != hashlib.sha256(key).hexdigest():
            self._agency.put_key(film.film, key)
        for name in film.part_names():
            if self._stop.is_set() or film.state is FilmState.TAKEN_BACK:
                return
            if name.number not in held.parts:
                sealed = film.part(name)
                if sealed is None:  # being written, or torn by a power cut: then no manifest lists it
                    continue
                self._agency.put_part(film.film, name.number, sealed)
                self.counts.parts_sent += 1
                self.counts.bytes_sent += len(sealed)
                self._alive()

    def _obtain_receipt(self, film: SpooledFilm) -> None:
        manifest = film.manifest()
        receipt = self._agency.put_manifest(film.film, manifest)
        read_receipt(receipt, self._directory, film=film.film, manifest=manifest)
        film.keep_receipt(receipt)
        self.counts.receipts += 1
        self.counts.last_receipt = film.film
        _log.info("film %s is with the agency", film.film)

    def _tell_erased(self, film: SpooledFilm) -> None:
        try:
            self._agency.post_erased(film.film)
        except AgencyRefused as refusal:
            if refusal.problem != "film-taken-back":  # withdrawn at the agency meanwhile: as gone as can be
                raise

    def _accept_directory(self) -> None:
        token = self._agency.directory()
        if token is None:
            return
        directory = read_directory(token, self._config.agency_root, accepted=self._directory)
        if directory != self._directory:
            durable.write_file(self._config.accepted, token.encode("ascii"))
            self._directory = directory
            _log.info("directory version %d accepted", directory.version)

    def _tell(self, waiting: int, problem: AgencyUnreachable | None) -> None:
        counts = self.counts
        text = str(problem) if problem else "; ".join(counts.refused.values())
        self._report(
            UplinkStatus(
                films_waiting=waiting,
                parts_sent=counts.parts_sent,
                bytes_sent=counts.bytes_sent,
                receipts=counts.receipts,
                last_receipt=counts.last_receipt,
                problem_code=problem.code if problem else "refused" if counts.refused else "",
                problem=text,
            )
        )


def _wait_seconds(failures: int) -> float:
    """Return how long to wait: a short while, or after failures an exponential back-off with full jitter."""
    if not failures:
        return IDLE_SECONDS
    return random.uniform(0, min(MAX_WAIT_SECONDS, IDLE_SECONDS * 2**failures))  # noqa: S311  # not a secret
