"""The uplink's loop: it begins as many steps as may be in flight, and learns from how each ends.

What it knows of the agency's side is in memory only and is asked for again after every failure; what is next follows
from the kit's files (`plan`). Nothing besides the files has to survive.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import NamedTuple

from device.agency import Agency, AgencyRefused, AgencyUnreachable
from device.config import KitConfig
from device.errors import DeviceError, SpoolFailed
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from device.status import UplinkStatus
from device.uplink.backoff import Backoff
from device.uplink.cargo import Cargoes
from device.uplink.courier import Courier
from device.uplink.link import Link, Way, unknown_link
from device.uplink.metered import ADVICE, Held, Meter, held, meter_file
from device.uplink.plan import Kind, Known, OnKit, Step, next_steps
from device.uplink.progress import Progress
from device.uplink.refusals import Refusals
from device.uplink.unacknowledged import unacknowledged
from device.uplink.window import MOST, Window
from footage.errors import FootageError

LOOK_SECONDS = 0.5  # so often it looks for what the recorder has made
DIRECTORY_SECONDS = 60.0
TELL_SECONDS = 1.0
_DIRECTORY = Step(Kind.DIRECTORY, "directory")

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The uplink ends; what was under way is sent again by the next one."""


@dataclass(slots=True)
class Counts:
    """What the uplink has done since its start."""

    parts_sent: int = 0
    bytes_sent: int = 0
    receipts: int = 0
    last_receipt: str = ""


