"""All that a program and its children wrote, by strace: which files they opened for writing, and every byte."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = "/^open,creat,memfd_create,/^pwrite,/^write,/^send,sendfile,splice,copy_file_range,mmap"
_LONGEST = 4 * 1024 * 1024  # of one write, in bytes; twice the largest part
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
_UNFINISHED = "<unfinished ...>"
_PATH = re.compile(r"<((?:\\x[0-9a-f]{2})*)>")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


def tracer(log: Path) -> list[str]:
    """Return the words to put before a command."""
    return [
        *("strace", "-f", "-qq", "-y", "-xx", "-s", str(_LONGEST), "-o", str(log)),
        *("-e", "signal=none", "-e", f"trace={_CALLS}"),
    ]


@dataclass
class Written:
    """Paths opened for writing, created or mapped for writing; and what was written, by path (or `pipe:[…]`)."""

    paths: set[str] = field(default_factory=set)
    memory_files: set[str] = field(default_factory=set)
    data: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))

    def add(self, log: Path) -> None:
        """Add what a traced run wrote."""
        for line in _whole_lines(log):
            call, _, arguments = line.partition("(")
            if call in ("open", "openat", "openat2", "creat"):
                self._add_opened(call, arguments)
            elif call == "mmap":
                self._add_mapped(arguments)
            elif call == "memfd_create":
                self.memory_files.update(name.decode() for name in _strings(arguments))
            elif call in ("sendfile", "splice", "copy_file_range"):
                raise AssertionError(f"bytes went past the trace by {call}")
            else:
                target = _PATH.search(arguments)
                self.data[_text(target[1]) if target else "unnamed"] += b"".join(_strings(arguments))

    def _add_opened(self, call: str, arguments: str) -> None:
        opened = arguments.rpartition(" = ")[2]
        if (path := _PATH.search(opened)) and (call == "creat" or re.search("O_WRONLY|O_RDWR|O_CREAT", arguments)):
            self.paths.add(_text(path[1]))

    def _add_mapped(self, arguments: str) -> None:
        if "MAP_SHARED" in arguments and "PROT_WRITE" in arguments and (path := _PATH.search(arguments)):
            self.paths.add(_text(path[1]))


def _whole_lines(log: Path) -> Iterator[str]:
    """Yield each call in one line, also where another thread's came in between, or death."""
    begun: dict[str, str] = {}
    with log.open() as lines:
        for line in lines:
            match = _LINE.match(line)
            assert match, line
            thread, text = match.groups()
            if resumed := _RESUMED.match(text):
                text = begun.pop(thread) + text[resumed.end() :]
            if text.endswith(_UNFINISHED):
                begun[thread] = text.removesuffix(_UNFINISHED)
            elif not text.startswith("+++"):
                yield text
    yield from begun.values()


def _strings(arguments: str) -> Iterator[bytes]:
    for text, cut in _STRING.findall(arguments):
        assert not cut, "strace cut a write short"
        yield bytes.fromhex(text.replace("\\x", ""))


def _text(hexed: str) -> str:
    return bytes.fromhex(hexed.replace("\\x", "")).decode()
