"""What recorder and uplink say of themselves, for people and for each other: one small JSON file each.

It lives in a folder that a reboot empties; nothing depends on it.
"""

from pathlib import Path

import msgspec

from footage.errors import FootageError
from footage.messages import Message, MessageT, decode


class RecorderStatus(Message, frozen=True):
    """The recorder: its state, its lights, the running film and its durable parts, a fault in words, and warnings."""

    state: str
    tally: bool
    consent: bool
    film: str = ""
    at_ms: int = 0
    parts: int = 0
    fault_code: str = ""
    fault: str = ""
    warnings: tuple[str, ...] = ()


class FilmProgress(Message, frozen=True):
    """A film on its way: bytes that go to the agency, and how many of them it has acknowledged.

    All are there only when the film has its receipt. `open`: it is not closed yet, so it may grow. `refused`: the
    agency does not take it, and the uplink's problem says why.
    """

    film: str
    bytes: int
    bytes_there: int = 0
    open: bool = False
    refused: bool = False


class UplinkStatus(Message, frozen=True):
    """The uplink: films waiting, parts sent since the start, the last receipt, a problem in words, and the link.

    `films` are those on their way, newest first, and `bytes_to_go` is what the agency is not known to have of them;
    `bytes_there` is what it has of all films since the kit last had none. `bytes_per_second` is measured over the last
    minute: 0 if the link stands still, None in the first seconds. `seconds_to_go` is None as long as nobody can know:
    in these seconds, on a link that stands still, while a film is open, and when one is refused. `moving`: something
    left the kit just now.
    """

    films_waiting: int
    films: tuple[FilmProgress, ...] = ()
    bytes_there: int = 0
    bytes_to_go: int = 0
    bytes_per_second: int | None = None
    seconds_to_go: int | None = None
    moving: bool = False
    parts_sent: int = 0
    bytes_sent: int = 0
    receipts: int = 0
    last_receipt: str = ""
    problem_code: str = ""
    problem: str = ""
    link: str = ""


RECORDER_FILE, UPLINK_FILE = "recorder.json", "uplink.json"


def write_status(path: Path, status: Message) -> None:
    """Replace the status file; a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(status))
    temporary.replace(path)


def read_status(path: Path, kind: type[MessageT]) -> MessageT | None:
    """Return the status, or None where there is none."""
    try:
        return decode(kind, path.read_bytes())
    except (OSError, FootageError):
        return None
