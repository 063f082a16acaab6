"""A person in memory who learns text by text is the one that the database has, whatever was done in between."""

import asyncio
from collections.abc import Callable
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.database.engine import Database, open_database
from app.people.people import Key, People
from app.people.records import Loaded
from app.settings import read_settings
from model.lm.person import Person
from model.search.lessons import lesson
from tests.model.lm.test_notebook import MODEL, WORDS, assert_same

KEYS = [Key("", "a"), Key("", "b")]
keys = st.sampled_from(KEYS)
processes = st.integers(0, 1)
OWN = st.sampled_from(["Kubeflow", "Kubelet", "Grünwald", "zzz"])
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def people_of(database: Database, most_rows: int = 60) -> People:
    return People(database, lambda: {"en": MODEL}, 10**8, most_rows, 10**6)


class Incremental(RuleBasedStateMachine):
    """Two processes with one database: each has in memory what it read or taught, and hears of the other's changes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        settings = read_settings({"database": f"sqlite:///{self.folder.name}/a.db"})
        self.databases = [open_database(settings) for _ in range(2)]
        self.processes = [people_of(database) for database in self.databases if database is not None]

    def teardown(self) -> None:
        for database in self.databases:
            assert database is not None
            database.close()
        self.loop.close()
        self.folder.cleanup()

    @rule(process=processes, key=keys, text=texts)
    def learn(self, process: int, key: Key, text: str) -> None:
        self.loop.run_until_complete(self.processes[process].learn(key, lesson(text, MODEL.vocabulary)))
        self.assert_fresh(process, key)

    @rule(process=processes, key=keys, first=texts, second=texts)
    def learn_two_at_once(self, process: int, key: Key, first: str, second: str) -> None:
        lessons = [lesson(text, MODEL.vocabulary) for text in (first, second)]

        async def both() -> None:
            await asyncio.gather(*(self.processes[process].learn(key, one) for one in lessons))

        self.loop.run_until_complete(both())
        self.assert_fresh(process, key)

    @rule(process=processes, key=keys, word=OWN)
    def teach_word(self, process: int, key: Key, word: str) -> None:
        self.loop.run_until_complete(self.processes[process].teach_word(key, word))
        self.assert_fresh(process, key)

    @rule(process=processes, key=keys, word=OWN)
    def forget_word(self, process: int, key: Key, word: str) -> None:
        self.loop.run_until_complete(self.processes[process].forget_word(key, word))
        self.assert_fresh(process, key)

    @rule(process=processes, key=keys)
    def forget(self, process: int, key: Key) -> None:
        self.loop.run_until_complete(self.processes[process].forget(key))
        self.assert_fresh(process, key)

    @rule(process=processes, most=st.integers(20, 200))
    def tidy(self, process: int, most: int) -> None:
        self.processes[process].store.tidy(most)

    @invariant()
    def all_are_fresh_once_the_changes_are_heard(self) -> None:
        for process, people in enumerate(self.processes):
            self.loop.run_until_complete(people._catch_up())
            for key in list(people._known):
                self.assert_fresh(process, key)
            assert people.bytes == sum(known.bytes for known in people._known.values())

    def assert_fresh(self, process: int, key: Key) -> None:
        people = self.processes[process]
        loaded = people.store.load(people.store.digest(*key))
        known = people._known[key]
        assert known.loaded is None if loaded is None else known.loaded is not None
        person = people.get(key, "en")
        assert (person is None) == (loaded is None)
        if loaded is not None and person is not None and known.loaded is not None:
            assert known.loaded.version == loaded.version
            assert_same(person, Person(MODEL, *loaded[:3]), loaded.taught)
            for word in ("Kubeflow", "Kubelet", "Grünwald", "zzz"):
                assert person.forgets(word) == Person(MODEL, *loaded[:3]).forgets(word)


def test_whoever_learns_in_memory_is_as_loaded_anew() -> None:
    run_state_machine_as_test(Incremental, settings=settings(max_examples=12, stateful_step_count=10, deadline=None))


def test_a_text_is_learned_without_reading_what_is_known(
    monkeypatch: pytest.MonkeyPatch, new_url: Callable[[], str]
) -> None:
    """Neither by the process that takes it, nor when that hears of its own change; the other one reads it."""
    database = open_database(read_settings({"database": new_url()}))
    assert database is not None
    database.upgrade()
    here, there = people_of(database, 1000), people_of(database, 1000)
    loads: list[People] = []

    def told(people: People) -> Callable[[bytes], Loaded | None]:
        load = people.store.load

        def load_and_tell(digest: bytes) -> Loaded | None:
            loads.append(people)
            return load(digest)

        return load_and_tell

    for people in (here, there):
        monkeypatch.setattr(people.store, "load", told(people))
    key, what = KEYS[0], lesson("the dog eats Kubeflow", MODEL.vocabulary)

    async def teach() -> None:
        for _ in range(5):
            await here.learn(key, what)
            await here._catch_up()
        assert loads == [here], "at first the person is not in memory"
        await there._load(key)
        await here.learn(key, what)
        await there._catch_up()
        assert loads == [here, there, there]

    asyncio.run(teach())
    for people in (here, there):
        person = people.get(key, "en")
        assert person is not None and person.forms == ["Kubeflow"] and person.is_offered.all()
    database.close()
