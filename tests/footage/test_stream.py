import os
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footage.age.stream import CHUNK_SIZE, NONCE_SIZE, TAG_SIZE, open_payload, seal_payload
from footage.errors import HeaderInvalid, PayloadInvalid

FILE_KEY = bytes(range(16))
SEALED_CHUNK = CHUNK_SIZE + TAG_SIZE
THREE_CHUNKS = os.urandom(2 * CHUNK_SIZE + 100)
SEALED = bytes(seal_payload(FILE_KEY, b"", THREE_CHUNKS))
NONCE, FIRST, SECOND, LAST = (
    SEALED[start:end]
    for start, end in pairwise((0, NONCE_SIZE, NONCE_SIZE + SEALED_CHUNK, NONCE_SIZE + 2 * SEALED_CHUNK, len(SEALED)))
)


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE, 3 * CHUNK_SIZE + 7])
def test_round_trip_and_size(size: int) -> None:
    plaintext = os.urandom(size)
    sealed = seal_payload(FILE_KEY, b"header", memoryview(plaintext))
    assert sealed.startswith(b"header")
    chunks = list(open_payload(FILE_KEY, memoryview(sealed)[6:]))
    assert b"".join(chunks) == plaintext
    assert len(chunks) == max(1, -(-size // CHUNK_SIZE))
    assert len(sealed) == 6 + NONCE_SIZE + size + TAG_SIZE * len(chunks)


def test_two_seals_of_one_plaintext_differ() -> None:
    assert seal_payload(FILE_KEY, b"", b"x") != seal_payload(FILE_KEY, b"", b"x")


BROKEN = {
    "cut after the first chunk": (NONCE + FIRST, 1),
    "cut after the second": (NONCE + FIRST + SECOND, 2),
    "cut inside the last": (SEALED[:-1], 2),
    "first chunk missing": (NONCE + SECOND + LAST, 0),
    "second chunk missing": (NONCE + FIRST + LAST, 1),
    "swapped": (NONCE + SECOND + FIRST + LAST, 0),
    "repeated": (NONCE + FIRST + FIRST + SECOND + LAST, 1),
    "goes on": (SEALED + b"\0", 2),
    "goes on with a chunk": (SEALED + LAST, 2),
    "no chunk at all": (NONCE, 0),
    "another nonce": (bytes(NONCE_SIZE) + SEALED[NONCE_SIZE:], 0),
}


@pytest.mark.parametrize(("broken", "released"), BROKEN.values(), ids=BROKEN)
def test_broken(broken: bytes, released: int) -> None:
    chunks = open_payload(FILE_KEY, broken)
    opened = b"".join(islice(chunks, released))
    with pytest.raises(PayloadInvalid):
        next(chunks)
    assert opened == THREE_CHUNKS[: released * CHUNK_SIZE]


def test_a_payload_without_its_nonce_is_a_cut_header() -> None:
    with pytest.raises(HeaderInvalid):
        list(open_payload(FILE_KEY, NONCE[:-1]))


@settings(max_examples=50)
@given(st.integers(0, len(SEALED) - 1), st.integers(0, 7))
def test_a_flipped_bit_is_refused(place: int, bit: int) -> None:
    broken = bytearray(SEALED)
    broken[place] ^= 1 << bit
    with pytest.raises(PayloadInvalid):
        list(open_payload(FILE_KEY, memoryview(broken)))


@settings(max_examples=50)
@given(st.integers(NONCE_SIZE, len(SEALED) - 1))
def test_a_cut_payload_is_refused(size: int) -> None:
    with pytest.raises(PayloadInvalid):
        list(open_payload(FILE_KEY, SEALED[:size]))
