"""What a scrub has found, for people and as JSON. Written as it is read: there may be more faults than memory."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TextIO

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.filesize import decimal
from rich.table import Column, Table
from sqlalchemy import Connection

from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows, StandingFault
from companion_api.films.faults import MEANINGS, FaultKind
from companion_api.films.incomplete import incomplete_films
from companion_api.films.retention import INCOMPLETE_DAYS

MOST_LINES = 100  # for people; JSON has them all


class Scope(NamedTuple):
    """What was scrubbed: all, or one `film`; when it began and ended (RFC 3339; None: not yet), and what was read."""

    film: str | None
    began_at: str
    ended_at: str | None
    films: int
    objects: int
    bytes: int


def grave_faults(archive: Archive, film: str | None) -> int:
    """Return how many faults stand that do not mend themselves."""
    with archive.database.reading() as connection:
        return sum(MEANINGS[each.fault.kind].grave for each in FaultRows(connection).standing(film))


def tell(archive: Archive, scope: Scope, out: Console) -> None:
    """Write the report for people."""
    state = "not finished" if scope.ended_at is None else f"ended {scope.ended_at}"
    read = f"{scope.films} films, {scope.objects} objects, {decimal(scope.bytes)} read and hashed"
    out.print(f"scrub begun {scope.began_at}, {state}: {read}", soft_wrap=True)
    with archive.database.reading() as connection:
        counted = _counted(connection, scope.film)
        if not counted:
            out.print("no faults")
        else:
            out.print(_summary(counted))
            out.print(_list(connection, scope.film, sum(counted.values())))
        if scope.film is None:
            _tell_incomplete(archive, connection, out)


def write_json(archive: Archive, scope: Scope, out: TextIO) -> None:
    """Write the report as one JSON object."""
    head = msgspec.json.encode(scope._asdict()).decode()
    with archive.database.reading() as connection:
        out.write(f'{head[:-1]},"faults":[')
        _write_list(out, map(_fault, FaultRows(connection).standing(scope.film)))
        out.write('],"incomplete":[')
        if scope.film is None:
            _write_list(out, (film._asdict() for film in incomplete_films(connection, archive.clock())))
        out.write("]}\n")


def _counted(connection: Connection, film: str | None) -> dict[FaultKind, int]:
    if film is None:
        return FaultRows(connection).counted()
    kinds = [each.fault.kind for each in FaultRows(connection).standing(film)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _summary(counted: dict[FaultKind, int]) -> Table:
    table = Table("fault", "how many", "meaning", "next step", box=SIMPLE)
    for kind, count in counted.items():
        meaning = MEANINGS[kind]
        table.add_row(kind.value, str(count), meaning.text, meaning.next_step)
    return table


def _list(connection: Connection, film: str | None, count: int) -> Table:
    left = count - MOST_LINES
    more = f"and {left} more: see --json" if left > 0 else None
    table = Table("fault", _whole("object"), "found", "detail", box=SIMPLE, caption=more)
    for fault, found_at in islice(FaultRows(connection).standing(film), MOST_LINES):
        table.add_row(fault.kind.value, fault.object, found_at, fault.detail)
    return table


def _tell_incomplete(archive: Archive, connection: Connection, out: Console) -> None:
    films = incomplete_films(connection, archive.clock())
    shown = list(islice(films, MOST_LINES))
    if not shown:
        return
    table = Table(_whole("film"), "kit", "first piece", "parts", "film.key", box=SIMPLE)
    for film in shown:
        table.add_row(film.film, film.kit, film.received_at, str(film.parts), "yes" if film.key else "no")
    left = sum(1 for _ in films)
    out.print(f"{len(shown) + left} films are incomplete since {INCOMPLETE_DAYS} days or more: look at their kits")
    out.print(table)


def _whole(header: str) -> Column:
    return Column(header, no_wrap=True, min_width=36)  # ids are there to be copied


def _fault(each: StandingFault) -> dict[str, Any]:
    kind = each.fault.kind
    return each.fault._asdict() | {"found_at": each.found_at, "grave": MEANINGS[kind].grave}


def _write_list(out: TextIO, items: Iterator[dict[str, Any]]) -> None:
    for number, item in enumerate(items):
        out.write("," * (number > 0) + msgspec.json.encode(item).decode())
