"""Learned texts survive ``kill -9``: ``python -m benchmarks.people.killed [--rounds 200] [--database URL]``.

In each round a service is killed amid texts that several clients teach at once. The next one must know all that was
answered, nothing twice, and at most the texts under way beside it.
"""

import http.client
import json
import threading
from collections import Counter

from benchmarks.people.service import chosen, kill, request, start, word_of
from benchmarks.traffic.servers import free_port

CLIENTS = 4


class Taught:
    """Texts of one word each, all different: those that were answered, and those under way at a kill."""

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.unsure: list[str] = []


def teach(
    port: int, taught: Taught, numbers: "list[int]", lock: threading.Lock, enough: threading.Event, least: int
) -> None:
    while True:
        with lock:
            numbers[0] += 1
            word = word_of(numbers[0])
        try:
            status, _ = request(port, "POST", "/learn", {"user": "one", "text": word})
        except (OSError, http.client.HTTPException):
            taught.unsure.append(word)
            return
        (taught.answered if status == 200 else taught.unsure).append(word)
        if len(taught.answered) >= least:
            enough.set()


def known(port: int) -> dict[str, int]:
    found: dict[str, int] = {}
    while True:
        status, answer = request(port, "GET", f"/users/one/words?limit=1000&offset={len(found)}")
        assert status == 200, answer
        rows = json.loads(answer)
        found |= {row["word"]: row["uses"] for row in rows["words"]}
        if len(found) >= rows["total"]:
            return found


def rounds(count: int, database: str, models: str | None = None, workers: int = 2, each: int = 10) -> dict[str, int]:
    """Teach and kill so often; raises where something that was answered is lost, or there twice."""
    taught, numbers, lock = Taught(), [0], threading.Lock()
    port = free_port()
    process = start(port, database, models, workers)
    try:
        for _ in range(count):
            enough = threading.Event()
            least = len(taught.answered) + each
            arguments = (port, taught, numbers, lock, enough, least)
            clients = [threading.Thread(target=teach, args=arguments) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            assert enough.wait(120)
            kill(process)
            for client in clients:
                client.join()
            process = start(port, database, models, workers)
            status, answer = request(port, "GET", "/users/one")
            texts = json.loads(answer)["texts"]
            assert status == 200 and len(taught.answered) <= texts <= len(taught.answered) + len(taught.unsure)
        found = known(port)
        lost = [word for word in taught.answered if word not in found]
        assert not lost, f"{len(lost)} answered texts are lost"
        assert set(found) <= {*taught.answered, *taught.unsure}
        assert set(Counter(found.values())) == {1}, "something is there twice"
        return {"rounds": count, "answered": len(taught.answered), "under way": len(taught.unsure), "known": len(found)}
    finally:
        kill(process)


def main() -> None:
    with chosen("python -m benchmarks.people.killed", __doc__, "--rounds", 200) as (count, database, models):
        print(rounds(count, database, models))


if __name__ == "__main__":
    main()
