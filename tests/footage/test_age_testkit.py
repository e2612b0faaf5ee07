"""The whole C2SP/CCTV age testkit, one test for each vector (format: the README of npm's `cctv-age`).

Of an armored file and of a passphrase file it is asked that they are refused by name, before anything is opened.
"""

import hashlib
import zlib
from collections import defaultdict

import pytest

from footage.age import open_chunks, parse_identity
from footage.errors import (
    AgeError,
    ArmoredFile,
    HeaderInvalid,
    HeaderMacMismatch,
    NoIdentityMatched,
    PassphraseFile,
    PayloadInvalid,
)
from tests.interop.peers import PeerMissing, cctv_testkit

VECTORS = 143

OUTCOMES: dict[str, type[AgeError] | None] = {
    "success": None,
    "no match": NoIdentityMatched,
    "HMAC failure": HeaderMacMismatch,
    "header failure": HeaderInvalid,
    "payload failure": PayloadInvalid,
}

# An armor is recognised by its exact first line, and only blanks may stand before it. So these malformed armors are no
# age file at all to a reader of binary files.
NOT_RECOGNISED_AS_ARMOR = {
    "armor_garbage_leading",  # text stands before the first line
    "armor_lowercase",  # the first line says `age`
    "armor_whitespace_begin",  # blanks between the dashes and the words
    "armor_wrong_type",  # the first line says MESSAGE
}

# These have a passphrase, but are refused as the testkit says before it matters: the one has a broken stanza, and the
# other's `SCRYPT` is the name of an unknown kind.
REFUSED_BEFORE_THE_PASSPHRASE = {"scrypt_not_canonical_body", "scrypt_uppercase"}


def names() -> list[str]:
    try:
        return sorted(cctv_testkit())
    except PeerMissing:
        return []  # `test_testkit_is_whole` says what to install


def test_testkit_is_whole() -> None:
    assert len(cctv_testkit()) == VECTORS


@pytest.mark.parametrize("name", names())
def test_vector(name: str) -> None:
    fields, sealed = read_vector(cctv_testkit()[name])
    released = bytearray()
    raised: AgeError | None = None
    try:
        for chunk in open_chunks(sealed, [parse_identity(text) for text in fields["identity"]]):
            released += chunk
    except AgeError as error:
        raised = error

    assert (type(raised) if raised else None) is expected(name, fields)
    if fields["payload"] and not fields["armored"] and not fields["passphrase"]:
        assert hashlib.sha256(released).hexdigest() == fields["payload"][0]
    else:
        assert not released


def expected(name: str, fields: dict[str, list[str]]) -> type[AgeError] | None:
    if fields["armored"]:
        return HeaderInvalid if name in NOT_RECOGNISED_AS_ARMOR else ArmoredFile
    if fields["passphrase"] and name not in REFUSED_BEFORE_THE_PASSPHRASE:
        return PassphraseFile
    return OUTCOMES[fields["expect"][0]]


def read_vector(vector: bytes) -> tuple[dict[str, list[str]], bytes]:
    head, _, sealed = vector.partition(b"\n\n")
    fields: dict[str, list[str]] = defaultdict(list)
    for line in head.decode().split("\n"):
        key, _, value = line.partition(": ")
        fields[key].append(value)
    return fields, zlib.decompress(sealed) if fields["compressed"] else sealed
