"""What the uplink learns from how each step ended: of the link, of each film, and of what the agency does not take."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import NamedTuple

from device.errors import AgencyRefused, AgencyUnreachable, DeviceError, SpoolFailed
from device.spooled_film import FilmState, SpooledFilm
from device.status import UplinkStatus
from device.uplink.cargo import Cargo, Cargoes
from device.uplink.current_link import CurrentLink
from device.uplink.known import Knowledge, Known
from device.uplink.metered import ADVICE
from device.uplink.plan import Kind, Step
from device.uplink.progress import Progress
from device.uplink.refusals import Refusals
from device.uplink.tries import Tries
from device.uplink.unacknowledged import unacknowledged
from footage.errors import FootageError

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


class Begun(NamedTuple):
    """A step that was begun at a time; `doubts` are those that there were of its film."""

    step: Step
    film: SpooledFilm | None
    at: float
    doubts: frozenset[int | None]

    @property
    def state(self) -> FilmState | None:
        """Where the film stands now."""
        return None if self.film is None else self.film.state


class Learning:
    """Of one uplink, in memory. `clock` tells seconds of any steady clock."""

    def __init__(self, clock: Callable[[], float], cargoes: Cargoes) -> None:
        self._cargoes = cargoes
        self.tries = Tries(clock)
        self.refusals = Refusals(clock)
        self.known = Knowledge()
        self.progress = Progress()
        self.counts = Counts()

    @property
    def most(self) -> int:
        """How many steps may be under way now."""
        return min(1, self.tries.most) if self.refusals.in_doubt else self.tries.most

    def ended(self, begun: Begun, future: Future[Known | int]) -> None:
        """Learn from how a step has ended. What failed is in doubt; after a refusal, all that was known of the film."""
        try:
            outcome = future.result()
        except Stopped:
            return
        except AgencyUnreachable as reason:
            self.tries.failed(reason, begun.at)
            self._doubt(begun.step)
        except (DeviceError, FootageError) as reason:
            if isinstance(reason, AgencyRefused):
                self.tries.refused()
            self._refuse(begun, reason)
        except OSError as reason:  # of this film's files: the others go on
            if isinstance(reason, FileNotFoundError) and begun.state in (FilmState.TAKEN_BACK, FilmState.EMPTY):
                _log.info("film %s was taken back meanwhile", begun.step.film)
                self._forget(begun.step)
            else:
                self._refuse(begun, SpoolFailed(f"The card fails ({reason}). What is on it stays. Tell IT."))
        else:
            self.tries.came_through()
            self.progress.learnt(begun.step, outcome)
            self._learn(begun, outcome)

    def _doubt(self, step: Step) -> None:
        """Note that nobody knows whether what was sent has arrived."""
        if step.kind in (Kind.KEY, Kind.PART):
            self.progress.lost(step)
            self.known.doubt(step.film, step.part.number if step.part else None)
        elif step.kind is not Kind.ASK:
            self._forget(step)

    def _refuse(self, begun: Begun, reason: Exception) -> None:
        self.refusals.note(begun.step.film, begun.state, reason)
        self._forget(begun.step)

    def _forget(self, step: Step) -> None:
        self.progress.lost(step)
        self.known.pop(step.film, None)

    def _learn(self, begun: Begun, outcome: Known | int) -> None:
        step = begun.step
        if isinstance(outcome, Known):
            self.known.answered(step.film, outcome, begun.doubts)
        elif step.kind is Kind.KEY:
            self.known.key_arrived(step.film)
        elif step.part is not None:
            self._learn_of_part(step.film, step.part.number, outcome, begun.at)
        elif step.kind is Kind.CLOSE:
            assert begun.film is not None
            self.progress.home(self._cargoes.one(begun.film))
            self.counts.receipts += 1
            self.counts.last_receipt = step.film
        elif step.kind in (Kind.ERASE, Kind.TAKE_BACK):
            self._forget(step)
        elif outcome:
            self.refusals.ask_again()
        if step.part is None or outcome:  # else it was torn, and nothing was asked
            self.refusals.taken(step.kind, begun.at)
        if not self.refusals.hold(step.film, begun.state):
            self.refusals.end(step.film)

    def _learn_of_part(self, film: str, number: int, size: int, begun_at: float) -> None:
        if not size:
            self.known.part_torn(film, number)
            return
        self.known.part_arrived(film, number)
        self.tries.arrived(begun_at)
        self.counts.parts_sent += 1
        self.counts.bytes_sent += size

    def status(self, cargoes: Collection[Cargo], link: CurrentLink, now: float) -> UplinkStatus:
        """Return what there is to tell, of what the kit has and where it is going."""
        waiting = sum(cargo.state is not FilmState.EMPTY for cargo in cargoes)
        code, problem = self._problem(link, waiting)
        return UplinkStatus(
            films_waiting=waiting,
            **self.progress.figures(cargoes, self.refusals.said, unacknowledged(), now)._asdict(),
            **asdict(self.counts),
            problem_code=code,
            problem=problem,
            link=str(link.link),
        )

    def _problem(self, link: CurrentLink, waiting: int) -> tuple[str, str]:
        """Return what hinders films, by code and in words."""
        if problem := self.tries.problem:
            return problem.code, str(problem)
        if link.held and waiting:
            return link.held.value, ADVICE[link.held]
        return self.refusals.problem
