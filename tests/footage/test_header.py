import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.age.header import Stanza, decode_base64, encode_base64, encode_header, parse_header
from footage.errors import AgeError, ArmoredFile, HeaderInvalid, HeaderMacMismatch

FILE_KEY = bytes(range(16))
VERSION = b"age-encryption.org/v1\n"
MAC = b"--- " + b"A" * 43 + b"\n"

visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
stanzas = st.lists(
    st.builds(Stanza, visible, st.lists(visible, max_size=3).map(tuple), st.binary(max_size=200)),
    min_size=1,
    max_size=4,
)


@given(stanzas, st.binary(max_size=40))
def test_round_trip(written: list[Stanza], payload: bytes) -> None:
    encoded = encode_header(written, FILE_KEY)
    header = parse_header(encoded + payload)
    assert header.stanzas == tuple(written)
    assert header.size == len(encoded)
    header.verify(FILE_KEY)
    with pytest.raises(HeaderMacMismatch):
        header.verify(os.urandom(16))


@given(stanzas, st.data())
def test_a_changed_header_is_refused(written: list[Stanza], data: st.DataObject) -> None:
    encoded = bytearray(encode_header(written, FILE_KEY))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(AgeError):
        parse_header(memoryview(encoded)).verify(FILE_KEY)


@given(
    st.binary() | st.binary().map(lambda rest: VERSION + rest) | st.binary().map(lambda rest: VERSION + b"-> " + rest)
)
def test_garbage_is_refused_by_name(data: bytes) -> None:
    with pytest.raises((HeaderInvalid, ArmoredFile)):
        parse_header(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        VERSION,
        VERSION + MAC,  # nobody
        VERSION.replace(b"v1", b"v2") + b"-> a\n\n" + MAC,
        VERSION.replace(b"\n", b"\r\n") + b"-> a\n\n" + MAC,
        VERSION + b"-> a\n\n" + MAC[:-1],  # no line feed at the end
        VERSION + b"-> a\n\n" + MAC.replace(b"A", b"=", 1),
        VERSION + b"->  a\n\n" + MAC,  # two blanks
        VERSION + b"-> a \n\n" + MAC,  # a blank at the end
        VERSION + b"-> a\xc3\xa9\n\n" + MAC,
        VERSION + b"-> a\n" + MAC,  # no body
        VERSION + b"-> a\n" + b"A" * 64 + b"\n" + MAC,  # a body without its short last line
        VERSION + b"-> a\n" + b"A" * 68 + b"\n" + MAC,  # a long line
        VERSION + b"-> a\nAA==\n" + MAC,  # padding
        VERSION + b"-> a\nAB\n" + MAC,  # not canonical
        VERSION + b"\n-> a\n\n" + MAC,
    ],
)
def test_what_is_not_to_the_letter_is_invalid(data: bytes) -> None:
    with pytest.raises(HeaderInvalid):
        parse_header(data)


def test_grammar_of_the_example_is_accepted() -> None:
    header = parse_header(VERSION + b"-> a b c\n" + b"A" * 64 + b"\n\n-> d\nAA\n" + MAC + b"payload")
    assert header.stanzas == (Stanza("a", ("b", "c"), bytes(48)), Stanza("d", (), b"\0"))


def test_armor_is_named() -> None:
    with pytest.raises(ArmoredFile, match="Remove the armor"):
        parse_header(b"\n -----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n")


@given(st.binary(max_size=100))
def test_base64_round_trip(data: bytes) -> None:
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize("text", ["A", "AA=", "AA==", "AB", "A-", "A A", "AAA\n", "\u00e9"])
def test_base64_is_canonical(text: str) -> None:
    with pytest.raises(HeaderInvalid):
        decode_base64(text)
