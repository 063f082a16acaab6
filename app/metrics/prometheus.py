"""The figures at ``/metrics``, in the names and units that Prometheus expects.

Labels are names of routes, methods, status codes and models: never anything that a caller made up. All of them are
known beforehand, so what is counted has a fixed place in a ``Tally``, which several workers can share.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from prometheus_client import CollectorRegistry, Info, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.types import Scope

from app.inference.jobs import HIT, MISS, SCORED, Statistics
from app.metrics.shared_counters import FloatArray, Tally
from app.paths import route_path
from app.settings import Settings

if TYPE_CHECKING:
    from app.inference.model_set import Generation


FIGURES = """\
Answer what the service counts, in Prometheus's text format.

It needs a key where there are keys, which Prometheus sends as `authorization: {credentials_file: …}`, and is not
counted by the rate limit.

| Metric | Type | Labels | What it counts |
|---|---|---|---|
| `tsuzuki_requests_total` | counter | `method`, `route`, `status` | \
Requests that were answered; refused ones by their status (401, 429). All unknown paths are the route `none`. |
| `tsuzuki_request_duration_seconds` | histogram | `route` | From a request's head to the end of its answer. |
| `tsuzuki_waiting_requests` | gauge | `model` | \
Requests that wait, for their turn or for an answer; `TSUZUKI_QUEUE_LIMIT` bounds them. |
| `tsuzuki_queued_requests` | gauge | `model` | Of those, the ones that no batch has taken yet. |
| `tsuzuki_batch_size` | histogram | `model` | \
Contexts that one matrix product read a token of; the sum is the number of tokens. |
| `tsuzuki_state_cache_hits_total` | counter | `model` | Requests whose context had been read before. |
| `tsuzuki_state_cache_misses_total` | counter | `model` | \
Requests whose context had to be read, or the end of it. |
| `tsuzuki_scored_contexts_total` | counter | `model` | \
Contexts after which the chances of all words were computed, one for each word that is typed; many more where \
they were gone from the cache. |
| `tsuzuki_state_cache_bytes` | gauge | `model` | \
Memory that what is known of contexts takes; `TSUZUKI_CACHE_MEGABYTES` bounds it. |
| `tsuzuki_model_info` | gauge | `cell`, `model`, `version`, `vocabulary` | The loaded models; always 1. |
| `tsuzuki_models_loaded_timestamp_seconds` | gauge | | When they were loaded. |
| `tsuzuki_build_info` | gauge | `version` | The version of the service; always 1. |

With one worker `process_…` comes with them (processor time, memory, open files). With several, all figures are those of
all workers, whichever is asked, and there are `tsuzuki_workers`, a gauge of those that take requests, and
`tsuzuki_workers_replaced_total`, a counter of those started in the place of one that ended unasked.

