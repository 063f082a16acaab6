"""The table of docs/which-machine.md, from measured figures: ``python -m scripts.docs.sizing``."""

from math import ceil

# Measured (docs/performance.md): what one worker answers at 64 connections, memory of the first worker, of each further
# one without its cache, and of the states after the last eight words of one person's text.
REQUESTS_A_SECOND = 2538
FIRST_WORKER_MB, FURTHER_WORKER_MB = 243, 26
STATES_KB = 50
# Assumed: the requests of a person who types 40 words a minute (4 keys a second) and pauses half of the time; how far a
# worker is used at the busiest moment, so that answers stay fast; the cores of a machine.
REQUESTS_A_PERSON = 2.0
USED = 0.6
CORES_A_MACHINE = 8
# The share of the cache that states have (TSUZUKI_CACHE_MEGABYTES).
_SHARE_OF_STATES = 1 / 3
PEOPLE = (1_000, 10_000, 100_000, 1_000_000)


def row(people: int) -> str:
    """The row for so many people who type at the same time."""
    requests = people * REQUESTS_A_PERSON
    workers = ceil(requests / (REQUESTS_A_SECOND * USED))
    machines = ceil(workers / CORES_A_MACHINE)
    cache = people * STATES_KB / _SHARE_OF_STATES / 1000
    memory = machines * FIRST_WORKER_MB + (workers - machines) * FURTHER_WORKER_MB + cache
    shown = f"{memory / 1000:,.1f} GB" if memory < 10_000 else f"{memory / 1000:,.0f} GB"
    machine = f"{machines:,} of {CORES_A_MACHINE} cores" if machines > 1 else f"1 of {max(2, workers)} cores"
    cells = (f"{people:,}", f"{requests:,.0f}", f"{workers:,}", machine, shown, f"{ceil(cache / workers)} MB")
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """The whole table."""
    head = ("people typing", "requests/s", "workers, a core each", "machines", "memory in all", "cache of each worker")
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *map(row, PEOPLE)])


if __name__ == "__main__":
    print(table())
