"""Results as lines for people, or as one JSON document for programs.

    OK name text
    ERROR name code "text"
    SKIP name "text"
    # what a person is asked to do

A line is printed as soon as it is known. Questions go to stderr, so that stdout holds nothing but results.
"""

import json
import sys
from collections.abc import Iterable
from enum import IntEnum

import msgspec

from device.selftest.outcome import Result, Verdict


class Exit(IntEnum):
    """How `kit-device selftest` ends."""

    ALL_OK = 0
    ERRORS = 1
    SKIPPED = 3  # no errors, but not all was tested; 2 is argparse's


def line(result: Result) -> str:
    """Return a result as its line."""
    match result.verdict:
        case Verdict.OK:
            return f"OK {result.name} {result.text}"
        case Verdict.SKIP:
            return f"SKIP {result.name} {_quoted(result.text)}"
        case Verdict.ERROR:
            return f"ERROR {result.name} {result.code} {_quoted(result.text)}"


def tell(text: str) -> None:
    """Ask a person."""
    print(f"# {text}", file=sys.stderr, flush=True)


def print_results(kit: str, results: Iterable[Result], *, as_json: bool) -> Exit:
    """Print results as they come, or all at the end as JSON, and return how to exit."""
    known = []
    for result in results:
        known.append(result)
        if not as_json:
            print(line(result), flush=True)
    verdicts = {result.verdict for result in known}
    end = Exit.ERRORS if Verdict.ERROR in verdicts else Exit.SKIPPED if Verdict.SKIP in verdicts else Exit.ALL_OK
    if as_json:
        document = {"kit": kit, "ok": end is Exit.ALL_OK, "results": [result._asdict() for result in known]}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode(), flush=True)
    return end


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
