"""The picture of `scaling`: how much more workers take in, where the cores are full, and who filled them."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median
from typing import NamedTuple

_WIDTH, _HEIGHT = 860, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 400, 112, 352  # of the curve
_BARS, _BARS_END = 500, 826  # of the bars beside it
_BAR_HEIGHT, _BAR_STEP = 40, 72
_COLOURS = {"service": "#0072b2", "Ceph": "#9a9a9a", "PostgreSQL": "#e69f00", "load": "#d9d9d9"}
_TEXTS = {"service": "#fff", "Ceph": "#000", "PostgreSQL": "#000", "load": "#000"}
_INK, _FAINT, _CEILING, _HELD = "#1a1a1a", "#6b6b6b", "#b3261e", "#00795a"


class Point(NamedTuple):
    """With so many workers: MB/s of each run, also of held workers, and the median of CPU seconds per GB by whose."""

    workers: int
    mb_per_s: Sequence[float]
    held_mb_per_s: Sequence[float]
    cpu_per_gb: Mapping[str, float]

    @classmethod
    def of(
        cls,
        workers: int,
        mb_per_s: Sequence[float],
        held_mb_per_s: Sequence[float],
        cpu_per_gb: Sequence[Mapping[str, float]],
    ) -> "Point":
        """Make a point of what was measured in each run."""
        return cls(
            workers, mb_per_s, held_mb_per_s, {name: median(run[name] for run in cpu_per_gb) for name in cpu_per_gb[0]}
        )

    @property
    def speed(self) -> float:
        """The median of MB/s."""
        return median(self.mb_per_s)

    def ceiling(self, cores: int) -> float:
        """MB/s at which so many cores would have nothing left, at this CPU time per GB."""
        return cores / sum(self.cpu_per_gb.values()) * 1e3


def picture(points: Sequence[Point], cores: int, clients: int, others: float, share: float) -> str:
    """Return the SVG.

    `others`: the share of the cores' time that went to anything else. `share`: of a core, that held workers had.
    """
    first, *_, last = points
    total = sum(last.cpu_per_gb.values())
    shares = ", ".join(f"{name} {value / total:.0%}" for name, value in last.cpu_per_gb.items())
    more = ", ".join(f"{point.workers} workers {point.speed / first.speed:.2f} times" for point in points[1:])
    body = [
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(24, 34, "Parts taken in on PostgreSQL and Ceph, all on one machine", size=20, bold=True),
        _text(
            24,
            58,
            f"Against 1 worker: {more}. {clients} clients, parts of 1 MiB; medians of {len(first.mb_per_s)} runs.",
        ),
        *_curves(points, cores, share),
        *_bars(points),
        _text(24, _HEIGHT - 34, f"CPU time with {last.workers} workers: {shares}.", colour=_FAINT),
        _text(24, _HEIGHT - 14, f"Meanwhile {others:.0%} of the cores' time went to anything else.", colour=_FAINT),
    ]
    title = f"<title>MB/s taken in by {', '.join(str(p.workers) for p in points)} workers: " + (
        ", ".join(f"{p.speed:.0f}" for p in points) + "</title>"
    )
    lines = "\n  ".join([title, *body])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="sans-serif">\n  {lines}\n</svg>\n'
    )


def _curves(points: Sequence[Point], cores: int, share: float) -> Iterator[str]:
    """Yield the left half: MB/s by workers, each run a dot, and the line that the cores allow."""
    ceilings = [point.ceiling(cores) for point in points]
    step = _round_step(max(*ceilings, *(max(point.mb_per_s) for point in points)))
    most = points[-1].workers

    def x(workers: float) -> float:
        return _LEFT + 24 + (_RIGHT - _LEFT - 48) * (workers - 1) / (most - 1)

    def y(speed: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * speed / (5 * step)

    yield _text(_LEFT - 36, _TOP - 20, "MB/s", bold=True)
    for tick in range(6):
        yield _line(_LEFT, y(tick * step), _RIGHT, y(tick * step), "#e4e4e4")
        yield _text(_LEFT - 8, y(tick * step) + 5, f"{tick * step}", anchor="end", colour=_FAINT)
    for point in points:
        yield _text(x(point.workers), _BOTTOM + 22, f"{point.workers}", anchor="middle")
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 42, "workers", anchor="middle", bold=True)
    yield _polyline([(x(p.workers), y(c)) for p, c in zip(points, ceilings, strict=True)], _CEILING, dashed=True)
    yield _text(_RIGHT, y(max(ceilings)) - 12, f"where these {cores} cores are full", anchor="end", colour=_CEILING)
    for colour, faint, speeds in (
        (_COLOURS["service"], "#8ab8d8", [point.mb_per_s for point in points]),
        (_HELD, "#8fd3bf", [point.held_mb_per_s for point in points]),
    ):
        if not all(speeds):
            continue  # nobody could be held here
        places = [(x(point.workers), its) for point, its in zip(points, speeds, strict=True)]
        yield _polyline([(at, y(median(its))) for at, its in places], colour)
        for at, its in places:
            yield from (_dot(at, y(speed), 3, faint) for speed in its)
            yield _dot(at, y(median(its)), 6, colour)
            label = y(min(its)) + 22 if colour != _HELD else y(max(its)) - 12
            yield _text(at, label, f"{median(its):.0f}", anchor="middle", bold=True)
    if points[-1].held_mb_per_s:
        first, *more = (median(point.held_mb_per_s) for point in points)
        times = " and ".join(f"{its / first:.1f}" for its in more)
        yield _text(_RIGHT, _BOTTOM - 24, f"each held to {share:.0%} of a core:", anchor="end", colour=_HELD)
        yield _text(_RIGHT, _BOTTOM - 6, f"{times} times", anchor="end", colour=_HELD)


def _bars(points: Sequence[Point]) -> Iterator[str]:
    """Yield the right half: whose the CPU seconds of a GB were."""
    widest = max(sum(point.cpu_per_gb.values()) for point in points)
    yield _text(_BARS - 76, _TOP - 20, "CPU seconds per GB, by whom", bold=True)
    left = _BARS - 76
    for name in points[0].cpu_per_gb:
        yield f'<rect x="{left}" y="{_TOP - 4}" width="14" height="14" fill="{_COLOURS[name]}"/>'
        yield _text(left + 20, _TOP + 8, name)
        left += 44 + 8 * len(name)
    for row, point in enumerate(points):
        top = _TOP + 30 + row * _BAR_STEP
        workers = f"{point.workers} worker{'s' * (point.workers > 1)}"
        yield _text(_BARS - 10, top + _BAR_HEIGHT / 2 + 5, workers, anchor="end")
        start = float(_BARS)
        for name, value in point.cpu_per_gb.items():
            width = (_BARS_END - _BARS) * value / widest
            yield (
                f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{_BAR_HEIGHT}" fill="{_COLOURS[name]}"/>'
            )
            if width > 28:
                middle = start + width / 2
                yield _text(middle, top + _BAR_HEIGHT / 2 + 5, f"{value:.1f}", anchor="middle", colour=_TEXTS[name])
            start += width


def _round_step(most: float) -> int:
    """Return a round fifth of an axis that reaches at least so far."""
    steps = [factor * size for size in (1, 10, 100, 1000) for factor in (1, 2, 3, 4, 5, 6, 8)]
    return next(step for step in steps if 5 * step >= most * 1.08)


def _text(
    x: float, y: float, text: str, *, size: int = 14, anchor: str = "start", colour: str = _INK, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{weight}>'
        f"{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _polyline(places: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>'


def _dot(x: float, y: float, radius: int, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'
