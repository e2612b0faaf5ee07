"""What the last self-test found of each part, kept beside the films, so that the agency hears of it."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from device.selftest.outcome import Result, Verdict
from footage import durable
from footage.errors import FootageError
from footage.messages import Message, Timestamp, decode

OK = "ok"


class LastSelftest(Message, frozen=True):
    """When a part was last tested (None: nobody knew the time), and what was found of each: `ok` or a code."""

    at: Timestamp | None
    found: dict[str, str]

    @property
    def failed(self) -> list[str]:
        """The parts that were found wrong."""
        return sorted(name for name, code in self.found.items() if code != OK)


def memory_file(spool: Path) -> Path:
    """Return where it is kept."""
    return spool / "selftest.json"


def remember(spool: Path, results: Iterable[Result], at: str | None) -> None:
    """Keep what was found, beside what is known of parts that were not tested now. Raises `OSError`."""
    now = {one.name: one.code or OK for one in results if one.verdict is not Verdict.SKIP}
    if now:
        before = last_selftest(spool)
        found = (before.found if before else {}) | now
        durable.write_file(memory_file(spool), msgspec.json.encode(LastSelftest(at, found)))


def last_selftest(spool: Path) -> LastSelftest | None:
    """Return what is known, or None if there was no self-test."""
    try:
        return decode(LastSelftest, memory_file(spool).read_bytes())
    except (OSError, FootageError):
        return None