class _Begun(NamedTuple):
    step: Step
    film: SpooledFilm | None
    at: float
    doubts: frozenset[int | None] = frozenset()  # those that were there when it was begun to ask

    @property
    def state(self) -> FilmState | None:
        return None if self.film is None else self.film.state


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
        self._ask_link = link
        self._link = self._ask_link()
        self._connection = self._link.connection
        self._meter = meter or Meter(meter_file(config.spool))
        self._held: Held | None = None
        self._agency = agency
        self._spool = spool
        self._report = report
        self._alive = alive
        self._clock = clock
        self._courier = Courier(config, agency, self._sent, clock)
        self._stop = threading.Event()
        self._window = Window()
        self._backoff = Backoff()
        self._refusals = Refusals(clock)
        self._known: dict[str, Known] = {}
        self._going_on: dict[Future[Known | int], _Begun] = {}
        self._problem: AgencyUnreachable | None = None
        self._failure: AgencyUnreachable | None = None  # the last one, also if something else has come through since
        self._failed_at = self._not_before = self._asked_at = self._told_at = float("-inf")
        self._cargoes = Cargoes()
        self._progress = Progress()
        self.counts = Counts()

    @property
    def refused(self) -> dict[str, str]:
        """What the agency does not take, a film's id or "directory", and why."""
        return self._refusals.said

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
        self._meter.settle()

    def sync_all(self) -> None:
        """Go on until nothing more can be done now. Raises `AgencyUnreachable` if something failed for that."""
        self._failure = None
        self._asked_at = self._not_before = float("-inf")
        with self._telling(), ThreadPoolExecutor(MOST, "uplink") as threads:
            while self._turn(threads):
                pass
        if self._failure is not None:
            raise self._failure

    def _turn(self, threads: ThreadPoolExecutor) -> bool:
        """Begin what can be begun, and take in what has ended; return whether anything was going on."""
        self._look_at_link()
        if self._clock() >= self._not_before:
            most = 1 if self._refusals.in_doubt else self._window.size
            for step, film in islice(self._next(), max(0, most - len(self._going_on))):
                self._begin(threads, step, film)
        busy = bool(self._going_on)
        for future in wait(self._going_on, LOOK_SECONDS, FIRST_COMPLETED).done:
            self._end(self._going_on.pop(future), future)
        if not busy:
            for known in self._known.values():
                known.torn.clear()  # what was being written may be whole by now
        if self._clock() >= self._told_at + TELL_SECONDS:
            self._tell()
        return busy

    def _look_at_link(self) -> None:
        """Take another link as a new beginning: nothing that failed on the last one says anything of it."""
        link = self._ask_link()
        self._held = held(link, self._courier.policy.hotspot_megabytes, self._meter.spent())
        if link == self._link:
            return
        self._link, self._told_at = link, float("-inf")  # and it is told at once
        if link.way is Way.NONE:
            return  # what is under way may come through yet, if the same one is back soon
        self._backoff.reset()
        self._not_before, self._failed_at = float("-inf"), self._clock()
        if link.connection != self._connection:
            self._connection = link.connection
            self._agency.hang_up()  # what was under way would wait for answers over a link that is no more

    def _next(self) -> Iterator[tuple[Step, SpooledFilm | None]]:
        going_on = [begun.step for begun in self._going_on.values()]
        if self._clock() >= self._asked_at + DIRECTORY_SECONDS and _DIRECTORY not in going_on:
            yield _DIRECTORY, None
        films = {film.film: film for film in reversed(self._spool.films())}
        cargoes, parts = self._cargoes.of(films.values()), self._held is None
        for step in next_steps(cargoes, self._known, going_on, self._put_aside, parts=parts):
            yield step, films[step.film]

    def _begin(self, threads: ThreadPoolExecutor, step: Step, film: SpooledFilm | None) -> None:
        if film is None:
            self._asked_at = self._clock()
            future: Future[Known | int] = threads.submit(self._courier.accept_directory)
        elif step.kind is Kind.ASK:
            future = threads.submit(self._courier.ask, film)
        else:
            future = threads.submit(self._courier.do, step, film)
        known = self._known.get(step.film)
        self._going_on[future] = _Begun(step, film, self._clock(), frozenset(known.doubts if known else ()))

    def _end(self, begun: _Begun, future: Future[Known | int]) -> None:
        """Learn from how a step has ended. What failed is in doubt; after a refusal, all that was known of the film."""
        step = begun.step
        try:
            outcome = future.result()
        except Stopped:
            return
        except AgencyUnreachable as reason:
            self._fail(reason, begun)
            self._doubt(step)
            return
        except (DeviceError, FootageError) as reason:
            if isinstance(reason, AgencyRefused):  # so it was reached
                self._problem = None
            self._refusals.note(step.film, begun.state, reason)
        except OSError as reason:  # of this film's files: the others go on
            if isinstance(reason, FileNotFoundError) and begun.state in (FilmState.TAKEN_BACK, FilmState.EMPTY):
                _log.info("film %s was taken back meanwhile", step.film)
            else:
                failed = SpoolFailed(f"The card fails ({reason}). What is on it stays. Tell IT.")
                self._refusals.note(step.film, begun.state, failed)
        else:
            self._problem = None
            self._backoff.reset()
            self._progress.learnt(step, outcome)
            self._learn(begun, outcome)
            return
        self._progress.lost(step)
        self._known.pop(step.film, None)

    def _doubt(self, step: Step) -> None:
        """Note that nobody knows whether what was sent has arrived."""
        self._progress.lost(step)
        known = self._known.get(step.film)
        if known is not None and step.kind in (Kind.KEY, Kind.PART):
            known.doubts.add(step.part.number if step.part else None)
        elif step.kind is not Kind.ASK:
            self._known.pop(step.film, None)

    def _fail(self, reason: AgencyUnreachable, begun: _Begun) -> None:
        if self._problem is None or self._problem.trouble is not reason.trouble:
            _log.warning("%s: %s (%s)", reason.code, reason, reason.detail)
        self._problem = self._failure = reason
        if begun.at > self._failed_at:  # else it was under way when the link stopped, and that is known already
            self._failed_at = self._clock()
            self._window.stalled()
            self._not_before = self._failed_at + self._backoff.failed()

    def _learn(self, begun: _Begun, outcome: Known | int) -> None:
        step, known = begun.step, self._known.get(begun.step.film, Known())  # forgotten if another step was refused
        if isinstance(outcome, Known):
            self._known[step.film] = outcome.after(known, begun.doubts)
        elif step.kind is Kind.KEY:
            known.key = True
        elif step.part is not None:
            self._learn_of_part(known, step.part.number, outcome, self._clock() - begun.at)
        elif step.kind is Kind.CLOSE:
            assert begun.film is not None
            self._progress.home(self._cargoes.one(begun.film))
            self.counts.receipts += 1
            self.counts.last_receipt = step.film
        elif step.kind in (Kind.ERASE, Kind.TAKE_BACK):
            self._known.pop(step.film, None)
        elif outcome:
            self._refusals.ask_again()
        if step.part is None or outcome:  # else it was torn, and nothing was asked
            self._refusals.taken(step.kind, begun.at)
        if not self._refusals.hold(step.film, begun.state):
            self._refusals.end(step.film)

    def _learn_of_part(self, known: Known, number: int, size: int, seconds: float) -> None:
        if not size:
            known.torn.add(number)
            return
        known.parts.add(number)
        self._window.arrived(seconds)
        self.counts.parts_sent += 1
        self.counts.bytes_sent += size

    def _put_aside(self, film: OnKit) -> bool:
        return self._refusals.hold(film.film, film.state)

    def _sent(self, step: Step, acknowledged: int, gone: int, piece: int) -> None:
        if self._link.metered:
            self._meter.sent(piece)
        if self._stop.is_set():
            raise Stopped
        self._progress.went(step, acknowledged, gone)
        self._alive()

    def _waiting(self) -> int:
        return sum(film.state is not FilmState.EMPTY for film in self._spool.films())

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell the status at the end, however it ends."""
        try:
            yield
        finally:
            self._tell()

    def _tell(self) -> None:
        """Report the status: not after each part, for it looks at every film."""
        now = self._told_at = self._clock()
        cargoes = self._cargoes.of(reversed(self._spool.films()))
        waiting = sum(cargo.state is not FilmState.EMPTY for cargo in cargoes)
        code, problem = self._trouble(waiting)
        self._report(
            UplinkStatus(
                films_waiting=waiting,
                **self._progress.figures(cargoes, self.refused, unacknowledged(), now)._asdict(),
                **asdict(self.counts),
                problem_code=code,
                problem=problem,
                link=str(self._link),
            )
        )

    def _trouble(self, waiting: int) -> tuple[str, str]:
        """Return what hinders films, by code and in words."""
        if self._problem:
            return self._problem.code, str(self._problem)
        if self._held and waiting:
            return self._held.value, ADVICE[self._held]
        return self._refusals.problem
