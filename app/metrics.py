"""The figures at ``/metrics``, in the names and units that Prometheus expects.

Labels are names of routes, methods, status codes and models: never anything that a caller made up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.types import Scope

from app.access import route_path

if TYPE_CHECKING:
    from app.generation import Generation

T = TypeVar("T")

# From a letter in a context that is known to a long text on a busy machine.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_NO_ROUTE = "none"
_OTHER = "other"


class Metrics:
    """What one app did and does, in a registry of its own."""

    def __init__(
        self, version: str, methods: Mapping[str, Iterable[str]], loaded: "Callable[[], Generation | None]"
    ) -> None:
        # A further line for each counter, which only another format has a use for. It holds for the whole process.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._paths = frozenset(methods)
        self._methods = frozenset(method for path in methods.values() for method in path)
        requests = Counter(
            "tsuzuki_requests", "Requests that were answered.", ["route", "method", "status"], registry=self.registry
        )
        seconds = Histogram(
            "tsuzuki_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ["route"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        # Looking a child up by its labels takes longer than counting with it.
        self._requests = _Children(requests.labels)
        self._seconds = _Children(seconds.labels)
        Info("tsuzuki_build", "The version that runs.", registry=self.registry).info({"version": version})
        ProcessCollector(registry=self.registry)
        self.registry.register(_ModelCollector(loaded))

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        route = self.route(scope) or _NO_ROUTE
        method = scope["method"] if scope["method"] in self._methods else _OTHER
        self._requests[route, method, str(status)].inc()
        self._seconds[route,].observe(seconds)

    def route(self, scope: Scope) -> str | None:
        """The template of the route; of a request that was refused before it had one, its path where that is one."""
        path: Any = getattr(scope.get("route"), "path", route_path(scope))
        return str(path) if path in self._paths else None

    def text(self) -> bytes:
        """All figures, in Prometheus's text format."""
        return generate_latest(self.registry)


class _Children(dict[tuple[str, ...], T], Generic[T]):
    """The children of a metric by the values of their labels, each made when first asked for."""

    def __init__(self, make: Callable[..., T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, labels: tuple[str, ...]) -> T:
        self[labels] = self._make(*labels)
        return self[labels]


class _ModelCollector(Collector):
    """Reads the engines when somebody asks, so that nothing has to be counted twice."""

    def __init__(self, loaded: "Callable[[], Generation | None]") -> None:
        self._loaded = loaded

    def collect(self) -> Iterator[Metric]:
        labels = ["model"]
        info = InfoMetricFamily(
            "tsuzuki_model", "The loaded models.", labels=["model", "cell", "vocabulary", "version"]
        )
        loaded = GaugeMetricFamily("tsuzuki_models_loaded_timestamp_seconds", "When the models were loaded.")
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
        size = GaugeMetricFamily("tsuzuki_state_cache_bytes", "Memory that kept states take.", labels=labels)
        generation = self._loaded()
        if generation is not None:
            loaded.add_metric([], generation.loaded_at)
            for model in generation.models.models:
                engine = generation.engines[model.name]
                told = {"model": model.name, "cell": model.cell, "vocabulary": str(model.vocabulary)}
                info.add_metric([], told | {"version": model.version})
                name = [model.name]
                waiting.add_metric(name, engine.waiting)
                queued.add_metric(name, engine.queued)
                batches.add_metric(name, *_histogram(engine.statistics.batches))
                hits.add_metric(name, engine.statistics.hits)
                misses.add_metric(name, engine.statistics.misses)
                size.add_metric(name, engine.cache.bytes)
        yield from (info, loaded, waiting, queued, batches, hits, misses, size)


def _histogram(counts: list[int]) -> tuple[list[tuple[str, float]], float]:
    """The cumulated buckets and the sum of a histogram, from how often each size came."""
    counts = counts.copy()  # the engine goes on counting
    buckets: list[tuple[str, float]] = [(str(float(most)), sum(counts[: most + 1])) for most in _BATCH_SIZES]
    return [*buckets, ("+Inf", sum(counts))], sum(size * count for size, count in enumerate(counts))
