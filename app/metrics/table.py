"""The table of all metrics: name, kind, labels and help of each. ``/metrics`` and its documentation come from it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

_FAMILIES: dict[str, type[Metric]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
    "info": InfoMetricFamily,
}


class Figure(NamedTuple):
    """A metric: its name without the suffix that Prometheus adds, its kind, its labels and its help."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str

    def family(self) -> Any:
        """Make its family, still without samples."""
        # The labels of an information come with its value.
        labels = self.labels if self.kind != "info" else ()
        return _FAMILIES[self.kind](self.name, self.help, labels=labels)  # type: ignore[call-arg]

    def row(self) -> str:
        """Write its row of the documentation, with the name and the kind under which it stands at ``/metrics``."""
        suffix = {"counter": "_total", "info": "_info"}.get(self.kind, "")
        kind = "gauge" if self.kind == "info" else self.kind
        labels = ", ".join(f"`{label}`" for label in sorted(self.labels))
        return f"| `{self.name}{suffix}` | {kind} | {labels} | {self.help} |"


_MODEL = ("model",)
REQUESTS = Figure(
    "tsuzuki_requests",
    "counter",
    ("route", "method", "status"),
    "Requests that were answered; refused ones by their status (401, 429). All unknown paths are the route `none`.",
)
DURATIONS = Figure(
    "tsuzuki_request_duration_seconds", "histogram", ("route",), "From a request's head to the end of its answer."
)
WAITING = Figure(
    "tsuzuki_waiting_requests",
    "gauge",
    _MODEL,
    "Requests that wait for admission or for an answer; `TSUZUKI_QUEUE_LIMIT` bounds them.",
)
QUEUED = Figure("tsuzuki_queued_requests", "gauge", _MODEL, "Of those, the ones that no batch has taken yet.")
BATCHES = Figure(
    "tsuzuki_batch_size",
    "histogram",
    _MODEL,
    "Contexts that one matrix product steps by a token; the sum is the number of tokens.",
)
HITS = Figure("tsuzuki_state_cache_hits", "counter", _MODEL, "Requests whose context was in the state cache.")
MISSES = Figure(
    "tsuzuki_state_cache_misses",
    "counter",
    _MODEL,
    "Requests for which the network had to read the context, or its end.",
)
SCORED = Figure(
    "tsuzuki_scored_contexts",
    "counter",
    _MODEL,
    "Contexts after which the logits of all words were computed: one for each next word that is asked for.",
)
CACHE_BYTES = Figure(
    "tsuzuki_state_cache_bytes",
    "gauge",
    _MODEL,
    "Memory of the cached states and inputs of words; `TSUZUKI_CACHE_MEGABYTES` bounds it.",
)
PEOPLE = Figure("tsuzuki_people", "gauge", (), "People who have taught something; counted twice a minute.")
ROWS = Figure(
    "tsuzuki_people_rows", "gauge", (), "Rows of counts of all of them; `TSUZUKI_DATABASE_ROWS` bounds it. As often."
)
PEOPLE_BYTES = Figure(
    "tsuzuki_people_bytes",
    "gauge",
    (),
    "Memory of the counts of those who asked last; `TSUZUKI_PEOPLE_MEGABYTES` bounds it.",
)
MODEL = Figure("tsuzuki_model", "info", ("model", "cell", "vocabulary", "version"), "The loaded models; always 1.")
LOADED_AT = Figure("tsuzuki_models_loaded_timestamp_seconds", "gauge", (), "When they were loaded.")
BUILD = Figure("tsuzuki_build", "info", ("version",), "The version of the service; always 1.")
WORKERS = Figure("tsuzuki_workers", "gauge", (), "Worker processes that take requests.")
REPLACED = Figure("tsuzuki_workers_replaced", "counter", (), "Workers started in the place of one that ended unasked.")


_ALWAYS = (
    REQUESTS, DURATIONS, WAITING, QUEUED, BATCHES, HITS, MISSES, SCORED, CACHE_BYTES, MODEL, LOADED_AT, BUILD,
    PEOPLE, ROWS, PEOPLE_BYTES,
)  # fmt: skip
_WITH_WORKERS = (WORKERS, REPLACED)


def _rows(figures: Iterable[Figure]) -> str:
    return "\n".join(figure.row() for figure in figures)


DOCUMENTATION = f"""\
Answer the metrics of the service, in Prometheus's text format.

It needs a key where there are keys, which Prometheus sends as `authorization: {{credentials_file: …}}`, and is not
counted by the rate limit.

| Metric | Type | Labels | What it counts |
|---|---|---|---|
{_rows(_ALWAYS)}

With one worker `process_…` comes with them (processor time, memory, open files). With several, all figures are those of
all workers, whichever is asked, and there are two more:

| Metric | Type | Labels | What it counts |
|---|---|---|---|
{_rows(_WITH_WORKERS)}

Counters go on over a reload and when a worker ends, and begin anew with a restart. No label holds what was typed, a
path that somebody made up, or a key.
"""
