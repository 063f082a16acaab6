"""The metrics of one app, or of all workers together: counts them, and answers ``/metrics`` in Prometheus's format.

Labels are names of routes, methods, status codes and models: never anything that a caller made up. All of them are
known beforehand, so each count has a fixed place in ``SharedCounters``, which several workers can share.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from app.inference.batching import jobs
from app.inference.batching.jobs import Statistics
from app.metrics import table
from app.metrics.shared_counters import FloatArray, SharedCounters
from app.paths import route_path
from app.settings import Settings

if TYPE_CHECKING:
    from app.inference.model_set import ModelSet
    from app.people.people import People

# From one letter more in a cached context to a long text on a busy machine.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_STATUSES = tuple(status.value for status in HTTPStatus)
_NO_ROUTE = "none"
_OTHER = "other"

# Blocks of the counters; those of a model end in its name.
_REQUESTS, _DURATIONS, _LOOKUPS, _BATCHES, _GAUGES = "requests", "durations", "lookups ", "batches ", "gauges "
_WAITING, _QUEUED, _CACHE_BYTES = range(3)
# Each worker writes whether it is ready; the supervisor how many it has replaced, and when the models were loaded.
_PROCESS = "process"
_READY, _REPLACED, _LOADED_AT, _PEOPLE_BYTES = range(4)
# A route's durations: how many fell into each bucket, then their sum.
_SUM = len(_SECONDS) + 1
_DURATION_WIDTH = _SUM + 1
# A worker that serves, its successor after a reload, and a predecessor that still ends.
_ROWS_A_WORKER = 3
# Where the plain figures of a model stand.
_OF_A_MODEL = (
    (table.WAITING, _GAUGES, _WAITING),
    (table.QUEUED, _GAUGES, _QUEUED),
    (table.HITS, _LOOKUPS, jobs.HIT),
    (table.MISSES, _LOOKUPS, jobs.MISS),
    (table.SCORED, _LOOKUPS, jobs.SCORED),
    (table.CACHE_BYTES, _GAUGES, _CACHE_BYTES),
)


class Metrics(Collector):
    """The metrics of an app, in a registry of its own; with several workers, the sums over all of them."""

    def __init__(
        self,
        version: str,
        methods: Mapping[str, Iterable[str]],
        settings: Settings,
        loaded: "Callable[[], ModelSet | None]",
        counters: SharedCounters | None = None,
        people: "Callable[[], People | None]" = lambda: None,
    ) -> None:
        self.version, self.loaded, self.models = version, loaded, tuple(settings.models)
        self._people = people
        self._paths = frozenset(methods)
        self.routes = (*methods, _NO_ROUTE)
        self.methods = (*sorted({method for path in methods.values() for method in path}), _OTHER)
        self.shape = len(self.routes), len(self.methods), len(_STATUSES)
        self._has_workers = settings.workers > 1
        rows = 1 + _ROWS_A_WORKER * settings.workers if self._has_workers else 1
        self.counters = counters or SharedCounters(rows, self._sizes(settings.batch_limit))
        self._places: dict[tuple[str, str, int], tuple[int, int]] = {}
        self.enter(0)
        self.registry = CollectorRegistry()
        self.registry.register(self)
        if not self._has_workers:  # else they would be those of whichever worker is asked
            ProcessCollector(registry=self.registry)

    def _sizes(self, batch_limit: int) -> dict[str, int]:
        routes, methods, statuses = self.shape
        sizes = {_REQUESTS: routes * methods * statuses, _DURATIONS: routes * _DURATION_WIDTH, _PROCESS: 4}
        for model in self.models:
            sizes |= {_LOOKUPS + model: 3, _BATCHES + model: batch_limit + 1, _GAUGES + model: 3}
        return sizes

    def enter(self, row: int) -> None:
        """Count in this row from now on, on top of what stands there."""
        self.counters.row = row
        self._requests, self._durations = self.counters.own(_REQUESTS), self.counters.own(_DURATIONS)

    def leave(self, row: int) -> None:
        """Forget the gauges of a process that has ended; its counts stay."""
        for block in (_PROCESS, *(_GAUGES + model for model in self.models)):
            self.counters.clear(block, row)

    def statistics(self, model: str) -> Statistics:
        """Return the statistics that the engine of a model counts in."""
        return Statistics(self.counters.own(_LOOKUPS + model), self.counters.own(_BATCHES + model))

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        key = self.route(scope) or _NO_ROUTE, self.method(scope), status
        # Finding a place by its labels takes longer than counting in it.
        place = self._places.get(key) or self._places.setdefault(key, self._place(*key))
        self._requests[place[0]] += 1
        self._durations[place[1] + bisect_left(_SECONDS, seconds)] += 1
        self._durations[place[1] + _SUM] += seconds

    def _place(self, route: str, method: str, status: int) -> tuple[int, int]:
        """Find the place of a request in its block, and that of its route's durations."""
        places = self.routes.index(route), self.methods.index(method), _STATUSES.index(status)
        return int(np.ravel_multi_index(places, self.shape)), places[0] * _DURATION_WIDTH

    def method(self, scope: Scope) -> str:
        """Return the method where the service has it, else ``other``."""
        method: str = scope["method"]
        return method if method in self.methods else _OTHER

    def route(self, scope: Scope) -> str | None:
        """Return the route's template; for a request that was refused before routing, its path where that is one."""
        path: Any = getattr(scope.get("route"), "path", route_path(scope))
        return str(path) if path in self._paths else None

    def publish(self) -> None:
        """Write the gauges of this process where other processes see them."""
        model_set = self.loaded()
        for model, engine in model_set.engines.items() if model_set else ():
            gauges = self.counters.own(_GAUGES + model)
            gauges[_WAITING], gauges[_QUEUED] = engine.waiting, engine.batcher.queued
            gauges[_CACHE_BYTES] = engine.cache.bytes
        people = self._people()
        self.counters.own(_PROCESS)[_PEOPLE_BYTES] = people.bytes if people else 0

    def set_ready(self, ready: bool = True) -> None:
        """Write whether this process, a worker, takes requests."""
        self.counters.own(_PROCESS)[_READY] = ready

    def count_replaced(self) -> None:
        """Count a worker that this process, the supervisor, starts in the place of one that ended."""
        self.counters.own(_PROCESS)[_REPLACED] += 1

    def set_loaded_at(self, at: float) -> None:
        """Write when this process, the supervisor, loaded the models that serve, in seconds since 1970."""
        self.counters.own(_PROCESS)[_LOADED_AT] = at

    def text(self) -> bytes:
        """Write all metrics in Prometheus's text format."""
        self.publish()
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """Make the families, with their samples of this moment."""
        yield from self._of_requests()
        build = table.BUILD.family()
        build.add_metric([], {"version": self.version})
        yield build
        if self._has_workers:
            for figure, place in ((table.WORKERS, _READY), (table.REPLACED, _REPLACED)):
                family = figure.family()
                family.add_metric([], float(self.counters.total(_PROCESS)[place]))
                yield family
        yield from self._of_models()
        yield from self._of_people()

    def _of_people(self) -> Iterator[Metric]:
        """Make the families of people. How many there are, every worker knows of the database."""
        people = self._people()
        totals = people.totals if people else (0, 0)
        held = float(self.counters.total(_PROCESS)[_PEOPLE_BYTES])
        for figure, value in zip((table.PEOPLE, table.ROWS, table.PEOPLE_BYTES), (*totals, held), strict=True):
            family = figure.family()
            family.add_metric([], float(value))
            yield family

    def _of_requests(self) -> Iterator[Metric]:
        """Make the families of requests and durations; labels that never came are left out."""
        requests, seconds = table.REQUESTS.family(), table.DURATIONS.family()
        counts = self.counters.total(_REQUESTS).reshape(self.shape)
        for route, method, status in np.argwhere(counts).tolist():
            labels = [self.routes[route], self.methods[method], str(_STATUSES[status])]
            requests.add_metric(labels, float(counts[route, method, status]))
        durations = self.counters.total(_DURATIONS).reshape(-1, _DURATION_WIDTH)
        for name, (*buckets, total) in zip(self.routes, durations.tolist(), strict=True):
            if any(buckets):
                seconds.add_metric([name], _cumulated(_SECONDS, accumulate(buckets)), total)
        yield from (requests, seconds)

    def _of_models(self) -> Iterator[Metric]:
        model_set = self.loaded()
        models = model_set.models.models if model_set else []
        info, loaded_at, batches = table.MODEL.family(), table.LOADED_AT.family(), table.BATCHES.family()
        if model_set:
            # With workers, the supervisor has loaded them.
            at = self.counters.own(_PROCESS, 0)[_LOADED_AT] if self._has_workers else model_set.loaded_at
            loaded_at.add_metric([], at)
        for model in models:
            told = {"model": model.name, "cell": model.cell, "vocabulary": str(model.vocabulary)}
            info.add_metric([], told | {"version": model.version})
            batches.add_metric([model.name], *_batch_sizes(self.counters.total(_BATCHES + model.name)))
        yield from (info, loaded_at, batches)
        for figure, block, place in _OF_A_MODEL:
            family = figure.family()
            for model in models:
                family.add_metric([model.name], float(self.counters.total(block + model.name)[place]))
            yield family


def _batch_sizes(counts: FloatArray) -> tuple[list[tuple[str, float]], float]:
    """Turn the number of batches of each size into cumulated buckets and their sum."""
    sums = [float(counts[: most + 1].sum()) for most in (*_BATCH_SIZES, len(counts))]
    return _cumulated(_BATCH_SIZES, sums), float(counts @ np.arange(len(counts)))


def _cumulated(bounds: Iterable[float], sums: Iterable[float]) -> list[tuple[str, float]]:
    """Name buckets as Prometheus does; the last one has no bound."""
    return list(zip([*map(str, map(float, bounds)), "+Inf"], sums, strict=True))
