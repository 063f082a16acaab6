"""Nobody is offered another's word: two people, two keys, two processes, in any order of requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.keys import read_keys
from app.people.people import Key, People
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import KEY, OTHER, bearer

WORDS = ["Zorbal", "Zorbek", "Zorbil", "Zorbom"]
people = st.tuples(st.sampled_from([KEY, OTHER]), st.sampled_from(["a", "b"]))
workers = st.integers(0, 1)
words = st.sampled_from(WORDS)


class Isolation(RuleBasedStateMachine):
    """The service beside what it should know: by person, the uses of each word, and the forgotten ones."""

    clients: ClassVar[list[TestClient]] = []

    def __init__(self) -> None:
        super().__init__()
        self.uses: dict[tuple[str, str], dict[str, int]] = {}
        self.forgotten: dict[tuple[str, str], set[str]] = {}
        for client in self.clients:
            for key in (KEY, OTHER):
                for user in ("a", "b"):
                    client.delete(f"/users/{user}", headers=bearer(key))

    def known(self, worker: int, person: tuple[str, str]) -> list[str]:
        """The words that a worker offers to a person, once it has heard of all changes."""
        client = self.clients[worker]
        found: People = client.app.state.service.people.people  # type: ignore[attr-defined]
        assert client.portal is not None
        client.portal.call(found._catch_up)
        owner = _owner(person[0])
        client.portal.call(found._load, Key(owner, person[1]))
        return self.offered(worker, person)

    def offered(self, worker: int, person: tuple[str, str]) -> list[str]:
        body = {"text": "the zorb", "user": person[1], "limit": 50}
        answer = self.clients[worker].post("/complete", json=body, headers=bearer(person[0]))
        assert answer.status_code == 200
        return sorted(one["text"] for one in answer.json()["suggestions"] if one["text"] in WORDS)

    def expected(self, person: tuple[str, str]) -> list[str]:
        uses, forgotten = self.uses.get(person, {}), self.forgotten.get(person, set())
        return sorted(word for word, n in uses.items() if n >= 2 and word not in forgotten)

    @rule(worker=workers, person=people, taught=st.lists(words, min_size=1, max_size=4))
    def learn(self, worker: int, person: tuple[str, str], taught: list[str]) -> None:
        # Each word in a text of its own, with all begun in the same way: none is passed over five times unused.
        body = {"user": person[1], "text": "\n".join(taught)}
        assert self.clients[worker].post("/learn", json=body, headers=bearer(person[0])).status_code == 200
        uses = self.uses.setdefault(person, {})
        for word in taught:
            if word not in self.forgotten.get(person, set()):
                uses[word] = uses.get(word, 0) + 1
        # Its own worker knows it at once, but for those that were passed over, which is tested elsewhere.
        assert set(self.offered(worker, person)) <= set(self.expected(person))

    @rule(worker=workers, person=people, word=words)
    def forget_word(self, worker: int, person: tuple[str, str], word: str) -> None:
        self.clients[worker].delete(f"/users/{person[1]}/words/{word}", headers=bearer(person[0]))
        self.uses.setdefault(person, {}).pop(word, None)
        self.forgotten.setdefault(person, set()).add(word)
        assert word not in self.offered(worker, person)

    @rule(worker=workers, person=people, word=words)
    def teach_word(self, worker: int, person: tuple[str, str], word: str) -> None:
        self.clients[worker].put(f"/users/{person[1]}/words/{word}", headers=bearer(person[0]))
        self.uses.setdefault(person, {})[word] = self.uses.get(person, {}).get(word, 0) + 2
        self.forgotten.setdefault(person, set()).discard(word)
        assert word in self.offered(worker, person)

    @rule(worker=workers, person=people)
    def forget(self, worker: int, person: tuple[str, str]) -> None:
        self.clients[worker].delete(f"/users/{person[1]}", headers=bearer(person[0]))
        self.uses.pop(person, None)
        self.forgotten.pop(person, None)
        assert self.offered(worker, person) == []

    @rule(worker=workers, person=people)
    def ask(self, worker: int, person: tuple[str, str]) -> None:
        offered, expected = self.known(worker, person), self.expected(person)
        assert set(offered) <= set(expected)
        missing = set(expected) - set(offered)
        assert all(self.uses[person][word] == 2 for word in missing), "only words on trial are ever passed over"

    @invariant()
    def nobody_else_has_any(self) -> None:
        for worker in (0, 1):
            assert self.offered(worker, (KEY, "somebody else")) == []


def _owner(key: str) -> str:
    from hashlib import sha256

    return sha256(key.encode()).hexdigest()[:16]


@pytest.fixture
def two_workers(make_app: MakeApp) -> Iterator[list[TestClient]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        options: dict[str, Any] = {"database": f"sqlite:///{folder}/a.db", "api_keys": read_keys(f"{KEY},{OTHER}")}
        yield [stack.enter_context(TestClient(make_app(**options))) for _ in range(2)]


def test_nobody_is_offered_anothers_word(two_workers: list[TestClient]) -> None:
    Isolation.clients = two_workers
    run_state_machine_as_test(Isolation, settings=settings(max_examples=8, stateful_step_count=25, deadline=None))
