"""The uplink's loop: it begins as many steps as may be in flight, and learns from how each ends.

What is next follows from the kit's files and from what the service is known to hold (`plan`). Nothing besides the
files has to survive.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

from device.agency import Agency
from device.config import KitConfig
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from device.status import UplinkStatus
from device.uplink.cargo import Cargoes
from device.uplink.courier import Courier
from device.uplink.current_link import Change, CurrentLink
from device.uplink.known import Known
from device.uplink.learning import Begun, Counts, Learning, Stopped
from device.uplink.link import Link, unknown_link
from device.uplink.metered import Meter, meter_file
from device.uplink.plan import Kind, OnKit, Step, next_steps
from device.uplink.window import MOST

LOOK_SECONDS = 0.5  # so often it looks for what the recorder has made
DIRECTORY_SECONDS = 60.0
TELL_SECONDS = 1.0
_DIRECTORY = Step(Kind.DIRECTORY, "directory")
_NEVER = float("-inf")

_log = logging.getLogger(__name__)


class Uplink:
    """One kit's uplink. `report` is told the status each second and at the end, `alive` when something moves."""

    def __init__(
        self,
        config: KitConfig,
        spool: Spool,
        agency: Agency,
        report: Callable[[UplinkStatus], None],
        alive: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        link: Callable[[], Link] = unknown_link,
        meter: Meter | None = None,
    ) -> None:
        self._agency = agency
        self._spool = spool
        self._report = report
        self._alive = alive
        self._clock = clock
        self._courier = Courier(config, agency, self._sent, clock)
        self._link = CurrentLink(link, meter or Meter(meter_file(config.spool)))
        self._cargoes = Cargoes()
        self._learning = Learning(clock, self._cargoes)
        self._going_on: dict[Future[Known | int], Begun] = {}
        self._asked_at = self._told_at = _NEVER
        self._stop = threading.Event()

    @property
    def counts(self) -> Counts:
        """What it has done since its start."""
        return self._learning.counts

    @property
    def refused(self) -> dict[str, str]:
        """What the agency does not take, a film's id or "directory", and why."""
        return self._learning.refusals.said

    def stop(self) -> None:
        """Let `run` return soon: parts that are under way are given up. Safe in a signal handler."""
        self._stop.set()

    def run(self, *, until_empty: bool = False) -> None:
        """Bring films to the agency until stopped. With `until_empty`, return when no film is left."""
        with self._telling(), ThreadPoolExecutor(MOST, "uplink") as threads:
            while not self._stop.is_set():
                if self._turn(threads):
                    continue
                if until_empty and not self._waiting():
                    return
                self._alive()
                self._stop.wait(LOOK_SECONDS)

    def sync_all(self) -> None:
        """Go on until nothing more can be done now. Raises `AgencyUnreachable` if something failed for that."""
        self._asked_at = _NEVER
        self._learning.tries.begin_anew()
        with self._telling(), ThreadPoolExecutor(MOST, "uplink") as threads:
            while self._turn(threads):
                pass
        if self._learning.tries.failure is not None:
            raise self._learning.tries.failure

    def _turn(self, threads: ThreadPoolExecutor) -> bool:
        """Begin what can be begun, and take in what has ended; return whether anything was going on."""
        self._look_at_link()
        for step, film in islice(self._next(), max(0, self._learning.most - len(self._going_on))):
            self._begin(threads, step, film)
        busy = bool(self._going_on)
        for future in wait(self._going_on, LOOK_SECONDS, FIRST_COMPLETED).done:
            self._learning.ended(self._going_on.pop(future), future)
        if not busy:
            self._learning.known.look_again()
        if self._clock() >= self._told_at + TELL_SECONDS:
            self._tell()
        return busy

    def _look_at_link(self) -> None:
        change = self._link.look(self._courier.policy.hotspot_megabytes)
        if change is not Change.NONE:
            self._told_at = _NEVER  # it is told at once
        if change in (Change.BACK, Change.ANOTHER):
            self._learning.tries.another_link()
        if change is Change.ANOTHER:
            self._agency.hang_up()

    def _next(self) -> Iterator[tuple[Step, SpooledFilm | None]]:
        going_on = [begun.step for begun in self._going_on.values()]
        if self._clock() >= self._asked_at + DIRECTORY_SECONDS and _DIRECTORY not in going_on:
            yield _DIRECTORY, None
        films = {film.film: film for film in reversed(self._spool.films())}
        cargoes, parts = self._cargoes.of(films.values()), self._link.held is None
        for step in next_steps(cargoes, self._learning.known, going_on, self._put_aside, parts=parts):
            yield step, films[step.film]

    def _begin(self, threads: ThreadPoolExecutor, step: Step, film: SpooledFilm | None) -> None:
        if film is None:
            self._asked_at = self._clock()
            future: Future[Known | int] = threads.submit(self._courier.accept_directory)
        elif step.kind is Kind.ASK:
            future = threads.submit(self._courier.ask, film)
        else:
            future = threads.submit(self._courier.do, step, film)
        self._going_on[future] = Begun(step, film, self._clock(), self._learning.known.doubts(step.film))

    def _put_aside(self, film: OnKit) -> bool:
        return self._learning.refusals.hold(film.film, film.state)

    def _sent(self, step: Step, acknowledged: int, gone: int, piece: int) -> None:
        self._link.sent(piece)
        if self._stop.is_set():
            raise Stopped
        self._learning.progress.went(step, acknowledged, gone)
        self._alive()

    def _waiting(self) -> int:
        return sum(film.state is not FilmState.EMPTY for film in self._spool.films())

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell the status at the end, however it ends, and settle what was counted."""
        try:
            yield
        finally:
            self._link.settle()
            self._tell()

    def _tell(self) -> None:
        """Report the status: not after each part, for it looks at every film."""
        self._told_at = self._clock()
        cargoes = self._cargoes.of(reversed(self._spool.films()))
        self._report(self._learning.status(cargoes, self._link, self._told_at))
