"""Writes the blocks, pictures and cards that are generated from the code, or checks that they are true (`--check`).

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import argparse
import pkgutil
import re
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import groupby
from pathlib import Path

from rich.console import Console

import companion_api
from companion_api.films.faults import MEANINGS as MEANINGS_OF_FAULTS
from device.board import BOARD
from device.endings import BEHIND
from device.films_stuck import LATE_SECONDS, SOON, SOON_SECONDS
from device.link_trouble import DESCRIBED
from device.panel import MEANING
from device.progress_screen import screen
from device.recorder import TABLE, State
from device.selftest.outcome import MEANINGS
from device.selftest.parts import PARTS
from device.selftest.report import Exit
from device.signals import ANNOUNCEMENTS, DARK, FRAME_SECONDS, SENDING, TROUBLES, Lamps, ring
from device.status import FilmProgress, UplinkStatus
from device.trouble import ADVICE, Trouble
from device.uplink.refusals import OTHERS, RULES, Rule
from docs.family_card.card import cards
from docs.panel_pictures import FOLDER, pictures, trouble_picture
from footage.manifest import Ended

DOCUMENTS = (
    Path("docs/recorder.md"),
    Path("docs/panel.md"),
    Path("docs/kit-services.md"),
    Path("docs/selftest.md"),
    Path("docs/scrub-and-backup.md"),
    Path("docs/kit-services.md"),
    Path("docs/architecture.md"),
    Path("hardware/README.md"),
)
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def state_diagram() -> str:
    """Return the recorder's table as a Mermaid state diagram."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), step in TABLE.items():
        arrows.setdefault((state, step.state), []).append(event.value)
    lines = [
        f"    {state.name} --> {following.name}: {', '.join(events)}" for (state, following), events in arrows.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> READY", *lines, "```"])


def transitions() -> str:
    """Return the recorder's table, a row for each legal pair of state and event."""
    rows = [
        (state.name, event.value, step.state.name, "; ".join(effect.value for effect in step.effects) or "-")
        for (state, event), step in TABLE.items()
    ]
    return _table(("in", "when", "then", "doing, in order"), rows)


def gestures() -> str:
    """Return what each gesture means in each state."""
    names = {"PRESSED": "is pressed", "RELEASED": "is pressed shortly", "HELD": "is held"}
    rows = []
    for (gesture, state), event in MEANING.items():
        button, verb = gesture.name.split("_")
        rows.append((button.lower(), names[verb], state.name, event.value))
    return _table(("button", "gesture", "in", "means"), rows)


def states() -> str:
    """Return what the ring shows in each state, with its picture."""
    rows = [
        (state.name, _image(FOLDER / f"{state.value}.svg"), *_rhythm(ring(state)))
        for state in State
        if state is not State.FAULT
    ]
    stays = [(lamps, FRAME_SECONDS * len(list(frames))) for lamps, frames in groupby(SENDING)]
    path = " → ".join(_lamps(lamps) for lamps, _ in stays)
    seconds = ", ".join(f"{seconds:g} s" for _, seconds in stays)
    rows.insert(1, ("READY, films are being sent", "a light that wanders", path, seconds))
    return _table(
        ("state", "panel", "lamps", "rhythm"), [*rows, ("FAULT", "below", "of its trouble", "half a second in 1.5 s")]
    )


def troubles() -> str:
    """Return every trouble: its lamps, what it does to films, and what people are told."""
    ends = set(BEHIND.values())
    rows = [
        (f"`{trouble.value}`", _lamps(TROUBLES[trouble]), "yes" if trouble in ends else "", ADVICE[trouble])
        for trouble in Trouble
    ]
    return _table(("name", "lamps", "ends a film", "what the log and `kit-device status` say"), rows)


def fault_pictures() -> str:
    """Return the picture of each place that a fault blinks at."""
    places: dict[Path, list[str]] = {}
    for trouble in Trouble:
        places.setdefault(trouble_picture(trouble), []).append(f"`{trouble.value}`")
    return _table(("panel", "one of"), [(_image(path), ", ".join(names)) for path, names in places.items()])


def link_troubles() -> str:
    """Return what may stand between kit and agency: how it is seen, what people are told, when the ring shows it."""
    rows = [
        (f"`{trouble.value}`", known.seen_by, known.advice, _patience(trouble.value))
        for trouble, known in DESCRIBED.items()
    ]
    return _table(("name", "seen by", "what `kit-device status` says", "the ring shows it after"), rows)


def refusals() -> str:
    """Return what the service refuses and the kit knows by name: what it holds up, and when it is asked again."""
    rows = [(f"`{problem}`", *_rule(rule), _patience(problem)) for problem, rule in RULES.items()]
    return _table(
        ("problem", "holds up", "asked again after", "what is told", "the ring shows it after"),
        [*rows, ("any other", *_rule(OTHERS), _patience(""))],
    )


def _rule(rule: Rule) -> tuple[str, str, str]:
    more = "" if rule.first == rule.most else f", twice as long each time, to {rule.most:g} s"
    again = f"{rule.first:g} s{more}"
    return rule.scope.value, again, rule.advice or "what the service says"


def _patience(code: str) -> str:
    return f"{SOON_SECONDS / 60:g} min" if code in SOON else f"{LATE_SECONDS / 3600:g} h"


def announcements() -> str:
    """Return what is told once, and how."""
    rows = []
    for what, told in ANNOUNCEMENTS.items():
        tone = f"{told.tone.beeps} of {told.tone.on:g} s" if told.tone else "none"
        rows.append((what.value, " ".join(map(_lamps, told.frames)) or "as the state", tone))
    return _table(("when", "lamps, half a second each", "beeps"), rows)


def _rhythm(frames: tuple[Lamps, ...]) -> tuple[str, str]:
    return _lamps(max(frames)), "1 Hz" if DARK in frames else "steady"


def _lamps(lamps: Lamps) -> str:
    return "".join("●" if on else "○" for on in lamps)


def _image(path: Path) -> str:
    return f"![{path.stem}]({path.relative_to('docs')})"


def endings() -> str:
    """Return how a film can end."""
    return _table(("`ended`",), [(ended.value,) for ended in Ended])


def selftest_parts() -> str:
    """Return what a self-test tests."""
    rows = [(f"`{name}`", part.shows, "yes" if part.hands else "") for name, part in PARTS.items()]
    return _table(("part", "what its test shows", "needs a person"), rows)


def selftest_exits() -> str:
    """Return how a self-test ends."""
    meanings = {
        Exit.ALL_OK: "all that was asked for is OK",
        Exit.ERRORS: "at least one ERROR, or the self-test could not begin",
        Exit.SKIPPED: "no ERROR, but a SKIP",
    }
    return _table(("exit code", "when"), [(str(end.value), meanings[end]) for end in Exit])


def selftest_flaws() -> str:
    """Return what only a self-test finds."""
    return _table(("code", "when"), [(f"`{flaw.value}`", meaning) for flaw, meaning in MEANINGS.items()])


def faults() -> str:
    """Return what a scrub finds."""
    rows = [
        (f"`{kind.value}`", meaning.text, meaning.next_step, "yes" if meaning.grave else "")
        for kind, meaning in MEANINGS_OF_FAULTS.items()
    ]
    return _table(("fault", "meaning", "next step", "grave"), rows)


def rooms() -> str:
    """Return the packages of the service, each with what its own docstring says first."""
    rows = []
    for room in pkgutil.iter_modules(companion_api.__path__, "companion_api."):
        if room.ispkg:
            said = (import_module(room.name).__doc__ or "").split("\n\n")[0]
            rows.append((f"`{room.name.removeprefix('companion_api.')}`", " ".join(said.split())))
    return _table(("room", "what is in it"), rows)


def progress_screen() -> str:
    """Return what `kit-device status --watch` shows of three films, one of them home already."""
    films = (
        FilmProgress("1b1b0e6c-5a0f-4c0e-9f0f-0d7c4a6f2b11", 226_300_000, 158_400_000),
        FilmProgress("f3d94a07-22c1-4b4e-8a53-6f1f9f0d9c02", 311_900_000),
    )
    to_go = sum(film.bytes - film.bytes_there for film in films)
    there = 187_400_000 + sum(film.bytes_there for film in films)
    uplink = UplinkStatus(2, films, there, to_go, 1_900_000, to_go // 1_900_000, moving=True)
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(screen("kit-0007", uplink, silent=False, height=24))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(["```", *lines, "```"])


def pins() -> str:
    """Return the pin map."""
    rows = [(name.replace("_", " "), str(getattr(BOARD, name)).strip("()")) for name in type(BOARD).__slots__]
    return _table(("part", "BCM pin"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "state-diagram": state_diagram,
    "transitions": transitions,
    "gestures": gestures,
    "states": states,
    "troubles": troubles,
    "fault-pictures": fault_pictures,
    "announcements": announcements,
    "link-troubles": link_troubles,
    "refusals": refusals,
    "endings": endings,
    "pins": pins,
    "faults": faults,
    "rooms": rooms,
    "progress-screen": progress_screen,
    "selftest-parts": selftest_parts,
    "selftest-exits": selftest_exits,
    "selftest-flaws": selftest_flaws,
}


def rendered(text: str) -> str:
    """Return a document with all of its blocks anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match['name']]()}\n{match[3]}", text)


def main() -> None:
    """Write or check all documents."""
    parser = argparse.ArgumentParser(prog="docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a block is not true")
    check = parser.parse_args().check
    texts = dict(pictures()) | {document: rendered(document.read_text("utf-8")) for document in DOCUMENTS}
    wanted = {path: text.encode("utf-8") for path, text in texts.items()}
    wanted |= {Path("docs", name): pdf for name, pdf in cards()}
    stale = [path for path, true in wanted.items() if not path.exists() or path.read_bytes() != true]
    if not check:
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(wanted[path])
    elif stale:
        sys.exit(f"What is generated is not true in {', '.join(map(str, stale))}. Next step: make docs")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
