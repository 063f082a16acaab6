"""Nobody is offered another's word: ``python -m benchmarks.people.apart [--requests 10000] [--database URL]``.

Two API keys, two people of the same ids under each, and two worker processes. Random requests teach each person words
of their own, forget some, and ask. Everything that is offered must be the person's own; to a stranger, nothing is.
"""

import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.people.service import chosen, kill, request, start, word_of
from benchmarks.traffic.servers import free_port

KEYS = ("first-key-of-sixteen", "second-key-of-sixteen")
USERS = ("a", "b")
# Nobody teaches as this one.
STRANGER = "stranger"
WORDS_EACH = 20
CLIENTS = 4
PEOPLE = [(key, user) for key in KEYS for user in USERS]
WORDS = {person: [word_of(WORDS_EACH * i + j + 1) for j in range(WORDS_EACH)] for i, person in enumerate(PEOPLE)}
ALL_WORDS = frozenset(word for words in WORDS.values() for word in words)


class LeakError(Exception):
    """Somebody was offered another's word."""


def offered(answer: bytes) -> set[str]:
    """Find the words of all people in an answer, whatever field they stand in."""
    texts = {one["text"].strip() for one in json.loads(answer).get("suggestions", ())}
    return {word for text in texts for word in text.casefold().split() if word in ALL_WORDS}


def step(port: int, rng: random.Random) -> tuple[str, int]:
    """Make one random request; return what it was, and how many words were offered. Raises ``LeakError``."""
    key, user = rng.choice(PEOPLE)
    headers = {"Authorization": f"Bearer {key}"}
    words, chance = WORDS[key, user], rng.random()
    body: dict[str, object] | None = None
    if chance < 0.2:
        text = " ".join(rng.choices(words, k=6))
        method, path, body = "POST", "/learn", {"user": user, "text": f"{text}. the {text}"}
    elif chance < 0.23:
        method, path = "DELETE", f"/users/{user}/words/{rng.choice(words)}"
    elif chance < 0.24:
        method, path = "DELETE", f"/users/{user}"
    else:
        asked = rng.choice((user, user, user, STRANGER, None))
        # Beginnings of anybody's words, and the words themselves before what is to come.
        word = rng.choice(sorted(ALL_WORDS))
        path = rng.choice(("/complete", "/next-word", "/correct"))
        text = f"the {word} " if path == "/next-word" else f"the {word[: rng.randint(4, len(word))]}"
        method, body = "POST", {"text": text, "limit": 50} | ({"user": asked} if asked else {})
        status, answer = request(port, method, path, body, headers)
        assert status == 200, answer
        # What was typed may be said back.
        found = offered(answer) - {text.split()[-1]}
        allowed = set(words) if asked == user else set()
        if found - allowed:
            whose = f"{asked!r} of key {KEYS.index(key)}"
            raise LeakError(f"{path} of {text!r} offered {sorted(found - allowed)} to {whose}")
        return path, len(found)
    status, answer = request(port, method, path, body, headers)
    assert status == 200, answer
    return f"{method} {path.split('/')[1]}", 0


def run(count: int, database: str, models: str | None = None) -> dict[str, int]:
    """Make so many requests; return how many there were of each kind, and of words offered to those who taught them."""
    os.environ["TSUZUKI_API_KEYS"] = ",".join(KEYS)
    port = free_port()
    process = start(port, database, models, workers=2)
    try:
        rngs = [random.Random(i) for i in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = pool.map(lambda rng: [step(port, rng) for _ in range(count // CLIENTS)], rngs)
            made = [one for part in parts for one in part]
        told = Counter(kind for kind, _ in made)
        return {**told, "requests": len(made), "own words offered": sum(n for _, n in made)}
    finally:
        kill(process)


def main() -> None:
    with chosen("python -m benchmarks.people.apart", __doc__, "--requests", 10_000) as (count, database, models):
        print(run(count, database, models))


if __name__ == "__main__":
    main()
