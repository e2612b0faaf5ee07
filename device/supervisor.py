"""Performs what the recorder's table says. All events go through one queue, so that effects never overlap."""

import logging
import queue
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import NamedTuple

from device.endings import BEHIND, ENDINGS
from device.errors import DeviceError, KitUnfit, NothingToTakeBack
from device.filming import Filming
from device.panel import Panel
from device.ports import CameraFailed, Notice
from device.recorder import Announcement, Effect, Event, State, step
from device.spool import Spool
from device.status import RecorderStatus
from device.trouble import ADVICE, Trouble
from device.watch import Watch
from footage.errors import FootageError
from footage.manifest import Ended
from footage.notes import NoteEvent

_TICK_SECONDS = 0.25

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """How `run` ended."""

    SHUT_DOWN = auto()
    RESTART = auto()  # a new process must go on: a camera hangs in this one, or the agency's policy changed


class Fault(NamedTuple):
    """What ended a film or kept it from beginning, in words; shown until a person presses a button."""

    trouble: Trouble
    text: str


class Supervisor:
    """`post` events from any thread, `run` in one; `outcome` is None as long as it goes on.

    `report` is told the status after each change and each tick. `alive` is called as long as all is well: while
    filming only when another part has become durable. `fault` and `standing` warnings come from before the start.
    """

    def __init__(
        self,
        *,
        filming_for: Callable[[Callable[[Event | Notice], None]], Filming],
        panel_for: Callable[[Callable[[Event], None]], Panel],
        spool: Spool,
        watch: Watch,
        report: Callable[[RecorderStatus], None],
        alive: Callable[[], None] = lambda: None,
        fault: Fault | None = None,
        standing: Iterable[Trouble] = (),
    ) -> None:
        self.state = State.READY if fault is None else State.FAULT
        self._events: queue.SimpleQueue[Event | Notice | None] = queue.SimpleQueue()
        self._spool = spool
        self._watch = watch
        self._tell = report
        self._alive = alive
        self._alive_parts = -1
        self._fault = fault
        self._standing = set(standing)
        self._warnings: tuple[Trouble, ...] = ()
        self._microphone_away = False
        self._camera_hangs = False
        self.outcome: Outcome | None = None
        self._filming = filming_for(self.post)
        self._panel = panel_for(self.post)
        self._show()

    def post(self, event: Event | Notice) -> None:
        """Say that something happened."""
        self._events.put(event)

    def shut_down(self) -> None:
        """Close the running film, if any, and let `run` return. Safe in a signal handler."""
        self._events.put(Event.SHUT_DOWN)
        self._events.put(None)

    def run(self) -> Outcome:
        """Handle events until `shut_down`, or until a new process must go on."""
        try:
            self._report()
            while self.outcome is None:
                self.turn()
            return self.outcome
        finally:
            self.close()

    def turn(self, seconds: float = _TICK_SECONDS) -> None:
        """Handle the next event; if none comes in time, see to what time and sensors ask for."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            self._tick()
            return
        match event:
            case None:
                self.outcome = Outcome.SHUT_DOWN
            case Notice():
                self._microphone_away = event is Notice.MICROPHONE_AWAY
                self._tick()
            case _:
                self._handle(event)

    def close(self) -> None:
        """Stop the camera, whatever went wrong, for it must not run without its light; then go dark."""
        if not self._camera_hangs:
            self._filming.stop_camera()
        self._panel.close()
        self._filming.shut_down()

    def _handle(self, event: Event) -> None:
        """Take one step, and then those that follow from its effects."""
        follow_up: Event | None = event
        while follow_up is not None:
            before, (self.state, effects) = self.state, step(self.state, follow_up)
            if self.state is not before:
                _log.info("%s: %s → %s", follow_up.value, before.value, self.state.value)
            self._show()
            self._report()
            follow_up = self._perform_all(effects)
        self._show()
        self._report()

    def _tick(self) -> None:
        film = self._filming.film
        event = self._watch.due(self.state, film.at_ms if film else 0, self._filming.silent_seconds())
        self._warn()
        if event is not None:
            self._handle(event)
        else:
            self._show()
            self._report()

    def _perform_all(self, effects: tuple[Effect | Announcement, ...]) -> Event | None:
        """Perform the effects in order and return the event that follows. A failed start ends the row."""
        following = None
        for effect in effects:
            if isinstance(effect, Announcement):
                self._panel.announce(effect)
                continue
            result = self._perform(effect)
            if result is Event.START_FAILED:
                return result
            following = result or following
        return following

    def _perform(self, effect: Effect) -> Event | None:
        match effect:
            case Effect.CONSENT_LIGHT_ON:
                self._watch.agreed()
                self._panel.consent(lit=True)
            case Effect.CONSENT_LIGHT_OFF:
                self._panel.consent(lit=False)
            case Effect.PREPARE_FILM:
                self._filming.prepare()
            case Effect.CHECK_KIT:
                return self._attempt(self._check_kit, Event.START_FAILED)
            case Effect.PROVE_TALLY:
                return self._attempt(self._panel.prove_tally, Event.START_FAILED)
            case Effect.START_FILMING:
                self._watch.film_begun()
                self._alive_parts = -1
                return self._attempt(self._filming.start, Event.START_FAILED)
            case Effect.MARK_MOMENT:
                self._filming.note(NoteEvent.MOMENT)
            case Effect.NOTE_FAMILY_STOP:
                self._filming.note(NoteEvent.STOPPED_BY_FAMILY)
            case Effect.STOP_CAMERA:
                self._camera_hangs = not self._filming.stop_camera()
            case Effect.ABANDON_CAMERA:
                self._camera_hangs = True
            case Effect.TALLY_OFF:
                self._panel.tally_off()
            case Effect.DESTROY_LAST_FILM:
                return self._attempt(self._destroy_last_film, Event.DESTROY_FAILED)
            case Effect.CLEAR_FAULT:
                self._fault = None
            case Effect.RESTART:
                self.outcome = Outcome.RESTART
            case _:
                return self._close_film(ENDINGS[effect])
        return None

    def _check_kit(self) -> None:
        if (trouble := self._watch.unfit()) is not None:
            raise KitUnfit(trouble)

    def _destroy_last_film(self) -> None:
        try:
            self._spool.last_film().take_back()
        except NothingToTakeBack as reason:
            _log.info("%s", reason)
            self._panel.announce(Announcement.REFUSED)
        else:
            self._panel.announce(Announcement.TAKEN_BACK)

    def _attempt(self, action: Callable[[], None], failure: Event) -> Event | None:
        try:
            action()
        except (DeviceError, FootageError) as reason:
            self._set_fault(Trouble.of(reason.code), str(reason))
        except CameraFailed as reason:
            self._set_fault(Trouble.CAMERA_FAILED, str(reason))
        except OSError as reason:
            self._set_fault(Trouble.CARD_FAILED, f"The card refuses ({reason.strerror}). Have it replaced.")
        else:
            return None
        return failure

    def _close_film(self, ended: Ended) -> Event:
        try:
            manifest = self._filming.close(ended)
        except OSError as reason:
            text = f"The film can't be closed ({reason.strerror}). The next start closes it."
            self._set_fault(Trouble.CARD_FAILED, text)
        else:
            if manifest is not None:
                ended = manifest.ended  # writing the last part may have failed
            if ended in BEHIND:
                self._set_fault(BEHIND[ended], ADVICE[BEHIND[ended]])
        if self._camera_hangs:
            self._fault = self._fault or Fault(Trouble.CAMERA_STALLED, ADVICE[Trouble.CAMERA_STALLED])
            return Event.FILM_CLOSED_CAMERA_HANGS
        return Event.FILM_CLOSED if self._fault is None else Event.FILM_CLOSED_BY_FAULT

    def _set_fault(self, trouble: Trouble, text: str) -> None:
        self._fault = Fault(trouble, text)
        _log.warning("%s: %s", trouble.value, text)

    def _warn(self) -> None:
        """Tell of warnings that are new, in the running film too."""
        now = self._watch.warnings() | self._standing | ({Trouble.MICROPHONE_AWAY} if self._microphone_away else set())
        warnings = tuple(trouble for trouble in Trouble if trouble in now)
        if warnings == self._warnings:
            return
        begun, over = now - set(self._warnings), set(self._warnings) - now
        for trouble in begun:
            _log.warning("%s: %s", trouble.value, ADVICE[trouble])
            self._filming.note(NoteEvent.WARNING, trouble.value)
        if begun:
            self._panel.announce(Announcement.WARNING)
        for trouble in over:
            _log.info("%s: over", trouble.value)
        self._warnings = warnings
        self._show()

    def _show(self) -> None:
        fault = self._fault.trouble if self._fault else None
        self._panel.show(self.state, fault, self._warnings, sending=self._watch.sending)

    def _report(self) -> None:
        film = self._filming.film
        parts = len(film.parts) if film else 0
        if self.state is not State.RECORDING or parts > self._alive_parts:
            self._alive_parts = parts
            self._alive()
        self._tell(
            RecorderStatus(
                state=self.state.value,
                **self._panel.lights,
                film=film.spooled.film if film else "",
                at_ms=film.at_ms if film else 0,
                parts=parts,
                fault_code=self._fault.trouble.value if self._fault else "",
                fault=self._fault.text if self._fault else "",
                warnings=tuple(trouble.value for trouble in self._warnings),
            )
        )
