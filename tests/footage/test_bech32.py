"""The vectors are those of BIP 173, without the one that is only too long: age has no limit of length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.age import HybridIdentity, bech32

CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

VALID = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]

INVALID = [
    ("\x201nwldj5", "prefix"),
    ("\x7f1axkwrx", "prefix"),
    ("\x801eym55h", "does not use"),
    ("pzry9x0s0muk", "incomplete"),
    ("1pzry9x0s0muk", "incomplete"),
    ("x1b4n0q5v", "does not use"),
    ("li1dgmt3", "incomplete"),
    ("de1lg7wt\xff", "does not use"),
    ("A1G7SGD8", "checksum"),
    ("10a06t8", "incomplete"),
    ("1qzzfhee", "incomplete"),
    ("", "incomplete"),
    ("A12uel5l", "upper and lower"),
    ("\u212a12uel5l", "does not use"),  # the Kelvin sign, whose lower case is k
]


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    prefix, data = bech32.decode(text)
    assert bech32.encode(prefix, data) == text.lower()


@pytest.mark.parametrize(("text", "reason"), INVALID)
def test_invalid(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bech32.decode(text)


def test_stray_bits_are_refused() -> None:
    words = [0] * 7 + [1]  # 40 bits are five bytes exactly
    assert bech32.decode(with_checksum("a", words))[1] == b"\0\0\0\0\1"
    for stray in ([0] * 6, [0, 1]):  # a whole superfluous character, bits that are not zero
        with pytest.raises(ValueError, match="stray bits"):
            bech32.decode(with_checksum("a", stray))


@given(st.binary(max_size=1300), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20))
def test_round_trip(data: bytes, prefix: str) -> None:
    text = bech32.encode(prefix.lower(), data)
    assert bech32.decode(text) == (prefix.lower(), data)
    assert bech32.decode(text.upper()) == (prefix.lower(), data)


RECIPIENT = HybridIdentity.generate().recipient.text


@given(st.integers(0, len(RECIPIENT) - 1), st.sampled_from(CHARACTERS))
def test_one_mistyped_character_is_noticed(place: int, character: str) -> None:
    mistyped = RECIPIENT[:place] + character + RECIPIENT[place + 1 :]
    if mistyped != RECIPIENT:
        with pytest.raises(ValueError, match="it "):
            bech32.decode(mistyped)


def with_checksum(prefix: str, words: list[int]) -> str:
    return prefix + "1" + "".join(CHARACTERS[word] for word in words + checksum(prefix, words))


def checksum(prefix: str, words: list[int]) -> list[int]:
    """BIP 173's own Python, as published."""
    generator = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + words + [0] * 6
    chk = 1
    for value in values:
        top = chk >> 25
        chk = (chk & 0x1FFFFFF) << 5 ^ value
        for i in range(5):
            chk ^= generator[i] if ((top >> i) & 1) else 0
    return [((chk ^ 1) >> 5 * (5 - i)) & 31 for i in range(6)]
