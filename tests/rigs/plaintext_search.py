"""Looks for anything of a film that is not sealed: headers of MP4 and H.264, identities, and the film's own bytes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

SAMPLE = 16  # bytes
_WORD = 8
_LEAST_DISTINCT = 8  # a sample of few different bytes may stand anywhere by chance
_BOXES = re.compile(rb"\0[\0-\x03][\0-\xff]{2}(ftyp|moov|moof|mdat|avcC|mp4a|traf|trun|free)", re.DOTALL)
_START_CODES = re.compile(rb"\0\0\0\x01[\x65\x67]")  # Annex B: an IDR slice, an SPS
_IDENTITY = b"AGE-SECRET-KEY-"


@dataclass
class Plaintext:
    """What must not be found: `films` are opened films, whose samples begin at each 16th byte."""

    films: Iterable[bytes]
    _samples: set[bytes] = field(default_factory=set)
    _sps: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        for film in self.films:
            samples = (film[at : at + SAMPLE] for at in range(0, len(film) - SAMPLE + 1, SAMPLE))
            self._samples.update(sample for sample in samples if len(set(sample)) >= _LEAST_DISTINCT)
            self._sps.update(_sequence_parameter_sets(film))
        assert self._samples
        assert self._sps
        beginnings = b"".join(sample[:_WORD] for sample in self._samples)
        self._beginnings = np.unique(np.frombuffer(beginnings, "<u8"))

    def found_in(self, data: bytes) -> list[str]:
        """Return what was found and where; nothing is what we want."""
        found = [f"box {match[1].decode()} at {match.start()}" for match in _BOXES.finditer(data)]
        found += [f"H.264 start code at {match.start()}" for match in _START_CODES.finditer(data)]
        found += [f"the film's SPS at {data.index(sps)}" for sps in self._sps if sps in data]
        if _IDENTITY in data.upper():
            found.append("an identity")
        return found + [f"the film's bytes at {at}" for at in self._sampled(data)]

    def _sampled(self, data: bytes) -> Iterator[int]:
        for shift in range(min(_WORD, len(data))):
            words = np.frombuffer(data, "<u8", count=(len(data) - shift) // _WORD, offset=shift)
            places = np.minimum(np.searchsorted(self._beginnings, words), len(self._beginnings) - 1)
            for index in np.flatnonzero(self._beginnings[places] == words):
                at = int(index) * _WORD + shift
                if data[at : at + SAMPLE] in self._samples:
                    yield at


def _sequence_parameter_sets(film: bytes) -> Iterator[bytes]:
    """Yield the first SPS of each avcC box (ISO/IEC 14496-15, 5.3.3.1.2)."""
    for match in re.finditer(rb"avcC\x01.{4}\xe1(.{2})", film, re.DOTALL):
        yield film[match.end() : match.end() + int.from_bytes(match[1], "big")]
