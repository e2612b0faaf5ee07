"""What the service holds, read from the database for each scrape: films by state, bytes, what waits to be complete."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import FaultKind
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import FilmState
from companion_api.films.incomplete import count_incomplete
from companion_api.truth.scrub_rows import ScrubRows


class ServiceState(Collector):
    """Gauges of an archive. Blocks: collect in a storage thread."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def describe(self) -> Iterable[Metric]:
        """Implement `Collector.describe`: nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Implement `Collector.collect`."""
        with self._archive.database.reading() as connection:
            counted = FilmRows(connection).counted()
            incomplete = count_incomplete(connection, self._archive.clock())
            faults = FaultRows(connection).counted()
            scrub = ScrubRows(connection).newest_ended()
        films = GaugeMetricFamily("attune_films", "Films by state", labels=["state"])
        for state in FilmState:
            films.add_metric([state.value], counted.get(state, 0))
        standing = GaugeMetricFamily(
            "attune_faults",
            "Faults that stand: found by a scrub, or when a kit sent other bytes for what is held",
            labels=["kind"],
        )
        for kind in FaultKind:
            standing.add_metric([kind.value], faults.get(kind, 0))
        scrubbed = GaugeMetricFamily("attune_scrub_ended_timestamp_seconds", "When a whole scrub last came to its end")
        if scrub is not None and scrub.ended_at is not None:
            scrubbed.add_metric([], datetime.fromisoformat(scrub.ended_at).timestamp())
        waiting = GaugeMetricFamily("attune_films_incomplete", "Films that are open for days", value=incomplete)
        return [films, waiting, standing, scrubbed]
