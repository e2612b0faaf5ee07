"""What a family and a practitioner do in one boot of the guest, with the faults that befall them, film after film."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from device.status import RecorderStatus
from footage.manifest import Ended
from tests.rigs.guest.circuit import Change
from tests.rigs.guest.machine import Guest, running_guest
from tests.rigs.rig_stack import NO_SERVICE, RigStack

FILM_PARTS, SHORT_FILM_PARTS = 18, 5


@dataclass
class Chapter:
    """One film, or the attempt: its requests in the card's log, and what was seen."""

    begin: int
    end: int = 0
    film: str = ""
    ended: Ended | None = None
    acknowledged: list[str] = field(default_factory=list)
    lit: dict[str, set[str]] = field(default_factory=dict)
    status: RecorderStatus | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    acknowledged_in_the_dark: list[str] = field(default_factory=list)


@dataclass
class Visit:
    """All that one boot left. `changes` are those of all lights, in order."""

    stack: RigStack
    folder: Path
    chapters: dict[str, Chapter]
    changes: list[Change]
    seconds_to_ready: float

    @property
    def endings(self) -> dict[str, Ended]:
        """How each film ended, where the guest closed it."""
        return {chapter.film: chapter.ended for chapter in self.chapters.values() if chapter.ended is not None}


def play_visit(folder: Path) -> Visit:
    """Boot a kit, play all chapters, and cut the power."""
    stack = RigStack(folder / "stack")
    stack.add_kit(NO_SERVICE)
    with stack.kit_toml.open("a") as settings:
        settings.write('profile = "360p25"\n')  # the emulation has the time for no more
    with running_guest(folder, stack.kit_toml.parent) as guest:
        guest.wait_for("ready")
        seconds_to_ready = time.monotonic() - guest.switched_on_at
        chapters = {
            "refused": _record_without_light(guest),
            "light failed": _film_until_the_light_fails(guest),
            "stopped": _film_until_the_family_stops(guest),
            "killed": _film_until_the_recorder_is_killed(guest),
        }
        changes = list(guest.circuit.changes)
        chapters["careless"] = _film_without_fsync(guest)
    return Visit(stack, folder, chapters, changes, seconds_to_ready)


def _record_without_light(guest: Guest) -> Chapter:
    guest.circuit.cut_light()
    chapter = _begin(guest)
    _see_the_fault(guest, chapter)
    chapter.acknowledged = [name for _, name, _ in guest.acknowledged(chapter.begin)]
    return chapter


def _film_until_the_light_fails(guest: Guest) -> Chapter:
    chapter = _begin(guest)
    guest.wait_for_parts(FILM_PARTS, chapter.begin)
    chapter.lit["recording"] = guest.circuit.registered
    guest.circuit.cut_light()
    guest.circuit.wait_for("tally", lit=False)
    _end(guest, chapter, Ended.LIGHT_FAILED)
    _see_the_fault(guest, chapter)
    return chapter


def _film_until_the_family_stops(guest: Guest) -> Chapter:
    chapter = _begin(guest)
    guest.wait_for_parts(SHORT_FILM_PARTS, chapter.begin)
    guest.circuit.press("record")  # a moment
    guest.circuit.press("agree")
    guest.circuit.wait_for("tally", lit=False)
    return _end(guest, chapter, Ended.STOPPED)


def _film_until_the_recorder_is_killed(guest: Guest) -> Chapter:
    chapter = _begin(guest)
    guest.wait_for_parts(SHORT_FILM_PARTS, chapter.begin)
    before, killed_at = len(guest.circuit.changes), time.monotonic()
    guest.kill_recorder()
    guest.circuit.wait_for("tally", lit=False)
    chapter.seconds["dark"] = time.monotonic() - killed_at
    chapter.acknowledged_in_the_dark = [name for _, name, _ in guest.acknowledged(chapter.begin)]
    guest.wait_for("ready")
    chapter.seconds["ready"] = time.monotonic() - killed_at
    chapter.changes = guest.circuit.changes[before:]
    return _end(guest, chapter, Ended.INTERRUPTED)


def _film_without_fsync(guest: Guest) -> Chapter:
    guest.kill_recorder(forgotten="file")
    chapter = _begin(guest)
    guest.wait_for_parts(SHORT_FILM_PARTS, chapter.begin)
    return _end(guest, chapter, None)


def _begin(guest: Guest) -> Chapter:
    """Agree and record, and look at the lights meanwhile."""
    guest.wait_for("ready")
    guest.log.read_on()
    chapter = Chapter(begin=len(guest.log.requests))
    chapter.lit["ready"] = guest.circuit.registered
    guest.circuit.press("agree")
    guest.circuit.wait_for("consent", lit=True)
    chapter.lit["agreed"] = guest.circuit.registered
    before = len(guest.circuit.changes)
    guest.circuit.press("record")
    guest.circuit.wait_for_change("tally", lit=True, since=before)  # a light that is cut goes dark again at once
    return chapter


def _see_the_fault(guest: Guest, chapter: Chapter) -> None:
    """Look at the fault, mend the light, and press the fault away."""
    chapter.status = guest.wait_for("fault")
    chapter.lit["fault"] = guest.circuit.registered
    guest.circuit.mend_light()
    guest.circuit.press("agree")


def _end(guest: Guest, chapter: Chapter, ended: Ended | None) -> Chapter:
    """Take down what was acknowledged, and how the guest will have closed the film."""
    acknowledged = guest.acknowledged(chapter.begin)
    (chapter.film,) = {film for film, _, _ in acknowledged}
    chapter.acknowledged = [name for _, name, _ in acknowledged]
    chapter.end, chapter.ended = len(guest.log.requests), ended
    return chapter
