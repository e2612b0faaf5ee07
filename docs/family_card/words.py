"""The words of the family card: one file a language, all with the same fields.

Numbers that the code decides stand in braces, so that no card can promise another time than the kit keeps.
"""

from pathlib import Path
from typing import Any

import msgspec

from companion_api.films.film_states import TAKE_BACK_HOURS
from device.panel import AGREE_HOLD_SECONDS
from device.recorder import Announcement
from device.signals import ANNOUNCEMENTS
from docs.panel_pictures import PanelWords

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "cy", "nl")

_TAKEN_BACK = ANNOUNCEMENTS[Announcement.TAKEN_BACK].tone
FACTS = {
    "hold_seconds": f"{AGREE_HOLD_SECONDS:g}",
    "beeps": str(_TAKEN_BACK.beeps if _TAKEN_BACK else 0),
    "hours": str(TAKE_BACK_HOURS),
}


class Pictured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture with what it says: `picture` is what people hear who can't see it."""

    heading: str
    text: str
    picture: str


class Lights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the lights mean, state by state."""

    heading: str
    rule: str
    blinking: str
    ready: Pictured
    agreed: Pictured
    recording: Pictured


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a family can do: `do` is what the hand does, `text` what follows."""

    heading: str
    do: str
    text: str
    picture: str


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask; `who` stands before a line to write on."""

    heading: str
    text: str
    who: str


class CardWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All words of a card in one language."""

    title: str
    subtitle: str
    panel: PanelWords
    lights: Lights
    yes: Act
    stop: Act
    take_back: Act
    keeps: Pictured
    contact: Contact


def card_words(language: str) -> CardWords:
    """Return a language's words, with the facts in them. Raises `msgspec.ValidationError` for a wrong field."""
    return msgspec.convert(_with_facts(raw_words(language)), CardWords)


def raw_words(language: str) -> dict[str, Any]:
    """Return a language's file as it is; braces name a fact."""
    words: dict[str, Any] = msgspec.toml.decode((FOLDER / f"{language}.toml").read_bytes())
    return words


def _with_facts(words: Any) -> Any:
    match words:
        case str():
            return words.replace("} ", "}\N{NO-BREAK SPACE}").format_map(FACTS)  # a number stays with its unit
        case dict():
            return {field: _with_facts(value) for field, value in words.items()}
    return words
