"""Durable steps: the system calls by which a program makes something last. A program can be made to die at any of them.

strace counts each call of each thread by itself, and kills at the call's entry: the step itself is not done.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ELSEWHERE = "elsewhere"  # what a step is about that is not below the folder
KILL = "signal=KILL"  # `Fault.what` of `kill -9`
_CALLS = "fsync,fdatasync,/^rename,/^link,/^unlink,rmdir,/^mkdir"
_WRITES = "write,writev,pwrite64,fallocate,ftruncate"
_KINDS = {
    "FILM": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "NUMBER": r"\b[0-9]{5}\b",
    "DATE": r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b",
    ".new": r"\.new-[0-9a-f]+",
}
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")


Kind = tuple[str, str]  # of steps: call, and kind of file


class Step(NamedTuple):
    """The `number`-th `call` of a thread, counted from 1; `about` tells which kind of file it is about."""

    call: str
    number: int
    about: str = ""

    def __str__(self) -> str:
        return f"{self.call} {self.number} {self.about}".strip()

    @property
    def kind(self) -> Kind:
        """What it has in common with others."""
        return self.call, self.about


class Fault(NamedTuple):
    """What befalls a program at one of its steps, in strace's words."""

    step: Step
    what: str

    def __str__(self) -> str:
        return f"{self.what} at {self.step}"


def kill_at(step: Step) -> Fault:
    """Let it die by `kill -9`."""
    return Fault(step, KILL)


def tracer(log: Path, fault: Fault | None = None, *, writes: bool = False) -> list[str]:
    """Return the words to put before a command, so that its steps are written to `log` and one of them has a fault.

    With `writes` the calls that fill files are steps too.
    """
    calls = f"{_CALLS},{_WRITES}" if writes else _CALLS
    words = ["strace", "-f", "-qq", "-y", "-o", str(log), "-e", "signal=none", "-e", f"trace={calls}"]
    if fault:
        words += ["-e", f"inject={fault.step.call}:{fault.what}:when={fault.step.number}"]
    return words


def steps_below(log: Path, folder: Path) -> list[Step]:
    """Return the steps of a traced run that were about files below `folder`, in order, each once.

    A fault comes to the thread that is first at a step: what others do at theirs of the same number can't be met.
    """
    steps: dict[tuple[str, int], Step] = {}
    for step in _every_step(log, folder):
        steps.setdefault((step.call, step.number), step)
    return [step for step in steps.values() if step.about != ELSEWHERE]


def befallen(log: Path, folder: Path, fault: Fault) -> set[Kind]:
    """Return at which kinds of steps below `folder` a traced run had its fault; several threads may have had it."""
    call, number, _ = fault.step
    return {step.kind for step in _every_step(log, folder) if step[:2] == (call, number)} - {(call, ELSEWHERE)}


def _every_step(log: Path, folder: Path) -> Iterator[Step]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in log.read_text().splitlines():
        if match := _CALL.match(line):
            thread, call, arguments = match.groups()
            counts[thread, call] += 1
            yield Step(call, counts[thread, call], _about(arguments, folder))


def sample(steps: list[Step], most: int) -> list[Step]:
    """Return at most `most` steps, in order: one of each kind, and then others evenly spread. All, if FULL is set."""
    if len(steps) <= most or os.environ.get("FULL"):
        return steps
    firsts = list({step.kind: step for step in reversed(steps)}.values())
    others = [step for step in steps if step not in firsts]
    wanted = max(most - len(firsts), 0)
    spread = [others[index * len(others) // wanted] for index in range(wanted)]
    return [step for step in steps if step in firsts or step in spread]


def _about(arguments: str, folder: Path) -> str:
    """Return the file that a call is about (where it makes a name, that one), without what differs in every run."""
    paths = re.findall(re.escape(str(folder)) + r'/?([^">]*)', arguments)
    path: str = paths[-1] if paths else ELSEWHERE
    for kind, pattern in _KINDS.items():
        path = re.sub(pattern, kind, path)
    return path