Counters go on over a reload and when a worker ends, and begin anew with a restart. No label holds what was typed, a
path that somebody made up, or a key.
"""


# From a letter in a context that is known to a long text on a busy machine.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_STATUSES = tuple(status.value for status in HTTPStatus)
_NO_ROUTE = "none"
_OTHER = "other"


# Blocks of the tally; those of a model end in its name.
_REQUESTS, _DURATIONS, _LOOKUPS, _BATCHES, _GAUGES = "requests", "durations", "lookups ", "batches ", "gauges "
_WAITING, _QUEUED, _CACHE_BYTES = range(3)
# A worker says that it is ready; the supervisor how many it has replaced, and when the models were loaded.
_PROCESS = "process"
_READY, _REPLACED, _LOADED_AT = range(3)
# A route's durations: how many fell into each bucket, then what all of them come to.
_SUM = len(_SECONDS) + 1
_DURATION_WIDTH = _SUM + 1
# A worker that serves, its successor after a reload, and a predecessor that still ends.
_ROWS_A_WORKER = 3


class Metrics:
    """What one app did and does, in a registry of its own; of several workers, what all of them did and do."""

    def __init__(
        self,
        version: str,
        methods: Mapping[str, Iterable[str]],
        settings: Settings,
        loaded: "Callable[[], Generation | None]",
        tally: Tally | None = None,
    ) -> None:
        self.loaded, self.models = loaded, tuple(settings.models)
        self._paths = frozenset(methods)
        self.routes = (*methods, _NO_ROUTE)
        self.methods = (*sorted({method for path in methods.values() for method in path}), _OTHER)
        self.shape = len(self.routes), len(self.methods), len(_STATUSES)
        workers = settings.workers if settings.workers > 1 else 0
        self.tally = tally or Tally(1 + _ROWS_A_WORKER * workers, self._sizes(settings.batch_limit))
        self._places: dict[tuple[str, str, int], tuple[int, int]] = {}
        self.enter(0)
        self.registry = CollectorRegistry()
        self.registry.register(_RequestCollector(self))
        Info("tsuzuki_build", "The version that runs.", registry=self.registry).info({"version": version})
        # What the system knows of one process would be that of whichever worker is asked.
        self.registry.register(_WorkerCollector(self)) if workers else ProcessCollector(registry=self.registry)
        self.registry.register(_ModelCollector(self, self.tally.own(_PROCESS, 0) if workers else None))

    def _sizes(self, batch_limit: int) -> dict[str, int]:
        routes, methods, statuses = self.shape
        sizes = {_REQUESTS: routes * methods * statuses, _DURATIONS: routes * _DURATION_WIDTH, _PROCESS: 3}
        for model in self.models:
            sizes |= {_LOOKUPS + model: 3, _BATCHES + model: batch_limit + 1, _GAUGES + model: 3}
        return sizes

    def enter(self, row: int) -> None:
        """Count in this row of the tally from now on, on top of what stands there."""
        self.tally.row = row
        self._requests, self._durations = self.tally.own(_REQUESTS), self.tally.own(_DURATIONS)

    def leave(self, row: int) -> None:
        """A process has ended: what it said of the moment no longer holds, what it counted stays."""
        for block in (_PROCESS, *(_GAUGES + model for model in self.models)):
            self.tally.clear(block, row)

    def statistics(self, model: str) -> Statistics:
        """Where an engine counts."""
        return Statistics(self.tally.own(_LOOKUPS + model), self.tally.own(_BATCHES + model))

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        method = scope["method"] if scope["method"] in self.methods else _OTHER
        key = self.route(scope) or _NO_ROUTE, method, status
        # Finding a place by its labels takes longer than counting in it.
        place = self._places.get(key) or self._places.setdefault(key, self._place(*key))
        self._requests[place[0]] += 1
        self._durations[place[1] + bisect_left(_SECONDS, seconds)] += 1
        self._durations[place[1] + _SUM] += seconds

    def _place(self, route: str, method: str, status: int) -> tuple[int, int]:
        """Where such a request is counted, and where the durations of its route begin."""
        places = self.routes.index(route), self.methods.index(method), _STATUSES.index(status)
        return int(np.ravel_multi_index(places, self.shape)), places[0] * _DURATION_WIDTH

    def route(self, scope: Scope) -> str | None:
        """The template of the route; of a request that was refused before it had one, its path where that is one."""
        path: Any = getattr(scope.get("route"), "path", route_path(scope))
        return str(path) if path in self._paths else None

    def publish(self) -> None:
        """Let other processes know what holds for this one at the moment."""
        generation = self.loaded()
        for model, engine in generation.engines.items() if generation else ():
            gauges = self.tally.own(_GAUGES + model)
            gauges[_WAITING], gauges[_QUEUED] = engine.waiting, engine.batcher.queued
            gauges[_CACHE_BYTES] = engine.cache.bytes

    def say_ready(self, ready: bool = True) -> None:
        """Whether this process, a worker, takes requests."""
        self.tally.own(_PROCESS)[_READY] = ready

    def say_replaced(self) -> None:
        """This process, the supervisor, starts a worker in the place of one that ended."""
        self.tally.own(_PROCESS)[_REPLACED] += 1

    def say_loaded(self, at: float) -> None:
        """When this process, the supervisor, loaded the models that serve."""
        self.tally.own(_PROCESS)[_LOADED_AT] = at

    def text(self) -> bytes:
        """All figures, in Prometheus's text format."""
        self.publish()
        return generate_latest(self.registry)


