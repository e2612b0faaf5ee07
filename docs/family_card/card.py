"""Sets the family card with Typst: A4, one page, PDF/UA-1 (tagged, titled, with words for every picture)."""

import json
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import msgspec
import typst

from device.recorder import State
from device.signals import ring
from docs.family_card import pictures
from docs.family_card.words import FACTS, FOLDER, LANGUAGES, CardWords, card_words
from docs.panel_pictures import picture

SHOWN = (State.READY, State.AGREED, State.RECORDING)
_TEMPLATE = FOLDER / "card.typ"
_FONT = files("fontpkg_lexend") / "files"  # Lexend: made for easy reading, and has ŵ and ŷ


def cards(contact: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PDF of the card in each language."""
    for language in LANGUAGES:
        yield f"family-card-{language}.pdf", card(language, contact)


def card(language: str, contact: str = "") -> bytes:
    """Return the PDF in a language of `LANGUAGES`. The same words give the same bytes.

    Without a `contact` (the agency's name and phone number) there is a line to write on. Raises `typst.TypstError` if
    the page can't hold it.
    """
    words = card_words(language)
    content = {
        "language": language,
        "contact": contact,
        "shown": [state.value for state in SHOWN],
        "words": msgspec.to_builtins(words),
        "pictures": card_pictures(words),
    }
    with as_file(_FONT) as font:
        pdf = typst.compile(
            _TEMPLATE,
            font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font]),
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"card": json.dumps(content)},
            timestamp=0,
        )
    assert isinstance(pdf, bytes)  # it is a list for pictures only, and None where a file is written
    return pdf


def card_pictures(words: CardWords) -> dict[str, str]:
    """Return all pictures of a card as SVG: the panel in each state shown, and what hands can do."""
    return {state.value: picture(state, ring(state), words.panel) for state in SHOWN} | {
        "yes": pictures.yes(),
        "stop": pictures.stop(),
        "take_back": pictures.take_back(FACTS["hold_seconds"]),
        "keeps": pictures.keeps(),
    }


def write(folder: Path, contact: str = "") -> list[Path]:
    """Write the card in all languages into a folder and return the files. Raises as `card` does, and `OSError`."""
    written = []
    for name, pdf in cards(contact):
        (folder / name).write_bytes(pdf)
        written.append(folder / name)
    return written
