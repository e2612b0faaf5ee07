"""`docs/sealed-footage.md` is normative, so its tables and sizes must be those of the code."""

import re

import msgspec
import pytest

from footage.age import HybridIdentity, Sealer
from footage.age.stream import CHUNK_SIZE
from footage.directory import Directory, KitEntry, Policy, RecipientEntry
from footage.erasure import Destroyed, Erasure, Reason
from footage.jws import MessageType
from footage.manifest import ClockStatus, Ended, FilmKind, FilmOpening, Manifest, PartEntry
from footage.messages import Message
from footage.notes import Note, NoteEvent
from footage.parts import MAX_PART_SIZE, MEDIA_STEP, NOTE_STEP, PartKind
from footage.receipt import Receipt
from footage.signed_time import SignedTime
from tests.footage.builders import Agency, make_film
from tests.footage.test_errors import all_errors
from tests.vectors.worked_example import DOCUMENT

TEXT = DOCUMENT.read_text()
SIZES = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", TEXT.split("## Sizes")[1].split("##")[0], re.MULTILINE))


def first_column(title: str) -> list[str]:
    """The names in the first column of the table whose first heading is `title`."""
    table = re.search(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert table, f"no table of {title}"
    return re.findall(r"^\| `(.+?)` \|", table[1], re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("note field", Note),
        ("directory field", Directory),
        ("policy field", Policy),
        ("kit field", KitEntry),
        ("recipient field", RecipientEntry),
        ("manifest field", Manifest),
        ("opening field", FilmOpening),
        ("part field", PartEntry),
        ("receipt field", Receipt),
        ("erasure field", Erasure),
        ("destroyed field", Destroyed),
        ("time field", SignedTime),
    ],
)
def test_fields(title: str, message: type[Message]) -> None:
    assert first_column(title) == [field.name for field in msgspec.structs.fields(message)]


@pytest.mark.parametrize(
    ("title", "values"),
    [("part kind", PartKind), ("note event", NoteEvent), ("ended", Ended), ("reason", Reason)],
)
def test_values(title: str, values: type[PartKind | NoteEvent | Ended | Reason]) -> None:
    assert set(first_column(title)) == {value.value for value in values}


def test_values_within_tables() -> None:
    for value in (*FilmKind, *ClockStatus, *PartKind, *MessageType):
        assert f"`{value}`" in TEXT


def test_refusals() -> None:
    codes = first_column("code")
    assert len(set(codes)) == len(codes)
    assert set(codes) == {error.code for error in all_errors()}


def test_every_code_that_the_text_uses_exists() -> None:
    codes = {error.code for error in all_errors()}
    used = set(re.findall(r"\(`([a-z-]+)`\)|else `([a-z-]+)`", TEXT))
    assert len(used) > 15
    assert {first or second for first, second in used} <= codes


def test_steps_and_limits() -> None:
    assert f"multiple of {MEDIA_STEP} bytes" in TEXT
    assert f"multiple of {NOTE_STEP} bytes" in TEXT
    assert f"larger than {MAX_PART_SIZE} bytes" in TEXT
    assert f"chunks of {CHUNK_SIZE} bytes" in TEXT


def test_sizes() -> None:
    agency = Agency()
    recovery = agency.recovery
    film = make_film(agency)
    one, two = (len(Sealer([recovery.recipient] * count).seal(b"")) for count in (1, 2))
    assert SIZES["a recipient, an identity"] == f"{len(recovery.recipient.text)} and {len(recovery.text)} characters"
    assert SIZES["an age file for one recipient"].startswith(f"{one} bytes more than its plaintext, and 16 for each")
    assert len(Sealer([recovery.recipient]).seal(bytes(3 * CHUNK_SIZE))) == 3 * CHUNK_SIZE + one + 2 * 16
    assert SIZES["each further recipient"] == f"{two - one} bytes"
    assert film.sealed_key is not None
    assert SIZES["`film.key` for one recipient"] == f"{len(film.sealed_key)} bytes"


def test_the_largest_media_part() -> None:
    def sealed_size(steps: int) -> int:
        return len(Sealer([HybridIdentity.generate().recipient]).seal(bytes(steps * MEDIA_STEP)))

    steps = next(steps for steps in range(100) if sealed_size(steps + 1) > MAX_PART_SIZE)
    plain, sealed = steps * MEDIA_STEP, sealed_size(steps)
    assert SIZES["the largest media part"] == f"{steps} steps of 64 KiB: {plain} bytes, sealed {sealed}"
