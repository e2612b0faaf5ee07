"""Durable steps: the system calls by which a program makes something last. A program can be made to die at any of them.

strace counts each call of each thread by itself, and kills at the call's entry: the step itself is not done.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

_CALLS = "fsync,fdatasync,/^rename,/^link,/^unlink,rmdir,/^mkdir"
_WRITES = "write,writev,pwrite64,fallocate,ftruncate"
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")


class Step(NamedTuple):
    """The `number`-th `call` of a thread, counted from 1."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.number}"


class Fault(NamedTuple):
    """What befalls a program at one of its steps, in strace's words."""

    step: Step
    what: str

    def __str__(self) -> str:
        return f"{self.what} at {self.step}"


def kill_at(step: Step) -> Fault:
    """Let it die by `kill -9`."""
    return Fault(step, "signal=KILL")


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
    """Return the steps of a traced run that were about files below `folder`, in order, each once."""
    counts: Counter[tuple[str, str]] = Counter()
    steps: dict[Step, None] = {}
    for line in log.read_text().splitlines():
        if match := _CALL.match(line):
            thread, call, arguments = match.groups()
            counts[thread, call] += 1
            if str(folder) in arguments:
                steps[Step(call, counts[thread, call])] = None
    return list(steps)


def sample(steps: list[Step], count: int, *, last: int) -> list[Step]:
    """Return at most `count` steps: the `last` ones all, those before evenly spread."""
    if len(steps) <= count:
        return steps
    early, late = steps[:-last], steps[-last:]
    wanted = count - last
    return [early[index * len(early) // wanted] for index in range(wanted)] + late
