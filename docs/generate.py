"""Writes the generated blocks of our documents from the code, or checks that they are true (`--check`).

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from device.board import BOARD
from device.panel import MEANING, RING
from device.recorder import TABLE, State
from footage.manifest import Ended

DOCUMENTS = (Path("docs/recorder.md"), Path("hardware/README.md"))
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


def ring() -> str:
    """Return the status ring's patterns."""
    rows = [
        (state.name, f"{'●' * pattern.lamps}{'○' * (3 - pattern.lamps)}", "1 Hz" if pattern.blinks else "steady")
        for state, pattern in RING.items()
    ]
    return _table(("state", "lamps", "rhythm"), rows)


def endings() -> str:
    """Return how a film can end."""
    return _table(("`ended`",), [(ended.value,) for ended in Ended])


def pins() -> str:
    """Return the pin map."""
    rows = [(name.replace("_", " "), str(getattr(BOARD, name)).strip("()")) for name in type(BOARD).__slots__]
    return _table(("part", "BCM pin"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "state-diagram": state_diagram,
    "transitions": transitions,
    "gestures": gestures,
    "ring": ring,
    "endings": endings,
    "pins": pins,
}


def rendered(text: str) -> str:
    """Return a document with all of its blocks anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match['name']]()}\n{match[3]}", text)


def main() -> None:
    """Write or check all documents."""
    parser = argparse.ArgumentParser(prog="docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a block is not true")
    check = parser.parse_args().check
    stale = []
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        if (true := rendered(text)) != text:
            stale.append(str(document))
            if not check:
                document.write_text(true, "utf-8")
    if check and stale:
        sys.exit(f"Generated blocks are not true in {', '.join(stale)}. Next step: make docs")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
