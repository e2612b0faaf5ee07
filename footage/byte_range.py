"""Which bytes of a part a request carries that does not carry the whole: Content-Range (RFC 9110, section 14.4)."""

import re
from typing import NamedTuple

from footage.errors import MessageMalformed

_FORM = re.compile(r"bytes (0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,8})/([1-9][0-9]{0,8})")


class ByteRange(NamedTuple):
    """Bytes from `begin` up to but without `end`, of `total`."""

    begin: int
    end: int
    total: int

    def __str__(self) -> str:
        """Return the value of Content-Range, which names the last byte."""
        return f"bytes {self.begin}-{self.end - 1}/{self.total}"

    @classmethod
    def parse(cls, text: str) -> "ByteRange":
        """Parse the value of Content-Range. Raises `MessageMalformed`."""
        match = _FORM.fullmatch(text)
        found = cls(int(match[1]), int(match[2]) + 1, int(match[3])) if match else None
        if found is None or not found.begin < found.end <= found.total:
            raise MessageMalformed(f"Content-Range must be `bytes FIRST-LAST/TOTAL`, within the total; it is {text!r}.")
        return found
