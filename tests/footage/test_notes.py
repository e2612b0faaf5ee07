import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.errors import NoteInvalid
from footage.notes import Note, NoteEvent, decode_note, encode_note
from footage.parts import NOTE_STEP

notes = st.builds(
    Note, st.just(1), st.sampled_from(NoteEvent), st.integers(0, 2**53 - 1), st.text(st.characters(codec="utf-8"))
)


@given(notes)
def test_round_trip(note: Note) -> None:
    encoded = encode_note(note)
    assert decode_note(encoded) == note
    assert len(encoded) % NOTE_STEP == 0


def test_size_does_not_tell_the_event() -> None:
    sizes = {len(encode_note(Note(1, event, at_ms))) for event in NoteEvent for at_ms in (0, 2**53 - 1)}
    assert sizes == {NOTE_STEP}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" " * NOTE_STEP,
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"format":2,"event":"moment","at_ms":0}',
        b'{"format":1,"event":"party","at_ms":0}',
        b'{"format":1,"event":"moment","at_ms":-1}',
        b'{"format":1,"event":"moment","at_ms":1.0}',
        b'{"format":1,"event":"moment","at_ms":true}',
        b'{"format":1,"event":"moment","at_ms":"0"}',
        b'{"format":1,"event":"moment","at_ms":9007199254740992}',
        b'{"format":1,"event":"moment"}',
        b'{"format":1,"event":"moment","at_ms":0,"detail":null}',
        b'{"format":1,"event":"moment","at_ms":0,"who":"x"}',
        b'{"format":1,"event":"moment","at_ms":0}{}',
    ],
)
def test_others_are_invalid(data: bytes) -> None:
    with pytest.raises(NoteInvalid):
        decode_note(data)


@given(st.binary())
def test_garbage_is_invalid(data: bytes) -> None:
    with pytest.raises(NoteInvalid):
        decode_note(data)
