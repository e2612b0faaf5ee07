"""What the service holds, read from the database for each scrape: films by state, bytes, what waits to be complete."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import FilmState


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
        films = GaugeMetricFamily("attune_films", "Films by state", labels=["state"])
        for state in FilmState:
            films.add_metric([state.value], counted.get(state, 0))
        return [films]
