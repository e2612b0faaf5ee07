"""A service whose data lies on a disk that can be cut: what it has answered is there afterwards, and nothing else."""

import os
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import Enum
from typing import Protocol

from companion_api.audit.heads import HeadRefused
from companion_api.audit.verification import TrailBroken, verify_trail
from companion_api.films.archive import utc_now
from companion_api.films.case_rows import CaseRows
from companion_api.films.film_rows import FilmRows
from companion_api.kits.enrolment import make_enrolment
from device.agency import Agency
from device.errors import AgencyUnreachable
from device.spooled_film import SpooledFilm
from footage.keys import new_key
from footage.messages import timestamp
from tests.rigs.careless import careless
from tests.rigs.deeds import Deed, Told, deed_faults, done
from tests.rigs.going import going_faults
from tests.rigs.opened import Opener
from tests.rigs.power_cut import Disk
from tests.rigs.rig_stack import RigStack
from tests.rigs.sent_film import RECEIPT_ISSUED, Answers, SentFilm
from tests.rigs.steps import Fault, Kind, Step, befallen, steps_below, tracer

CASE, NEW_KIT = "A-1", "kit-0002"
_LONG_AGO = timedelta(days=70)  # when the case's work ended: its films are due


class End(Enum):
    """How a service ends."""

    POWER_CUT = "the power is cut"
    POWER_CUT_LATER = "the power is cut after the kernel has written names"
    KILLED = "it is killed, and its machine runs on"


class Phase(Protocol):
    """Something that a service is asked for. `traced`: the program that does it. `from_nothing`: it is new."""

    @property
    def traced(self) -> str: ...
    @property
    def from_nothing(self) -> bool: ...
    def run(self, rig: "StoreRig", answers: Answers) -> None: ...


class StoreRig:
    """A service, four films of its kit, and a token for another kit.

    But for phases that begin from nothing, the service has three films, of which the first two are of a case that ended
    long ago; the new one is not sent yet. `warm` are the words that start a program from warmth.
    """

    def __init__(self, stack: RigStack, disk: Disk, films: Sequence[SpooledFilm], warm: Sequence[str]) -> None:
        self.stack = stack
        self.disk = disk
        *self.films, self.new_film = (SentFilm(f"kit:{stack.config.kit}", film) for film in films)
        self._warm = warm
        self._opener = Opener.of(stack)
        self._trace = stack.folder / "steps.log"
        self._new_kit_key = new_key()
        self._kept = stack.folder / "films-sent.img"
        self._begin_untraced()
        self._send_all()
        self.disk.keep(self._kept)
        self._before = done(stack.data).keys()

    def run(self, phase: Phase, fault: Fault | None = None, forgotten: str = "", *, writes: bool = False) -> Answers:
        """Ask a service on a new disk for a phase, until it dies or has answered. Raises `AgencyRefused`."""
        self.disk.make_anew(None if phase.from_nothing else self._kept)
        self._begin_untraced()
        self.stack.prefixes[phase.traced] = [
            *(*self._warm, *tracer(self._trace, fault, writes=writes)),
            *careless(forgotten),
        ]
        answers = Answers()
        with suppress(AgencyUnreachable, RuntimeError):
            phase.run(self, answers)
        return answers

    def steps(self, phase: Phase, *, writes: bool = False) -> list[Step]:
        """Return the durable steps of a phase, from its program's start to its end."""
        answers = self.run(phase, writes=writes)
        assert answers.asked == answers.answered
        return steps_below(self._trace, self.disk.at)

    def befallen(self, fault: Fault) -> set[Kind]:
        """Return at which kinds of steps the last run had its fault."""
        return befallen(self._trace, self.disk.at, fault)

    def faults_after(self, phase: Phase, answers: Answers, end: End = End.POWER_CUT) -> list[str]:
        """End the service, start it again, and return what is not as promised; then ask for the phase once more."""
        if end is not End.KILLED:
            self.disk.cut(log_flushed=end is End.POWER_CUT_LATER)
        self._begin_untraced()
        faults = self._going_faults(phase, answers, mended=False)
        with self.stack.service() as address:
            with self.kit(address) as kit:
                faults += self.new_film.faults(kit, self.stack.store, answers, self._opener)
            faults += self._mended_faults(phase, answers)
        again = Answers(asked=set(answers.asked))
        phase.run(self, again)
        again.answered = again.asked  # now all of it is to be there
        if again.refusals:
            faults.append("it could not be asked for once more")
        return [*faults, *self._mended_faults(phase, again)]

    @contextmanager
    def kit(self, address: str) -> Iterator[Agency]:
        """Give the kit's connection."""
        agency = Agency(address, self.stack.config.kit, self.stack.config.kit_key())
        try:
            yield agency
        finally:
            agency.close()

    @contextmanager
    def new_kit(self, address: str, *, stranger: bool = False) -> Iterator[Agency]:
        """Give the connection of the kit that has a token, or of a stranger who says to be it."""
        agency = Agency(address, NEW_KIT, new_key() if stranger else self._new_kit_key)
        try:
            yield agency
        finally:
            agency.close()

    def _begin_untraced(self) -> None:
        self.stack.prefixes = {"service": self._warm, "command": self._warm}

    def _send_all(self) -> None:
        with self.stack.service() as address:
            for film in self.films:
                with self.kit(address) as kit:
                    film.send(kit, Answers())
        with self.stack.archive() as archive:
            self.token = make_enrolment(archive, self._opener.directory, "operator", NEW_KIT).token
            ended = timestamp(utc_now() - _LONG_AGO)
            with archive.database.writing() as connection:
                CaseRows(connection).open(CASE, ended)
                CaseRows(connection).set_end(CASE, ended)
                for film in self.films[:2]:
                    FilmRows(connection).set_case(film.film, CASE)
        os.sync()

    def _done_before(self, phase: Phase) -> Set[Deed]:
        return set() if phase.from_nothing else self._before

    def _mended_faults(self, phase: Phase, told: Told) -> list[str]:
        """Return what is not as promised when the service has started anew."""
        faults = self._going_faults(phase, told, mended=True)
        faults += deed_faults(self.stack.data, self._done_before(phase), told)
        try:
            with self.stack.archive() as archive:
                verify_trail(archive, self._opener.directory)
        except (TrailBroken, HeadRefused) as reason:
            faults.append(f"the audit trail is broken: {reason}")
        return faults

    def _going_faults(self, phase: Phase, told: Told, *, mended: bool) -> list[str]:
        promised = {deed.subject for deed in self._done_before(phase) | told.answered if deed.action == RECEIPT_ISSUED}
        films = [film for film in (*self.films, self.new_film) if f"film:{film.film}" in promised]
        whole = {film.film: film.is_whole(self.stack.store, self._opener) for film in films}
        return going_faults(self.stack.data, self._opener.directory, whole, mended=mended) if films else []
