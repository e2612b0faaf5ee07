"""The payload of an age file (C2SP age specification, "Payload"): the STREAM construction in chunks of 64 KiB.

Nonce of a chunk: 11-byte big-endian counter, then 1 for the last chunk and 0 for the others.
"""

import os
from collections.abc import Iterator
from itertools import count

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from footage.errors import HeaderInvalid, PayloadInvalid

CHUNK_SIZE = 64 * 1024
TAG_SIZE = 16
NONCE_SIZE = 16
_SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE


def seal_payload(file_key: bytes, header: bytes, plaintext: bytes | bytearray | memoryview) -> bytearray:
    """Return `header`, nonce and sealed `plaintext` as one buffer.

    Sealing straight into one buffer is several times faster than joining chunks: no chunk is copied.
    """
    source = memoryview(plaintext)
    chunks = max(1, -(-len(source) // CHUNK_SIZE))
    nonce = os.urandom(NONCE_SIZE)
    sealed = bytearray(len(header) + NONCE_SIZE + len(source) + chunks * TAG_SIZE)
    sealed[: len(header)] = header
    position = len(header) + NONCE_SIZE
    sealed[len(header) : position] = nonce
    target = memoryview(sealed)
    cipher = _cipher(file_key, nonce)
    for index in range(chunks):
        chunk = source[index * CHUNK_SIZE : (index + 1) * CHUNK_SIZE]
        end = position + len(chunk) + TAG_SIZE
        cipher.encrypt_into(_chunk_nonce(index, last=index == chunks - 1), chunk, None, target[position:end])
        position = end
    return sealed


def open_payload(file_key: bytes, payload: bytes | memoryview) -> Iterator[bytes]:
    """Yield the plaintext chunk by chunk. Raises `HeaderInvalid` without a nonce, `PayloadInvalid` at a false chunk.

    A chunk that was yielded is authentic, but the payload is whole only when the iterator ends without raising.
    """
    rest = memoryview(payload)
    if len(rest) < NONCE_SIZE:
        raise HeaderInvalid("The age file is cut before its first chunk. Fetch the file again.")
    cipher = _cipher(file_key, bytes(rest[:NONCE_SIZE]))
    rest = rest[NONCE_SIZE:]
    for index in count():
        sealed, rest = rest[:_SEALED_CHUNK_SIZE], rest[_SEALED_CHUNK_SIZE:]
        chunk, last = _open_chunk(cipher, index, sealed, at_end=not rest)
        if last and index and not chunk:
            raise PayloadInvalid("The age payload ends with an empty chunk, which no writer makes.")
        yield chunk
        if last and rest:
            raise PayloadInvalid("The age payload goes on after its last chunk. Fetch the file again.")
        if not last and not rest:
            raise PayloadInvalid("The age payload is cut after a whole chunk. Fetch the file again.")
        if last:
            return


def _open_chunk(cipher: ChaCha20Poly1305, index: int, sealed: memoryview, *, at_end: bool) -> tuple[bytes, bool]:
    """Return (plaintext, whether it is marked last). A full chunk may say either, wherever it stands."""
    for last in (at_end, not at_end) if len(sealed) == _SEALED_CHUNK_SIZE else (True,):
        try:
            return cipher.decrypt(_chunk_nonce(index, last=last), sealed, None), last
        except InvalidTag:
            continue
    raise PayloadInvalid("The age payload was cut or changed. Fetch the file again.")


def _chunk_nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), 32, salt=nonce, info=b"payload").derive(file_key))
