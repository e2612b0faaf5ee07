"""The page that a family gets: it tells all reasons in words, loads nothing, and fits on one sheet."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from companion_api.films.certificate import POLICY, fingerprint, page
from companion_api.films.certificate_words import WORDS
from footage.erasure import Destroyed, Erasure, Reason, sign_erasure
from tests.footage.builders import Agency
from tests.footage.test_erasure import certificate

FILM = "5f0c9d5e-3b1a-4c58-9a75-0f7f3e0c5b11"


class _Text(HTMLParser):
    """The page's words, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [name for name, _ in attrs if name in ("src", "href", "srcset", "style", "action")]
        self.loads += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def _page(agency: Agency, **changes: object) -> str:
    erasure: Erasure = replace(certificate(agency, FILM), **changes)
    return page(sign_erasure(erasure, agency.receipt_key), erasure)


@pytest.mark.parametrize("language", WORDS)
def test_every_language_has_words_for_everything(language: str) -> None:
    words = WORDS[language]
    assert set(words.reasons) == set(Reason)
    assert set(words.deciders) == {"kit", "staff", "operator", "service"}
    assert len(words.months) == 12
    assert all(words)


@pytest.mark.parametrize("reason", Reason)
def test_the_reason_stands_in_plain_words(agency: Agency, reason: Reason) -> None:
    assert WORDS["en"].reasons[reason] in _Text(_page(agency, reason=reason)).text


def test_it_tells_which_film_and_what_became_of_it(agency: Agency) -> None:
    destroyed = Destroyed(film_key=True, manifest="0" * 64, parts=375, bytes=189_412_000)
    text = _Text(_page(agency, duration_ms=372_400, destroyed=destroyed)).text
    assert "Filmed on 20 November 2026 Length 6 min 12 s Your code with us A-17 Film number " + FILM in text
    assert (
        "On 20 January 2027 we destroyed the key to the film and its 375 locked pieces. "
        "Nothing of it is left with us that anybody could watch." in text
    )
    assert "Locked copies may lie in our backups until 24 February 2027." in text
    assert "Erased at 2027-01-20T03:00:00Z: 189.4 MB (store: disk, database: sqlite)." in text
    assert "On the kit" not in text
    assert "Erased automatically, as agreed." in text


def test_what_is_not_known_is_left_out(agency: Agency) -> None:
    never_came = Destroyed(film_key=False, manifest=None, parts=0, bytes=0)
    html = _page(agency, case=None, filmed_at=None, duration_ms=None, destroyed=never_came, reason=Reason.TAKEN_BACK)
    text = _Text(html).text
    assert "Filmed on" not in text
    assert "None" not in text
    assert "Nothing of it had come to us." in text
    assert "backups" not in text


@pytest.mark.parametrize(("decided_by", "told"), [("service", True), ("operator", True), ("kit:kit-0001", False)])
def test_what_may_be_left_on_a_kit_is_not_kept_from_the_family(agency: Agency, decided_by: str, told: bool) -> None:
    half = Destroyed(film_key=True, manifest=None, parts=3, bytes=3_000_000)
    text = _Text(_page(agency, destroyed=half, decided_by=decided_by)).text
    assert ("On the kit Not all of it had come to us. What kit-0001 still has of it is locked" in text) is told


def test_its_fingerprint_is_that_of_the_signed_certificate(agency: Agency) -> None:
    erasure = certificate(agency, FILM)
    token = sign_erasure(erasure, agency.receipt_key)
    shown = fingerprint(token)
    assert shown.replace(" ", "") == hashlib.sha256(token.encode()).hexdigest()
    assert shown in _Text(page(token, erasure)).text


def test_it_loads_nothing_and_its_policy_allows_just_its_style(agency: Agency) -> None:
    html = _page(agency)
    found = _Text(html)
    assert found.loads == []
    assert not {"script", "link", "img", "iframe", "form", "base", "object"} & set(found.tags)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert POLICY.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{allowed}'"]


def test_what_stands_in_a_certificate_can_not_become_markup(agency: Agency) -> None:
    html = _page(agency, case="<b>&")  # no certificate can be read that has this; still
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
