"""How the agency's kits are, for each scrape: what each said last, and when.

One query, whatever the number of films. Every kit that the directory lists has a series, so that one which never came
is seen; revoked kits have none. What a kit says of itself is its own word, and can't make a scrape fail.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from companion_api.films.archive import Archive
from companion_api.kits.heartbeat import Heartbeat
from companion_api.kits.heartbeat_rows import HeartbeatRows
from footage.directory import Directory

_INFO = ("software", "system", "directory")
_FIGURES: dict[str, tuple[str, Callable[[Heartbeat], float | None]]] = {  # None: the kit does not know it
    "pending_films": ("Films on a kit: being filmed, waiting, or to be taken back", lambda said: said.films),
    "pending_bytes": ("Bytes of these films", lambda said: said.film_bytes),
    "to_go_bytes": ("Of these films, bytes that a kit has no acknowledgement for yet", lambda said: said.bytes_to_go),
    "to_go_seconds": ("How long they will take, as the kit said last", lambda said: said.seconds_to_go),
    "sent_bytes_per_second": ("What went up in the minute before the heartbeat", lambda said: said.bytes_per_second),
    "oldest_pending_seconds": ("Since the oldest of them began", lambda said: said.oldest_seconds),
    "free_bytes": ("Bytes free on a kit's card, for films", lambda said: said.free_bytes),
    "light_ok": (
        "1 if the recording light was last found well, by a film or a self-test; 0 if not",
        lambda said: _is("ok", said.light),
    ),
    "selftest_timestamp_seconds": (
        "When a kit was last self-tested, by its own clock",
        lambda said: _seconds(said.selftest_at),
    ),
    "battery_low": ("1 if a kit's battery is low", lambda said: _is("low", said.battery)),
    "faults": (
        "Troubles of a kit, and parts that its self-test found wrong",
        lambda said: len(said.faults) + len(said.selftest_failed),
    ),
}


class FleetState(Collector):
    """Gauges of the kits that a directory lists. Blocks: collect in a storage thread."""

    def __init__(self, archive: Archive, directory: Directory) -> None:
        self._archive = archive
        self._kits = sorted(entry.kit for entry in directory.kits if not entry.revoked)

    def describe(self) -> Iterable[Metric]:
        """Implement `Collector.describe`: nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Implement `Collector.collect`."""
        with self._archive.database.reading() as connection:
            heard = {row.kit: row for row in HeartbeatRows(connection).all()}
        seen = _gauge("last_seen_timestamp_seconds", "When a kit's heartbeat last came; 0: never")
        info = _gauge("info", "What a kit runs, and the version of the directory that it has", *_INFO)
        figures = {name: _gauge(name, meaning) for name, (meaning, _) in _FIGURES.items()}
        for kit in self._kits:
            last = heard.get(kit)
            seen.add_metric([kit], 0 if last is None else _seconds(last.last_seen) or 0)
            if last is None:
                continue
            said = Heartbeat.model_validate_json(last.heartbeat)
            info.add_metric([kit, *(str(getattr(said, name)) for name in _INFO)], 1)
            for name, (_, figure_of) in _FIGURES.items():
                if (figure := figure_of(said)) is not None:
                    figures[name].add_metric([kit], figure)
        return [seen, info, *figures.values()]


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"attune_kit_{name}", meaning, labels=["kit", *labels])


def _is(wanted: str, said: str | None) -> bool | None:
    return None if said is None else said == wanted


def _seconds(time: str | None) -> float | None:
    """Return a `Timestamp` as seconds since 1970; None for a kit's that has the form of one and is no time."""
    try:
        return None if time is None else datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None