class _RequestCollector(Collector):
    """Requests by their labels; those that never came are left out."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        metrics = self._metrics
        requests = CounterMetricFamily(
            "tsuzuki_requests", "Requests that were answered.", labels=["route", "method", "status"]
        )
        seconds = HistogramMetricFamily(
            "tsuzuki_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            labels=["route"],
        )
        counts = metrics.tally.total(_REQUESTS).reshape(metrics.shape)
        for route, method, status in np.argwhere(counts).tolist():
            labels = [metrics.routes[route], metrics.methods[method], str(_STATUSES[status])]
            requests.add_metric(labels, float(counts[route, method, status]))
        durations = metrics.tally.total(_DURATIONS).reshape(-1, _DURATION_WIDTH)
        for name, (*buckets, total) in zip(metrics.routes, durations.tolist(), strict=True):
            if any(buckets):
                seconds.add_metric([name], _cumulated(_SECONDS, accumulate(buckets)), total)
        yield from (requests, seconds)


class _WorkerCollector(Collector):
    """The processes, where there are several."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        ready, replaced, _ = self._metrics.tally.total(_PROCESS).tolist()
        yield GaugeMetricFamily("tsuzuki_workers", "Worker processes that take requests.", value=ready)
        yield CounterMetricFamily(
            "tsuzuki_workers_replaced", "Workers started in the place of one that ended unasked.", value=replaced
        )


class _ModelCollector(Collector):
    """What the engines counted, and what they hold when somebody asks."""

    def __init__(self, metrics: Metrics, supervisor: "memoryview[float] | None") -> None:
        self._metrics, self._supervisor = metrics, supervisor

    def collect(self) -> Iterator[Metric]:
        labels = ["model"]
        info = InfoMetricFamily(
            "tsuzuki_model", "The loaded models.", labels=["model", "cell", "vocabulary", "version"]
        )
        loaded = GaugeMetricFamily("tsuzuki_models_loaded_timestamp_seconds", "When the models were loaded.")
        total = self._metrics.tally.total
        waiting = GaugeMetricFamily("tsuzuki_waiting_requests", "Requests that wait for an answer.", labels=labels)
        queued = GaugeMetricFamily(
            "tsuzuki_queued_requests", "Of those that wait, the ones that no batch has taken yet.", labels=labels
        )
        batches = HistogramMetricFamily(
            "tsuzuki_batch_size", "Contexts that one matrix product read a token of.", labels=labels
        )
        hits = CounterMetricFamily(
            "tsuzuki_state_cache_hits", "Requests whose context had been read before.", labels=labels
        )
        misses = CounterMetricFamily(
            "tsuzuki_state_cache_misses", "Requests whose context had to be read, or the end of it.", labels=labels
        )
        scored = CounterMetricFamily(
            "tsuzuki_scored_contexts", "Contexts after which the chances of all words were computed.", labels=labels
        )
        size = GaugeMetricFamily(
            "tsuzuki_state_cache_bytes", "Memory that what is known of contexts takes.", labels=labels
        )
        generation = self._metrics.loaded()
        if generation is not None:
            loaded.add_metric([], self._supervisor[_LOADED_AT] if self._supervisor else generation.loaded_at)
            for model in generation.models.models:
                told = {"model": model.name, "cell": model.cell, "vocabulary": str(model.vocabulary)}
                info.add_metric([], told | {"version": model.version})
                name, gauges, lookups = [model.name], total(_GAUGES + model.name), total(_LOOKUPS + model.name)
                waiting.add_metric(name, gauges[_WAITING])
                queued.add_metric(name, gauges[_QUEUED])
                batches.add_metric(name, *_batch_sizes(total(_BATCHES + model.name)))
                hits.add_metric(name, lookups[HIT])
                misses.add_metric(name, lookups[MISS])
                scored.add_metric(name, lookups[SCORED])
                size.add_metric(name, gauges[_CACHE_BYTES])
        yield from (info, loaded, waiting, queued, batches, hits, misses, scored, size)


def _batch_sizes(counts: FloatArray) -> tuple[list[tuple[str, float]], float]:
    """The cumulated buckets and the sum of a histogram, from how often each size came."""
    sums = [float(counts[: most + 1].sum()) for most in (*_BATCH_SIZES, len(counts))]
    return _cumulated(_BATCH_SIZES, sums), float(counts @ np.arange(len(counts)))


def _cumulated(bounds: Iterable[float], sums: Iterable[float]) -> list[tuple[str, float]]:
    """Buckets as Prometheus names them; the last one has no bound."""
    return list(zip([*map(str, map(float, bounds)), "+Inf"], sums, strict=True))
