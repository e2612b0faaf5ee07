"""What a hand does at the family button and what follows, as SVG in black, white and grey."""

from docs.panel_pictures import light

_LINE = 'stroke="#000" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"'
_HAND = (  # from its wrist: thumb, index finger pointing down, three bent fingers
    "M 38 3 V 12 C 30 16 24 26 22 36 C 21 42 28 45 31 39 L 36 31 V 56 A 8 8 0 0 0 52 56 V 34 "
    "V 37 A 7 7 0 0 0 66 37 V 34 V 36 A 7 7 0 0 0 80 36 V 32 A 6 6 0 0 0 92 32 V 20 C 92 14 88 12 84 11 V 3 Z"
)


def yes() -> str:
    """Return: press, and the consent light shines."""
    return _svg(*_press(), *_arrow(), *_panel(), *light(178, 48, 18, lit=True))


def stop() -> str:
    """Return: press, and the tally is dark."""
    return _svg(*_press(), *_arrow(), *_panel(), *light(178, 48, 25, lit=False))


def take_back(hold_seconds: str) -> str:
    """Return: hold for so long, and the film is no more."""
    cross = "M 146 16 L 210 80 M 210 16 L 146 80"
    return _svg(
        *_press(),
        *_stopwatch(hold_seconds),
        *_arrow(y=68),
        *_film(138),
        f'<path d="{cross}" stroke="#fff" stroke-width="14" stroke-linecap="round"/>',
        f'<path d="{cross}" stroke="#000" stroke-width="7" stroke-linecap="round"/>',
    )


def keeps() -> str:
    """Return: a film under a padlock goes to a building."""
    windows = (
        f'<rect x="{x}" y="{y}" width="13" height="11" fill="#fff" stroke="#000" stroke-width="2"/>'
        for x in (150, 171.5, 193)
        for y in (24, 43)
    )
    return _svg(
        *_film(4),
        '<path d="M 30 46 V 34 A 14 14 0 0 1 58 34 V 46" fill="none" stroke="#fff" stroke-width="14"/>',
        '<rect x="18" y="42" width="52" height="42" rx="6" fill="#000" stroke="#fff" stroke-width="4"/>',
        '<path d="M 30 46 V 34 A 14 14 0 0 1 58 34 V 46" fill="none" stroke="#000" stroke-width="7"/>',
        '<circle cx="44" cy="59" r="5.5" fill="#fff"/>',
        '<path d="M 44 60 V 72" stroke="#fff" stroke-width="5" stroke-linecap="round"/>',
        *_arrow(),
        f'<path d="M 142 86 V 14 H 214 V 86 Z" fill="#b8b8b8" {_LINE}/>',
        *windows,
        f'<path d="M 169 86 V 64 H 187 V 86 Z" fill="#222" {_LINE}/>',
    )


def _stopwatch(seconds: str) -> tuple[str, ...]:
    return (
        '<path d="M 113 10 V 4 M 108 4 H 118" stroke="#000" stroke-width="4" stroke-linecap="round"/>',
        f'<circle cx="113" cy="27" r="16" fill="#fff" {_LINE}/>',
        '<text x="113" y="35" text-anchor="middle" font-family="sans-serif" font-size="22" font-weight="bold">'
        f"{seconds}</text>",
    )


def _press() -> tuple[str, ...]:
    return (
        f'<path d="M 16 84 V 76 Q 16 68 24 68 H 64 Q 72 68 72 76 V 84 Z" fill="#8a8a8a" {_LINE}/>',
        '<path d="M 4 86 H 84" stroke="#000" stroke-width="6" stroke-linecap="round"/>',
        f'<path d="{_HAND}" fill="#fff" {_LINE}/>',
    )


def _arrow(y: int = 48) -> tuple[str, ...]:
    return (f'<path d="M 104 {y} h 22 m -9 -9 l 9 9 l -9 9" fill="none" {_LINE}/>',)


def _panel() -> tuple[str, ...]:
    return (f'<rect x="140" y="10" width="76" height="76" rx="14" fill="#8a8a8a" {_LINE}/>',)


def _film(x: int) -> tuple[str, ...]:
    holes = (
        f'<rect x="{x + dx}" y="{y}" width="8" height="7" rx="1.5" fill="#fff"/>'
        for dx in (6, 21, 36, 51, 66)
        for y in (17, 72)
    )
    return (
        f'<rect x="{x}" y="11" width="80" height="74" rx="4" fill="#222"/>',
        *holes,
        f'<rect x="{x + 7}" y="30" width="66" height="36" rx="3" fill="#b8b8b8"/>',
    )


def _svg(*shapes: str) -> str:
    body = "\n  ".join(shapes)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 96" width="220" height="96">\n  {body}\n</svg>\n'
