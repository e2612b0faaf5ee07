"""`kit-device clock`: set the clock by what the agency signed. `kit-clock.socket` starts it; the uplink is its caller.

It asks and it measures, in this process, so that a caller can only hand an answer on or keep it: first a line with a
new nonce goes out, then the agency's answer (JWS) must come in, and last goes out what became of it.
"""

import argparse
import logging
import sys
import time
from datetime import datetime
from typing import BinaryIO

from device import clock
from device.clock_setting import Decision, Verdict, decide
from device.commands.common import spool_of
from device.config import KitConfig, read_config
from device.errors import DeviceError
from device.spool import Spool
from device.spooled_film import FilmState
from footage.directory import Directory
from footage.errors import FootageError
from footage.signed_time import new_nonce, read_time

_LONGEST_ANSWER = 4096  # bytes; one has about 550

_log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `ConfigInvalid`, `OSError`."""
    config = read_config(options.config)
    nonce = new_nonce()
    _say(nonce)
    asked = time.monotonic()
    answer = sys.stdin.buffer.readline(_LONGEST_ANSWER)
    took = time.monotonic() - asked
    try:
        decision = _set(config, nonce, answer, took)
    except (DeviceError, FootageError) as reason:
        _log.warning("the clock stays as it is: %s", reason)
        _say(reason.code)
        return
    except PermissionError as reason:
        _log.warning("the clock may not be set (%s). Let kit-clock.socket start this.", reason)
        _say("clock-refused")
        return
    _log.info("%s: moved by %+.1f s, right to %.1f s", decision.verdict, decision.move_by, decision.error)
    _say(decision.verdict)


def _set(config: KitConfig, nonce: str, answer: bytes, took: float) -> Decision:
    directory = config.accepted_directory()
    iat = read_time(answer.decode("ascii", "replace").strip(), directory, kit=config.kit, nonce=nonce)
    decision = decide(
        now=time.time(),
        took=took,
        iat=iat,
        issued=_seconds(directory),
        known=clock.clock_status(),
        filming=is_filming(spool_of(config)),
    )
    if decision.verdict is Verdict.SET:
        clock.set_clock(time.time() + decision.move_by)
    if decision.verdict in (Verdict.SET, Verdict.RIGHT):
        clock.vouch_for_clock(decision.error)
    return decision


def is_filming(spool: Spool) -> bool:
    """Return whether a film is being recorded, or begins: its first part comes after its time was taken."""
    return spool.is_claimed() and any(film.state in (FilmState.EMPTY, FilmState.OPEN) for film in spool.films())


def _seconds(directory: Directory) -> float:
    return datetime.fromisoformat(directory.issued_at).timestamp()


def _say(line: str) -> None:
    out: BinaryIO = sys.stdout.buffer
    out.write(f"{line}\n".encode("ascii"))
    out.flush()
