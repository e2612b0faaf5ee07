"""`kit-device uplink`, as it is, with an account of what it hands to the link: a line a request."""

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from device.__main__ import main
from device.agency import Agency
from device.commands import uplink
from device.patient_client import Sent
from footage.byte_range import ByteRange
from footage.parts import MAX_PART_SIZE, PartName

ACCOUNT = "ATTUNE_ACCOUNT"  # environment: the file


class SentBytes(NamedTuple):
    """Bytes of a part that a request was for, how many of them went out, and whether they were acknowledged."""

    film: str
    number: int
    begin: int
    end: int
    gone: int
    acknowledged: bool


def read_account(file: Path) -> list[SentBytes]:
    """Return what was sent, in the order in which the requests ended. One that ended by a kill has no line."""
    lines = file.read_text("ascii").splitlines() if file.exists() else []
    return [
        SentBytes(film, int(number), int(begin), int(end), int(gone), acknowledged == "True")
        for film, number, begin, end, gone, acknowledged in map(str.split, lines)
    ]


def sent_again(account: list[SentBytes]) -> list[SentBytes]:
    """Return the requests with bytes that had been acknowledged before: there should be none."""
    again = []
    held: defaultdict[tuple[str, int], bytearray] = defaultdict(lambda: bytearray(MAX_PART_SIZE))  # 1: acknowledged
    for sent in account:
        of_part = held[sent.film, sent.number]
        if sent.gone and any(of_part[sent.begin : sent.end]):
            again.append(sent)
        if sent.acknowledged:
            of_part[sent.begin : sent.end] = b"\1" * (sent.end - sent.begin)
    return again


class _AccountedAgency(Agency):
    def put_part(self, film: str, part: PartName, sealed: bytes, sent: Sent = lambda _: None) -> None:
        with _Account(film, part.number, 0, len(sealed), sent) as account:
            super().put_part(film, part, sealed, account.sent)

    def put_range(
        self, film: str, part: PartName, sealed: bytes, range_: ByteRange, sent: Sent = lambda _: None
    ) -> None:
        with _Account(film, part.number, range_.begin, range_.end, sent) as account:
            super().put_range(film, part, sealed, range_, account.sent)


class _Account:
    def __init__(self, film: str, number: int, begin: int, end: int, sent: Sent) -> None:
        self._what = film, number, begin, end
        self._sent = sent
        self._gone = 0

    def __enter__(self) -> "_Account":
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        line = SentBytes(*self._what, self._gone, failed is None)
        with Path(os.environ[ACCOUNT]).open("a", encoding="ascii") as file:
            file.write(" ".join(map(str, line)) + "\n")

    def sent(self, size: int) -> None:
        self._gone += size
        self._sent(size)


if __name__ == "__main__":
    vars(uplink)["Agency"] = _AccountedAgency
    main()
