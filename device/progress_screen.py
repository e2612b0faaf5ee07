"""The screen of `kit-device status --watch`: a bar for each film that is on its way, and one for all of them."""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from device.outlook import load, megabytes, pace, share
from device.status import FilmProgress, UplinkStatus

_BESIDES = 9  # lines that are no film's
_BAR_WIDTH = 24
_END = "Ctrl-C ends this view; films go on by themselves."
NOT_STARTED = "The uplink has not started yet: systemctl status kit-uplink"
SILENT = "The uplink has said nothing for a while, so this may be old: systemctl status kit-uplink"


def screen(kit: str, uplink: UplinkStatus | None, *, silent: bool, height: int) -> RenderableType:
    """Return what is shown; `silent`: the uplink should have said something by now. `height` is that of the screen."""
    if uplink is None:
        return Group(Text(f"{kit}: {NOT_STARTED}"), Text(_END, "dim"))
    rows: list[RenderableType] = [Text(f"{kit}: {load(uplink)}", "bold")]
    if silent:
        rows.append(Text(SILENT))
    if uplink.problem:
        rows.append(Text(f"{uplink.problem_code}: {uplink.problem}"))
    if uplink.films:
        rows += ["", _bars(uplink, max(1, height - _BESIDES)), ""]
    return Group(*rows, Text(_END, "dim"))


def _bars(uplink: UplinkStatus, most: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, justify in (("film", "left"), ("with the agency", "left"), ("", "right"), ("", "right"), ("", "left")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for film in uplink.films[:most]:
        size = f"{film.bytes_there / 1e6:.1f} of {megabytes(film.bytes)}"
        table.add_row(film.film[:8], _bar(film.bytes_there, film.bytes), share(film), size, _remark(film))
    if (more := len(uplink.films) - most) > 0:
        table.add_row("", f"and {more} more films that wait")
    in_all = uplink.bytes_there + uplink.bytes_to_go
    total = FilmProgress("all", in_all, uplink.bytes_there)
    size = f"{uplink.bytes_there / 1e6:.1f} of {megabytes(in_all)}"
    table.add_row("all", _bar(uplink.bytes_there, in_all), share(total), size, pace(uplink), style="bold")
    return table


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=total or 1, completed=done, width=_BAR_WIDTH, complete_style="default")


def _remark(film: FilmProgress) -> str:
    return "refused" if film.refused else "not closed yet" if film.open else ""
