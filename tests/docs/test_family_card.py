"""Every family card says all of its words on one page, says the same in each language, and shows the panel as it is."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec
import pytest
import typst
from pypdf import PdfReader

from device.recorder import TABLE, Announcement, Effect, State, Step
from device.signals import ANNOUNCEMENTS, STATES, ring
from docs.family_card.card import SHOWN, card, card_pictures, write
from docs.family_card.words import FACTS, LANGUAGES, CardWords, card_words, raw_words
from docs.panel_pictures import ENGLISH, picture

LONGEST_SENTENCE = 16  # words
SMALLEST_TYPE = 14  # points
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pdf(language: str) -> PdfReader:
    return PdfReader(BytesIO(card(language)))


def strings(words: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(words, str):
        yield path, words
    else:
        for field, value in words.items():
            yield from strings(value, f"{path}.{field}")


def facts_in(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def squeezed(text: str) -> str:
    """A text without spaces, which line breaks may take the place of."""
    return re.sub(r"\s", "", text)


def said(element: Any) -> Iterator[str]:
    """The texts for pictures in the order in which a screen reader meets them."""
    element = element.get_object() if hasattr(element, "get_object") else element
    if isinstance(element, list):
        for child in element:
            yield from said(child)
    elif isinstance(element, dict):
        if "/Alt" in element:
            yield str(element["/Alt"])
        yield from said(element.get("/K"))


def test_one_page_of_a4_says_every_word(language: str, pdf: PdfReader) -> None:
    (page,) = pdf.pages
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297]
    text = squeezed(page.extract_text())
    words = msgspec.to_builtins(card_words(language))
    missing = [path for path, said in strings(words) if not path.endswith(".picture") and squeezed(said) not in text]
    assert not missing


def test_a_reader_hears_title_language_and_pictures(language: str, pdf: PdfReader) -> None:
    words = card_words(language)
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert pdf.metadata is not None
    assert str(pdf.metadata.title).startswith(words.title)
    shown = (*(getattr(words.lights, state.value) for state in SHOWN), words.yes, words.stop, words.take_back)
    assert list(said(root["/StructTreeRoot"])) == [block.picture for block in (*shown, words.keeps)]


def test_type_is_large(language: str, pdf: PdfReader) -> None:
    """Only what stands in pictures is smaller: the words on the panel, and the seconds to hold."""
    smaller = []

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: Any, size: float) -> None:
        if round(size * abs(text_matrix[3] * matrix[3]), 1) < SMALLEST_TYPE:
            smaller.append(text)

    pdf.pages[0].extract_text(visitor_text=visit)
    panel = card_words(language).panel
    drawn = (panel.filming + panel.agreed + panel.kit) * len(SHOWN) + FACTS["hold_seconds"]
    assert squeezed("".join(smaller)) == squeezed(drawn)


def test_cards_are_small_and_the_same_again(language: str) -> None:
    first = card(language)
    assert first == card(language)
    assert len(first) < MEBIBYTE / 10


def test_the_contact_takes_the_place_of_the_line(language: str, tmp_path: Path) -> None:
    contact = "Tîm Teulu Dŵr y Bryn, 01234 567890"
    for file in write(tmp_path, contact):
        (page,) = PdfReader(file).pages
        assert squeezed(contact) in squeezed(page.extract_text())


def test_a_contact_beyond_the_page_is_refused() -> None:
    with pytest.raises(typst.TypstError, match="longer than a page"):
        card("cy", "Family Team, 01234 567890. " * 40)


def test_all_languages_have_the_same_fields_and_facts(language: str) -> None:
    english = {path: facts_in(text) for path, text in strings(raw_words("en"))}
    assert {path: facts_in(text) for path, text in strings(raw_words(language))} == english
    assert {fact for facts in english.values() for fact in facts} == set(FACTS)
    assert all(text.strip() for _, text in strings(raw_words(language)))


def test_a_field_too_many_or_too_few_is_refused() -> None:
    words = msgspec.to_builtins(card_words("en"))
    with pytest.raises(msgspec.ValidationError, match="unknown field `more`"):
        msgspec.convert(words | {"more": "text"}, CardWords)
    with pytest.raises(msgspec.ValidationError, match="missing required field `title`"):
        msgspec.convert({field: value for field, value in words.items() if field != "title"}, CardWords)


def test_no_digit_is_written_by_hand(language: str) -> None:
    assert not [path for path, text in strings(raw_words(language)) if re.search(r"\d", text)]


def test_sentences_are_short(language: str) -> None:
    words = msgspec.to_builtins(card_words(language))
    sentences = [
        sentence
        for path, text in strings(words)
        if not path.endswith(".picture")
        for sentence in re.split(r"(?<=[.?:])\s", text)
    ]
    assert not [sentence for sentence in sentences if len(sentence.split()) > LONGEST_SENTENCE]


def test_beeps_of_take_back_are_those_of_nothing_else() -> None:
    tone = ANNOUNCEMENTS[Announcement.TAKEN_BACK].tone
    assert tone is not None
    others = [told.tone for what, told in ANNOUNCEMENTS.items() if what is not Announcement.TAKEN_BACK and told.tone]
    assert tone.beeps not in {other.beeps for other in others}


def test_what_is_shown_is_every_state_without_a_rhythm() -> None:
    assert set(SHOWN) == {state for state, frames in STATES.items() if len(frames) == 1} - {State.FAULT}


def test_the_pictures_are_the_panel(language: str) -> None:
    words = card_words(language)
    drawn = card_pictures(words)
    for state in SHOWN:
        panel = picture(state, ring(state))
        for ours, english in zip(
            (words.panel.filming, words.panel.agreed, words.panel.kit),
            (ENGLISH.filming, ENGLISH.agreed, ENGLISH.kit),
            strict=True,
        ):
            panel = panel.replace(f">{english}</text>", f">{ours}</text>")
        assert drawn[state.value] == panel


def test_big_lights_are_drawn_as_the_recorder_switches_them() -> None:
    """Walk every step of the recorder's table from the dark, and compare what shines with what is drawn."""
    shining = {(State.READY, False, False)}
    steps = [(state, step) for (state, _), step in TABLE.items()]
    while more := {after(*now, step) for now in shining for state, step in steps if state is now[0]} - shining:
        shining |= more
    assert {state for state, _, _ in shining} == set(State)
    for state, tally, consent in shining:
        title = picture(state, ring(state)).split("<title>")[1].split("</title>")[0]
        assert ("filming light lit" in title, "agreed light lit" in title) == (tally, consent), state


def after(_: State, tally: bool, consent: bool, step: Step) -> tuple[State, bool, bool]:
    tally = (tally or Effect.PROVE_TALLY in step.effects) and Effect.TALLY_OFF not in step.effects
    consent = (consent or Effect.CONSENT_LIGHT_ON in step.effects) and Effect.CONSENT_LIGHT_OFF not in step.effects
    return step.state, tally, consent
