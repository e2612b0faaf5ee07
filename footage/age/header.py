"""The header of an age file: who may open it (C2SP age specification, "Header").

age-encryption.org/v1
-> TYPE ARGUMENT …
base64 body, 64 columns, last line shorter than 64
--- base64(HMAC-SHA256)
"""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from footage.errors import ArmoredFile, HeaderInvalid, HeaderMacMismatch

FILE_KEY_SIZE = 16
_VERSION_LINE = b"age-encryption.org/v1\n"
_ARMOR_START = b"-----BEGIN AGE ENCRYPTED FILE-----"
_BODY_COLUMNS = 64
_STANZA_LINE = re.compile(rb"-> [\x21-\x7e]+( [\x21-\x7e]+)*")
_MAC_LINE = re.compile(rb"--- ([A-Za-z0-9+/]{43})")


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's wrapping of the file key: `type`, further `arguments`, and the decoded `body`."""

    type: str
    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        """Return the stanza as it stands in a header."""
        text = encode_base64(self.body)
        lines = [text[start : start + _BODY_COLUMNS] for start in range(0, len(text) + 1, _BODY_COLUMNS)]
        return "\n".join([" ".join(["->", self.type, *self.arguments]), *lines, ""]).encode()


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header: its stanzas, the bytes that the MAC covers, the MAC, and where the payload begins."""

    stanzas: tuple[Stanza, ...]
    authenticated: bytes
    mac: bytes
    size: int

    def verify(self, file_key: bytes) -> None:
        """Raise `HeaderMacMismatch` unless the header is the one that was sealed with `file_key`."""
        try:
            _mac(file_key, self.authenticated).verify(self.mac)
        except InvalidSignature:
            raise HeaderMacMismatch("The age header was changed after sealing. Fetch the file again.") from None


def encode_header(stanzas: list[Stanza], file_key: bytes) -> bytes:
    """Return the header for `stanzas`, authenticated with `file_key`."""
    authenticated = _VERSION_LINE + b"".join(stanza.encode() for stanza in stanzas) + b"---"
    return authenticated + b" " + encode_base64(_mac(file_key, authenticated).finalize()).encode() + b"\n"


def parse_header(data: bytes | memoryview) -> Header:
    """Parse the header at the start of `data`. Raises `HeaderInvalid`, or `ArmoredFile` for armored files."""
    reader = _Lines(bytes(data))
    if not reader.data.startswith(_VERSION_LINE):
        if reader.data.lstrip().startswith(_ARMOR_START):
            raise ArmoredFile("This age file is ASCII-armored. Remove the armor first, with the `age` tool.")
        raise HeaderInvalid("This is not an age v1 file.")
    reader.position = len(_VERSION_LINE)
    stanzas: list[Stanza] = []
    while True:
        start = reader.position
        line = reader.next()
        if mac := _MAC_LINE.fullmatch(line):
            break
        if not _STANZA_LINE.fullmatch(line):
            raise HeaderInvalid("The age header has a line that is neither a recipient nor the MAC.")
        kind, *arguments = line[3:].decode("ascii").split(" ")
        stanzas.append(Stanza(kind, tuple(arguments), _read_body(reader)))
    if not stanzas:
        raise HeaderInvalid("The age header names no recipient.")
    return Header(tuple(stanzas), reader.data[: start + 3], decode_base64(mac[1]), reader.position)


def encode_base64(data: bytes) -> str:
    """Return standard Base64 without padding, age's form."""
    return base64.b64encode(data).decode("ascii").rstrip("=")


def decode_base64(text: bytes | str) -> bytes:
    """Decode canonical unpadded Base64. Raises `HeaderInvalid`."""
    encoded = text.encode() if isinstance(text, str) else text
    try:
        decoded = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise HeaderInvalid("The age header has a value that is not Base64.") from None
    if b"=" in encoded or encode_base64(decoded).encode() != encoded:
        raise HeaderInvalid("The age header has a Base64 value that is not canonical.")
    return decoded


class _Lines:
    """Lines ended by LF. A header without its last LF is cut."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def next(self) -> bytes:
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise HeaderInvalid("The age header is cut. Fetch the file again.")
        line = self.data[self.position : end]
        self.position = end + 1
        return line


def _read_body(reader: _Lines) -> bytes:
    lines: list[bytes] = []
    while not lines or len(lines[-1]) == _BODY_COLUMNS:
        lines.append(reader.next())
        if len(lines[-1]) > _BODY_COLUMNS:
            raise HeaderInvalid("The age header has a body line that is too long.")
    return decode_base64(b"".join(lines))


def _mac(file_key: bytes, authenticated: bytes) -> hmac.HMAC:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"header").derive(file_key)
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(authenticated)
    return mac
