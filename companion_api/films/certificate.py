"""The erasure certificate as a page: one sheet to print for a family, in plain words.

It loads nothing: its style stands in it, and `POLICY`, which goes with it as a header, allows just that style.
"""

import base64
import hashlib
from datetime import datetime
from html import escape
from string import Template

from companion_api.films.certificate_words import WORDS, Words
from footage.erasure import Erasure

_STYLE = """
@page { size: A4; margin: 18mm 20mm 14mm }
* { box-sizing: border-box }
html { color: #16232e; background: #e9edf0;
  font: 400 11.5pt/1.45 Lexend, "Segoe UI", "Noto Sans", "Helvetica Neue", "DejaVu Sans", sans-serif }
main { max-width: 184mm; margin: 8mm auto; padding: 16mm 18mm; background: #fff; border-radius: 3mm }
header { display: flex; gap: 6mm; align-items: center; padding-bottom: 5mm; border-bottom: .6mm solid #16232e }
header svg { width: 17mm; height: 17mm; flex: none }
h1 { margin: 0; font-size: 25pt; line-height: 1.12; letter-spacing: -.01em }
header p { margin: 1mm 0 0 }
section { display: grid; grid-template-columns: 36mm 1fr; gap: 0 6mm; padding: 4mm 0; border-bottom: .2mm solid #b9c3ca;
  break-inside: avoid }
h2 { margin: 0; font-size: 11.5pt }
section p, dl, dd { margin: 0 }
section p + p { margin-top: 1.6mm }
dl { display: grid; grid-template-columns: auto 1fr; gap: .8mm 6mm }
dt { color: #51616d }
code { font: 9.5pt/1.5 "DejaVu Sans Mono", ui-monospace, Consolas, monospace; overflow-wrap: anywhere }
.lead { font-size: 13.5pt; font-weight: 600; line-height: 1.35 }
.small { color: #51616d; font-size: 9.5pt }
footer { margin-top: 17mm; padding-top: 1.5mm; border-top: .2mm solid #16232e; color: #51616d; font-size: 9.5pt }
@media print { html { background: none } main { max-width: none; margin: 0; padding: 0; border-radius: 0 } }
@media (max-width: 150mm) { main { margin: 0; padding: 6mm } section { grid-template-columns: 1fr; gap: 1.5mm } }
"""
_MARK = (  # a film that is no longer there
    '<svg viewBox="0 0 48 48" aria-hidden="true" fill="none" stroke="#16232e" stroke-width="2.6" '
    'stroke-linecap="round" stroke-linejoin="round"><rect x="6" y="11" width="36" height="26" rx="3.5" '
    'stroke-dasharray="5 5.2"/><path d="M15.5 24.5l6 6 11.5-13"/></svg>'
)
_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<header>$mark<div><h1>$title</h1><p>$subtitle</p></div></header>
$sections
<footer>$agency</footer>
</main>
</body>
</html>
""")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def fingerprint(token: str) -> str:
    """Return the SHA-256 of a certificate (JWS) in hex, in groups of four, as the page shows it."""
    digest = hashlib.sha256(token.encode("ascii")).hexdigest()
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))


def page(token: str, erasure: Erasure, language: str = "en") -> str:
    """Return the page (HTML) of a certificate that was verified. Raises `KeyError` for a language that there is not."""
    words = WORDS[language]
    content = {
        words.film: [_film(words, erasure)],
        words.why: _why(words, erasure),
        words.gone: _gone(words, erasure),
        words.on_kit: _on_kit(words, erasure),
        words.backups: _backups(words, erasure),
        words.check: _check(words, token, erasure),
    }
    return _PAGE.substitute(
        language=escape(language),
        title=escape(words.title),
        subtitle=escape(words.subtitle),
        style=_STYLE,
        mark=_MARK,
        sections="\n".join(_section(heading, texts) for heading, texts in content.items() if texts),
        agency=escape(words.agency),
    )


def _film(words: Words, erasure: Erasure) -> str:
    length = None
    if erasure.duration_ms is not None:
        minutes, seconds = divmod(round(erasure.duration_ms / 1000), 60)
        length = words.minutes.format(minutes=minutes, seconds=seconds)
    facts = {
        words.filmed: erasure.filmed_at and _date(words, erasure.filmed_at),
        words.length: length,
        words.case: erasure.case,
    }
    rows = {name: escape(value) for name, value in facts.items() if value}
    rows[words.number] = f"<code>{escape(erasure.film)}</code>"
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in rows.items()) + "</dl>"


def _why(words: Words, erasure: Erasure) -> list[str]:
    decider = words.deciders[erasure.decided_by.partition(":")[0]]
    return [
        _text(words.reasons[erasure.reason], "lead"),
        _text(f"{words.decided} {decider}", date=_date(words, erasure.decided_at)),
    ]


def _gone(words: Words, erasure: Erasure) -> list[str]:
    destroyed = erasure.destroyed
    what = [words.key] if destroyed.film_key else []
    if destroyed.parts:
        what.append(words.pieces.format(parts=destroyed.parts))
    if not what:
        return [_text(words.not_arrived, "lead")]
    date = _date(words, erasure.erased_at)
    return [_text(words.destroyed, "lead", date=date, what=words.joined.join(what)), _text(words.nobody)]


def _on_kit(words: Words, erasure: Erasure) -> list[str]:
    """Tell of what a kit may still have: one that erased, took back, or got a receipt has nothing."""
    whole = erasure.destroyed.manifest is not None
    return [] if whole or erasure.decided_by.startswith("kit:") else [_text(words.left_on_kit, kit=erasure.kit)]


def _backups(words: Words, erasure: Erasure) -> list[str]:
    if not erasure.destroyed.parts:  # what never came is in no backup
        return []
    return [_text(words.until, date=_date(words, erasure.backups_until)), _text(words.again)]


def _check(words: Words, token: str, erasure: Erasure) -> list[str]:
    details = {"key": erasure.receipt_key, "store": erasure.store, "database": erasure.database, "kit": erasure.kit}
    details |= {"erased_at": erasure.erased_at, "megabytes": f"{erasure.destroyed.bytes / 1e6:.1f}"}
    return [
        _text(words.how),
        f"<p><code>{fingerprint(token)}</code></p>",
        _text(words.signed, "small", **details),
    ]


def _section(heading: str, texts: list[str]) -> str:
    return f"<section><h2>{escape(heading)}</h2><div>{''.join(texts)}</div></section>"


def _text(words: str, kind: str = "", **values: str) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(words.format(**values))}</p>"


def _date(words: Words, at: str) -> str:
    day = datetime.fromisoformat(at)
    return words.date.format(day=day.day, month=words.months[day.month - 1], year=day.year)
