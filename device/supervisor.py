"""Performs what the recorder's table says. All events go through one queue, so that effects never overlap."""

import logging
import queue
import time
from collections.abc import Callable

from device.errors import DeviceError
from device.filming import Filming
from device.panel import Panel
from device.ports import CameraFailed
from device.recorder import Effect, Event, State, step
from device.spool import Spool
from device.status import RecorderStatus
from footage.errors import FootageError
from footage.manifest import Ended
from footage.notes import NoteEvent

NO_PICTURE_SECONDS = 5.0  # a hung camera says nothing, so its silence must
_TICK_SECONDS = 0.25

_log = logging.getLogger(__name__)

_ENDINGS = {
    Effect.CLOSE_STOPPED: Ended.STOPPED,
    Effect.CLOSE_SHUT_DOWN: Ended.SHUT_DOWN,
    Effect.CLOSE_CAMERA_STALLED: Ended.CAMERA_STALLED,
    Effect.CLOSE_CARD_FULL: Ended.CARD_FULL,
    Effect.CLOSE_CARD_FAILED: Ended.CARD_FAILED,
    Effect.CLOSE_RECORDER_FAILED: Ended.RECORDER_FAILED,
    Effect.CLOSE_LIGHT_FAILED: Ended.LIGHT_FAILED,
}
_ADVICE = {
    Ended.CAMERA_STALLED: "The camera gives no pictures any more. The film so far is kept. Check the camera's cable.",
    Ended.CARD_FULL: "The card is full. The film so far is kept. Bring the kit to its dock.",
    Ended.CARD_FAILED: "The card does not take the film. What was written is kept. Have the card replaced.",
    Ended.RECORDER_FAILED: "Filming failed. The film so far is kept. Tell IT; the log says why.",
    Ended.LIGHT_FAILED: "The recording light failed, so filming stopped. The film so far is kept. Have it repaired.",
}


class Supervisor:
    """`post` events from any thread, `run` in one. `report` is told the status after each change and each tick."""

    def __init__(
        self,
        *,
        filming_for: Callable[[Callable[[Event], None]], Filming],
        panel_for: Callable[[Callable[[Event], None]], Panel],
        spool: Spool,
        agreement_seconds: float,
        report: Callable[[RecorderStatus], None],
    ) -> None:
        self.state = State.READY
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._spool = spool
        self._agreement_seconds = agreement_seconds
        self._agreed_until = 0.0
        self._fault = ("", "")
        self._tell = report
        self._filming = filming_for(self.post)
        self._panel = panel_for(self.post)
        self._panel.show(self.state)

    def post(self, event: Event) -> None:
        """Say that something happened."""
        self._events.put(event)

    def shut_down(self) -> None:
        """Close the running film, if any, and let `run` return. Safe in a signal handler."""
        self._events.put(Event.SHUT_DOWN)
        self._events.put(None)

    def run(self) -> None:
        """Handle events until `shut_down`."""
        try:
            self._report()
            while True:
                try:
                    event = self._events.get(timeout=_TICK_SECONDS)
                    if event is None:
                        return
                except queue.Empty:
                    event = self._overdue()
                if event is not None:
                    self._handle(event)
                self._report()
        finally:
            self._filming.stop_camera()  # first, whatever went wrong: no camera without its light
            self._panel.close()
            self._filming.shut_down()

    def _handle(self, event: Event) -> None:
        """Take one step, and then those that follow from its effects."""
        follow_up: Event | None = event
        while follow_up is not None:
            before, (self.state, effects) = self.state, step(self.state, follow_up)
            if self.state is not before:
                _log.info("%s: %s → %s", follow_up.value, before.value, self.state.value)
            self._panel.show(self.state)
            self._report()
            follow_up = self._perform_all(effects)

    def _perform_all(self, effects: tuple[Effect, ...]) -> Event | None:
        """Perform the effects in order and return the event that follows. A failed start ends the row."""
        following = None
        for effect in effects:
            result = self._perform(effect)
            if result is Event.START_FAILED:
                return result
            following = result or following
        return following

    def _perform(self, effect: Effect) -> Event | None:
        match effect:
            case Effect.CONSENT_LIGHT_ON:
                self._agreed_until = time.monotonic() + self._agreement_seconds
                self._fault = ("", "")
                self._panel.consent(lit=True)
            case Effect.CONSENT_LIGHT_OFF:
                self._panel.consent(lit=False)
            case Effect.PREPARE_FILM:
                self._filming.prepare()
            case Effect.PROVE_TALLY:
                return self._attempt(self._panel.prove_tally)
            case Effect.START_FILMING:
                return self._attempt(self._filming.start)
            case Effect.MARK_MOMENT:
                self._filming.note(NoteEvent.MOMENT)
            case Effect.STOP_CAMERA:
                self._filming.stop_camera()
            case Effect.TALLY_OFF:
                self._panel.tally_off()
            case Effect.DESTROY_LAST_FILM:
                self._attempt(lambda: self._spool.last_film().take_back())
            case _:
                return self._close_film(_ENDINGS[effect])
        return None

    def _attempt(self, action: Callable[[], None]) -> Event | None:
        try:
            action()
        except (DeviceError, FootageError) as reason:
            self._set_fault(reason.code, str(reason))
        except (CameraFailed, OSError) as reason:
            self._set_fault("start-failed", str(reason))
        else:
            return None
        return Event.START_FAILED

    def _close_film(self, ended: Ended) -> Event:
        try:
            manifest = self._filming.close(ended)
        except OSError as reason:
            self._set_fault("card-failed", f"The film can't be closed ({reason.strerror}). The next start closes it.")
            return Event.FILM_CLOSED_BY_FAULT
        if manifest is not None:
            ended = manifest.ended  # writing the last part may have failed
        if ended in _ADVICE:
            self._set_fault(ended.value.replace(" ", "-"), _ADVICE[ended])
            return Event.FILM_CLOSED_BY_FAULT
        return Event.FILM_CLOSED

    def _set_fault(self, code: str, text: str) -> None:
        self._fault = (code, text)
        _log.warning("%s: %s", code, text)

    def _overdue(self) -> Event | None:
        if self.state is State.AGREED and time.monotonic() > self._agreed_until:
            return Event.AGREEMENT_LAPSED
        if self.state is State.RECORDING and self._filming.silent_seconds() > NO_PICTURE_SECONDS:
            return Event.CAMERA_STALLED
        return None

    def _report(self) -> None:
        film = self._filming.writer.film if self._filming.writer else None
        code, text = self._fault
        self._tell(
            RecorderStatus(
                state=self.state.value,
                **self._panel.lights,
                film=film.spooled.film if film else "",
                at_ms=film.at_ms if film else 0,
                parts=len(film.parts) if film else 0,
                fault_code=code,
                fault=text,
            )
        )
