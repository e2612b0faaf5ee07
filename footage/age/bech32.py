"""Bech32 (BIP 173) without its length limit, as age uses it: hybrid recipients have 1959 characters."""

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6


def encode(prefix: str, data: bytes) -> str:
    """Return the lower-case Bech32 string of `data` under `prefix` (the human-readable part)."""
    words = _regroup(data, 8, 5, pad=True)
    return prefix + "1" + "".join(_ALPHABET[word] for word in words + _checksum(prefix, words))


def decode(text: str) -> tuple[str, bytes]:
    """Return (prefix in lower case, data). Raises `ValueError` with the reason."""
    if not text.isascii():  # some letters outside ASCII have an ASCII lower case
        raise ValueError("it has a character that Bech32 does not use")
    if text != text.lower() and text != text.upper():
        raise ValueError("it mixes upper and lower case")
    prefix, separator, body = text.lower().rpartition("1")
    if not separator or not prefix or len(body) < _CHECKSUM_LENGTH:
        raise ValueError("it is incomplete")
    if not all(33 <= ord(character) <= 126 for character in prefix):
        raise ValueError("its prefix has an impossible character")
    try:
        words = [_VALUES[character] for character in body]
    except KeyError:
        raise ValueError("it has a character that Bech32 does not use") from None
    if _polymod(_expand(prefix) + words) != 1:
        raise ValueError("its checksum is wrong, so it was mistyped or cut")
    return prefix, bytes(_regroup(words[:-_CHECKSUM_LENGTH], 5, 8, pad=False))


def _polymod(words: list[int]) -> int:
    checksum = 1
    for word in words:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ word
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def _expand(prefix: str) -> list[int]:
    return [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]


def _checksum(prefix: str, words: list[int]) -> list[int]:
    polymod = _polymod(_expand(prefix) + words + [0] * _CHECKSUM_LENGTH) ^ 1
    return [polymod >> 5 * (_CHECKSUM_LENGTH - 1 - place) & 31 for place in range(_CHECKSUM_LENGTH)]


def _regroup(values: bytes | list[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    accumulator = bits = 0
    regrouped: list[int] = []
    for value in values:
        accumulator = accumulator << from_bits | value
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            regrouped.append(accumulator >> bits & (1 << to_bits) - 1)
        accumulator &= (1 << bits) - 1
    if pad and bits:
        regrouped.append(accumulator << to_bits - bits & (1 << to_bits) - 1)
    elif not pad and (bits >= from_bits or accumulator):
        raise ValueError("its last character carries stray bits")
    return regrouped
