"""What the description of ``/metrics`` says of each figure; ``app.metrics`` counts them."""

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
