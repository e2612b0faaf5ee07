"""`companion-api kits`: all kits, how they are and when they were last seen."""

import argparse
from datetime import datetime

import msgspec

from companion_api.commands.columns import columns
from companion_api.kits.fleet import KitOverview, fleet
from companion_api.service import open_archive, open_directory
from companion_api.settings import Settings

SUMMARY = "list all kits, how they are and when they were last seen"
EPILOG = """Call it beside the service, as its user, and changes nothing.
A kit is seen when its heartbeat comes: every five minutes, each minute while films are on their way, and when
something changes. TO GO is how many MB of its films are not here yet, KB/S the rate of its last minute, LEFT how long
that takes; rate and time are told as long as they are fresh. All three are a hyphen where the kit does not know.
Faults by code: docs/panel.md says what to do about each."""
_HEAD = (
    *("KIT", "STANDING", "SEEN", "SOFTWARE", "BATTERY", "LIGHT", "FILMS", "MB", "TO GO", "KB/S", "LEFT"),
    *("OLDEST", "FREE MB", "FAULTS"),
)
_FRESH_SECONDS = 180  # a kit whose films move says so each minute


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to show."""
    parser.add_argument("--json", action="store_true", help="one JSON array, for programs: with all that kits say")


def run(settings: Settings, given: argparse.Namespace) -> None:
    """Print all kits. Raises `NotStarted`, `StoreFailed`."""
    archive = open_archive(settings)
    kits = fleet(archive, open_directory(settings, archive.store).published.directory)
    print(as_json(kits) if given.json else as_text(kits, archive.clock()))


def as_json(kits: list[KitOverview]) -> str:
    """Return a JSON array, an object a kit with the fields of `KitOverview`."""
    rows = [kit._asdict() | {"heartbeat": kit.heartbeat and kit.heartbeat.model_dump()} for kit in kits]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()


def as_text(kits: list[KitOverview], now: datetime) -> str:
    """Return a table, a line a kit."""
    return columns(_HEAD, (_row(kit, now) for kit in kits))


def _row(kit: KitOverview, now: datetime) -> tuple[str | None, ...]:
    age = None if kit.last_seen is None else (now - datetime.fromisoformat(kit.last_seen)).total_seconds()
    seen = None if age is None else _span(age)
    last = kit.heartbeat
    if age is None or last is None:
        return kit.kit, kit.standing.value, seen, *(None,) * 11
    fresh = age <= _FRESH_SECONDS
    films = (
        *(str(last.films), _scaled(last.film_bytes, 1e6), _scaled(last.bytes_to_go, 1e6)),
        *(_scaled(last.bytes_per_second, 1e3) if fresh else None, _span(last.seconds_to_go) if fresh else None),
        *(_span(last.oldest_seconds), _scaled(last.free_bytes, 1e6)),
    )
    wrong = ", ".join([*last.faults, *(f"selftest:{part}" for part in last.selftest_failed)])
    return kit.kit, kit.standing.value, seen, last.software, last.battery, last.light, *films, wrong


def _scaled(count: int | None, unit: float) -> str | None:
    return None if count is None else f"{count / unit:.0f}"


def _span(seconds: float | None) -> str | None:
    """Return a time span in its largest unit that fits twice."""
    if seconds is None:
        return None
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
