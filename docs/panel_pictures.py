"""Pictures of the panel as SVG, from the code's own tables. Black, white and shape only, for any printer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.recorder import State
from device.signals import DARK, TROUBLES, Lamps, ring
from device.trouble import Trouble

FOLDER = Path("docs/panel")
_WIDTH, _HEIGHT = 400, 144
_TALLY = {State.RECORDING, State.CLOSING}
_CONSENT = {State.AGREED, State.RECORDING, State.CLOSING}


@dataclass(frozen=True, slots=True)
class PanelWords:
    """What stands on the panel, under the tally, the consent light and the three lamps."""

    filming: str
    agreed: str
    kit: str


ENGLISH = PanelWords("filming", "agreed", "the kit")


def pictures() -> Iterator[tuple[Path, str]]:
    """Yield a file for each state, and for each place that a fault or a warning can blink at."""
    for state in State:
        if state is not State.FAULT:
            yield FOLDER / f"{state.value}.svg", picture(state, ring(state))
    for lamps in dict.fromkeys(TROUBLES.values()):
        trouble = next(trouble for trouble, its in TROUBLES.items() if its == lamps)
        yield FOLDER / f"fault-{lamp_name(lamps)}.svg", picture(State.FAULT, ring(State.FAULT, trouble))


def trouble_picture(trouble: Trouble) -> Path:
    """Return the file that shows a trouble."""
    return FOLDER / f"fault-{lamp_name(TROUBLES[trouble])}.svg"


def lamp_name(lamps: Lamps) -> str:
    """Return the lamps as digits: 101 for the first and the last."""
    return "".join(map(str, lamps))


def picture(state: State, frames: tuple[Lamps, ...], words: PanelWords = ENGLISH) -> str:
    """Return the panel in a state: what shines is white with rays, what blinks is half white, what is dark is black."""
    blinks = DARK in frames
    lit = max(frames)
    shapes = [
        f'<rect x="4" y="4" width="{_WIDTH - 8}" height="{_HEIGHT - 8}" rx="22" fill="#8a8a8a" stroke="#000" '
        'stroke-width="3"/>',
        *light(66, 58, 30, state in _TALLY, name=words.filming),
        *light(182, 58, 20, state in _CONSENT, name=words.agreed),
        *(
            part
            for number, on in enumerate(lit)
            for part in light(262 + 50 * number, 58, 12, bool(on), blinks=blinks and bool(on))
        ),
        _word(312, 124, words.kit),
    ]
    title = f"{state.value}: filming light {_is(state in _TALLY)}, agreed light {_is(state in _CONSENT)}, lamps " + (
        " ".join(_is(bool(on)) for on in lit) + (", blinking" if blinks else "")
    )
    body = "\n  ".join([f"<title>{title}</title>", *shapes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img">\n  {body}\n</svg>\n'
    )


def light(x: int, y: int, radius: int, lit: bool, *, blinks: bool = False, name: str = "") -> Iterator[str]:
    """Yield the SVG shapes of one light, with its name under it."""
    fill = "#fff" if lit else "#222"
    yield f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="#000" stroke-width="3"/>'
    if blinks:  # the left half dark: on and off
        yield f'<path d="M {x} {y - radius} A {radius} {radius} 0 0 0 {x} {y + radius} Z" fill="#222"/>'
    if lit:
        yield from (_ray(x, y, radius, dx, dy) for dx, dy in _DIRECTIONS)
    if name:
        yield _word(x, 124, name)


_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))


def _ray(x: int, y: int, radius: int, dx: float, dy: float) -> str:
    near, far = radius + 4, radius + 10
    return (
        f'<line x1="{x + dx * near:.1f}" y1="{y + dy * near:.1f}" x2="{x + dx * far:.1f}" y2="{y + dy * far:.1f}" '
        'stroke="#fff" stroke-width="3" stroke-linecap="round"/>'
    )


def _word(x: int, y: int, text: str) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="middle" font-family="sans-serif" font-size="22" font-weight="bold" '
        f'fill="#000">{text}</text>'
    )


def _is(lit: bool) -> str:
    return "lit" if lit else "dark"
