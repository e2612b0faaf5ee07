"""What people see while the demonstration runs: lights, the running film, and where each film is."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tests.scenarios.stack import Stack

_STATES = {"OPEN": "being filmed", "CLOSED": "closed, on its way", "RECEIPTED": "receipted", "TAKEN_BACK": "destroyed"}


def picture(stack: Stack, chapter: str) -> RenderableType:
    """Return the present state as one renderable."""
    return Group(Text(chapter, style="bold"), _kit(stack), _spool(stack), _uplink(stack))


def _kit(stack: Stack) -> RenderableType:
    status = stack.recorder_status()
    if status is None:
        return Panel("off", title="kit")
    lights = Table.grid(padding=(0, 3))
    lights.add_row(
        _lamp("tally", status.tally, "red"),
        _lamp("consent", status.consent, "green"),
        Text(f"state: {status.state}"),
        Text(f"{status.at_ms / 1000:5.1f} s filmed, {status.parts} parts sealed" if status.film else ""),
    )
    lines: list[RenderableType] = [lights]
    if status.fault:
        lines.append(Text(status.fault, style="yellow"))
    return Panel(Group(*lines), title="kit")


def _lamp(name: str, lit: bool, colour: str) -> Text:
    return Text(f"{'●' if lit else '○'} {name} {'ON ' if lit else 'off'}", style=colour if lit else "dim")


def _spool(stack: Stack) -> RenderableType:
    table = Table("film", "state", "sealed parts", expand=True)
    for film in stack.films():
        table.add_row(film.film, _STATES.get(film.state.name, "beginning"), str(len(film.part_names())))
    if not table.row_count:
        table.add_row("none: nothing is left on the kit", "", "")
    return Panel(table, title="films on the kit (sealed; the kit cannot open them)")


def _uplink(stack: Stack) -> RenderableType:
    status = stack.uplink_status()
    if status is None:
        return Panel("not started", title="uplink")
    sent = f"{status.parts_sent} parts, {status.bytes_sent / 1e6:.1f} MB sent    {status.receipts} receipts verified"
    return Panel(Text(f"{sent}    {status.problem}".rstrip()), title="uplink → agency")
