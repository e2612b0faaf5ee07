"""What the figures are shown in: a table, `results.json`, and the table of `docs/benchmarks.md`."""

from pathlib import Path

import msgspec
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.claim import Entry
from benchmarks.errors import NoResults

_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"
_COLUMNS = ("name", "unit", "peer is", "ours", "peer", "ratio", "goal", "met", "runs")
_NUMBERS = {"ours", "peer", "ratio", "runs"}


def table(entries: list[Entry]) -> Table:
    """Return the entries for the terminal."""
    shown = Table(box=SIMPLE)
    shown.add_column("claim, unit, peer")
    for column in _COLUMNS[3:]:
        shown.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=True)
    for entry in entries:
        name, unit, peer_name, *figures = _cells(entry)
        shown.add_row(f"[bold]{name}[/bold]\n{unit}\n[dim]{peer_name}[/dim]", *figures)
    return shown


def write_results(entries: list[Entry], path: Path) -> None:
    """Write `results.json`."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(entries)) + b"\n")


def read_results(path: Path) -> list[Entry]:
    """Read `results.json`. Raises `NoResults`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Entry])
    except (OSError, msgspec.DecodeError) as reason:
        raise NoResults(f"{path} can't be read ({reason}). Run `make bench` first.") from None


def with_figures(text: str, entries: list[Entry]) -> str:
    """Return the document with its table written anew between the two marks."""
    head, rest = text.split(_BEGIN)
    _, tail = rest.split(_END)
    return f"{head}{_BEGIN}\n{_markdown(entries)}\n{_END}{tail}"


def _markdown(entries: list[Entry]) -> str:
    rule = ["---:" if column in _NUMBERS else "---" for column in _COLUMNS]
    rows = [list(_COLUMNS), rule, *([cell.replace("|", r"\|") for cell in _cells(entry)] for entry in entries)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(entry: Entry) -> list[str]:
    return [
        entry.name,
        entry.unit,
        entry.peer_name,
        f"{entry.ours:.4g}",
        f"{entry.peer:.4g}",
        f"{entry.ratio:.2f}",
        entry.goal or "",
        {None: "", True: "yes", False: "NO"}[entry.met],
        str(entry.runs),
    ]
