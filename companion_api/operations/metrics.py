"""Measures for Prometheus: how long requests and the store take, and what is refused.

Workers of one service share a folder, in which prometheus_client keeps their counts (`PROMETHEUS_MULTIPROC_DIR`);
whichever worker is asked tells of all. What the service holds, and how its kits are, is read from the database when it
is asked for (`state.ServiceState`, `fleet_state.FleetState`).
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from companion_api.stores.store import Data, Put, Store

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The measures of one process."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        self.requests = Histogram(
            "attune_request_seconds",
            "Requests, from the first byte of the head to the last of the answer",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=own,
        )
        self.store = Histogram(
            "attune_store_seconds", "Calls of the store", ["operation", "outcome"], buckets=_SECONDS, registry=own
        )
        self.stored_bytes = Counter("attune_stored_bytes", "Bytes newly stored", registry=own)
        self.problems = Counter("attune_problems", "Refusals by name", ["code"], registry=own)

    def exposition(self, *states: Collector) -> bytes:
        """Return all measures, those of other workers too, in Prometheus' text format."""
        whole = CollectorRegistry()
        if MULTIPROCESS in os.environ:
            MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
        else:
            whole.register(_Registered(self._registry))
        for state in states:
            whole.register(state)
        return generate_latest(whole)


class MeasuredRequests:
    """ASGI middleware: times each request under its route's path, so that ids make no series of their own."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implement ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begin = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            measure = self._metrics.requests.labels(scope["method"], route, status)
            measure.observe(time.perf_counter() - begin)


class MeasuredStore:
    """Implements `store.Store` by another store, and times it."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self.inner = store
        self._metrics = metrics

    def prepare(self) -> None:
        """Implement `Store.prepare`."""
        self.inner.prepare()

    def put(self, key: str, data: Data) -> Put:
        """Implement `Store.put`."""
        with self._timed("put"):
            outcome = self.inner.put(key, data)
        if outcome is Put.STORED:
            self._metrics.stored_bytes.inc(len(data))
        return outcome

    def replace(self, key: str, data: Data) -> None:
        """Implement `Store.replace`."""
        with self._timed("replace"):
            self.inner.replace(key, data)

    def get(self, key: str) -> bytes | None:
        """Implement `Store.get`."""
        with self._timed("get"):
            return self.inner.get(key)

    def delete(self, keys: Iterable[str]) -> None:
        """Implement `Store.delete`."""
        with self._timed("delete"):
            self.inner.delete(keys)

    def list(self, prefix: str) -> Iterator[str]:
        """Implement `Store.list`. Not timed: the caller's work lies in between."""
        return self.inner.list(prefix)

    @contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        begin = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            self._metrics.store.labels(operation, outcome).observe(time.perf_counter() - begin)


class _Registered(Collector):
    """A registry as part of another one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[object]:  # type: ignore[override]
        """Implement `Collector.collect`."""
        return self._registry.collect()
