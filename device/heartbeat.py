"""What the kit tells the agency of itself: figures and short codes (`docs/companion-api.md`), no words.

It is told when something changes and every few minutes, in a thread with a connection of its own: films never wait
for it, and it is told also while a long film is on its way.
"""

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from device import clock
from device.agency import Agency
from device.config import KitConfig
from device.errors import AgencyRefused, AgencyUnreachable, DeviceError
from device.kit_status import KitStatus, kit_status
from device.link_trouble import LinkTrouble
from device.policy import replaced_at
from device.selftest.memory import OK, LastSelftest, last_selftest, memory_file
from device.software import software, system
from device.spool import Spool
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status
from device.trouble import Trouble
from device.uplink.refusals import RULES
from footage.errors import FootageError
from footage.manifest import ClockStatus
from footage.messages import Message

EVERY_SECONDS = 300.0
MOVING_SECONDS = 60.0  # between two while films move, so that the agency sees how they get on
LOOK_SECONDS = 15.0  # so often something may have changed
_END_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Heartbeat(Message, frozen=True):
    """One heartbeat; `companion_api.kits.heartbeat.Heartbeat` says what each field means."""

    number: int
    at: str
    clock: str
    software: str
    system: str
    directory: int | None
    recorder: str
    battery: str | None
    free_bytes: int
    films: int
    film_bytes: int
    oldest_seconds: int | None
    selftest_at: str | None
    selftest_light: str | None
    selftest_failed: list[str]
    faults: list[str]
    bytes_to_go: int | None
    bytes_per_second: int | None
    seconds_to_go: int | None


def heartbeat(
    status: KitStatus, selftest: LastSelftest | None, *, at: str, known_time: ClockStatus, number: int
) -> Heartbeat:
    """Return what a kit in this state tells at a time (RFC 3339, by its own clock)."""
    said = [*([status.fault] if status.fault else []), *status.warnings]
    codes = {Trouble.of(one.code).value for one in said}
    if status.uplink and status.uplink.problem_code not in ("", *LinkTrouble):  # of the link: then nobody was told
        codes.add(status.uplink.problem_code)
    running = status.recorder is not None
    return Heartbeat(
        number=number,
        at=at,
        clock=known_time.value,
        software=software(),
        system=system(),
        directory=status.directory_version,
        recorder="running" if running else "stopped",
        battery="low" if Trouble.BATTERY_LOW.value in codes else "well" if running else None,
        free_bytes=status.room_bytes,
        films=len(status.films),
        film_bytes=sum(film.bytes for film in status.films),
        oldest_seconds=_age(status, at) if known_time is ClockStatus.SYNCHRONISED else None,
        selftest_at=selftest.at if selftest else None,
        selftest_light=_light(selftest) if selftest else None,
        selftest_failed=selftest.failed if selftest else [],
        faults=sorted(codes),
        bytes_to_go=status.uplink.bytes_to_go if status.uplink else None,
        bytes_per_second=status.uplink.bytes_per_second if status.uplink else None,
        seconds_to_go=status.uplink.seconds_to_go if status.uplink else None,
    )


class Heartbeats:
    """One kit's heartbeats over a connection that nobody else uses."""

    def __init__(self, config: KitConfig, spool: Spool, agency: Agency) -> None:
        self._config = config
        self._spool = spool
        self._agency = agency
        self._stop = threading.Event()
        self._told: object = None
        self._next_at = 0.0  # by the monotonic clock; earlier only for news
        self._not_before = 0.0
        self._refused = ""
        self._refused_by = 0  # which directory was accepted then: under another one it may be heard

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Tell the agency from a thread as long as the context lasts."""
        thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(_END_SECONDS)  # one that is under way ends with the process
            if not thread.is_alive():
                self._agency.close()

    def beat(self) -> bool:
        """Tell the agency, if there is news or it is time; return whether it was told. Failures are logged."""
        now = time.monotonic()
        if now < self._not_before and replaced_at(self._config.accepted) == self._refused_by:
            return False
        self._refused_by = replaced_at(self._config.accepted)
        try:
            news = self._news()
            if news == self._told and now < self._next_at:
                return False
            said = self._current()
            self._agency.put_status(said)
        except AgencyUnreachable:  # the uplink says so
            self._not_before = now + _retry_seconds()
            return False
        except (DeviceError, FootageError, OSError) as reason:
            self._not_before = now + _retry_seconds()
            if isinstance(reason, AgencyRefused) and reason.problem in RULES:
                self._not_before = now + RULES[reason.problem].most
            if self._refused != str(reason):
                self._refused = str(reason)
                _log.warning("the agency does not hear how the kit is: %s", reason)
            return False
        moving = said.bytes_to_go and said.bytes_per_second != 0
        every = MOVING_SECONDS if moving else EVERY_SECONDS
        self._told, self._next_at, self._refused = news, now + every, ""
        return True

    def _run(self) -> None:
        self.beat()
        while not self._stop.wait(LOOK_SECONDS):
            self.beat()

    def _current(self) -> Heartbeat:
        status = kit_status(self._config, self._spool)
        number = int(time.monotonic() * 1000)  # a session never outlives a boot
        selftest = last_selftest(self._config.spool)
        known_time = clock.clock_status()  # before the time, see `clock.now`
        return heartbeat(status, selftest, at=clock.now(), known_time=known_time, number=number)

    def _news(self) -> object:
        """Return what is cheap to look at and is another value when there is something to tell."""
        recorder = read_status(self._config.status / RECORDER_FILE, RecorderStatus)
        uplink = read_status(self._config.status / UPLINK_FILE, UplinkStatus)
        return (
            self._spool.is_claimed(),
            recorder and (recorder.fault_code, recorder.warnings),
            uplink and (uplink.films_waiting, uplink.problem_code),
            replaced_at(memory_file(self._config.spool)),
            replaced_at(self._config.accepted),
        )


def _age(status: KitStatus, at: str) -> int | None:
    """Return the age in seconds of the oldest film whose beginning is known."""
    begun = [film.started_at for film in status.films if film.started_at]
    if not begun:
        return None
    return max(0, int((datetime.fromisoformat(at) - datetime.fromisoformat(min(begun))).total_seconds()))


def _light(selftest: LastSelftest) -> str | None:
    found = selftest.found.get("tally")
    return None if found is None else "ok" if found == OK else "failed"


def _retry_seconds() -> float:
    """Return a wait with jitter, so that not all kits come back at once."""
    return random.uniform(0.2, 0.6) * EVERY_SECONDS  # noqa: S311  # not a secret
