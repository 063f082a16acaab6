"""The rows of people: they count as the rules of counting say, in both databases, and leave no trace when they go."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from app.database.engine import Database, open_database
from app.database.schema import METADATA, changes, installation, people
from app.people.records import Copy, Summary
from app.people.store import CHANGE_SECONDS, Store
from app.settings import read_settings
from model.lm.notebook import Notebook, Taught
from model.search.lessons import lesson
from tests.model.tiny_model import WORDS, tiny_vocabulary

VOCABULARY = tiny_vocabulary()
OWN = ["Kubeflow", "Grünwald", "kubeflow", "Kuber", "Kubelet", "zzz"]


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database, most_rows=50_000)


def texts(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices([*sorted(WORDS)[:30], *OWN, ",", "."], k=rng.randint(1, 20))) for _ in range(count)]


def as_rows(taught: Taught) -> tuple[dict[str, tuple[int, int, float]], dict[tuple[str, ...], float]]:
    forms = [*taught.forms, ""]
    words = {
        form: (int(taught.uses[i]), int(taught.passed_over[i]), round(float(taught.weights[i]), 6))
        for i, form in enumerate(taught.forms)
    }
    sequences = {
        tuple(forms[i] for i in key): round(float(weight), 6)
        for key, weight in zip(taught.sequences.tolist(), taught.sequence_weights, strict=True)
    }
    return words, sequences


def test_the_rows_count_as_a_notebook_does(store: Store) -> None:
    digest, notebook = store.digest("", "a"), Notebook()
    passed_over = 0
    for text in ["Kubelet Kubelet", *texts(1, 20), "Grünlich, Grünlich", "Grünwald Grünwald", "Grünwald", "Grünwald"]:
        taught = lesson(text, VOCABULARY)
        store.learn(digest, taught)
        notebook.learn(taught)
        loaded = store.load(digest)
        assert loaded is not None
        assert as_rows(loaded.taught) == as_rows(notebook.taught())
        passed_over = max(passed_over, *(count.passed_over for count in notebook.words.values()))
    assert passed_over > 0, "that is compared too"
    assert store.summary(digest).texts == 25


def test_texts_of_one_person_at_once_all_count(store: Store) -> None:
    digest, other = store.digest("", "a"), store.digest("", "b")
    taught = lesson("the dog eats Kubeflow", VOCABULARY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: store.learn(other if i % 4 == 0 else digest, taught), range(20)))
    loaded = store.load(digest)
    assert loaded is not None
    assert dict(zip(loaded.taught.forms, loaded.taught.uses.tolist(), strict=True))["Kubeflow"] == 15
    assert store.summary(digest).texts == 15 and store.summary(other).texts == 5


def test_the_least_used_rows_go_first(database: Database) -> None:
    store = Store(database, most_rows=150)
    digest = store.digest("", "a")
    for i in range(30):
        store.learn(
            digest,
            lesson(f"Kubeflow works. {' '.join(f'w{chr(97 + i % 26)}{j}x' for j in range(5 + i % 3))}", VOCABULARY),
        )
        summary = store.summary(digest)
        assert summary.words + summary.sequences <= 150
    loaded = store.load(digest)
    assert loaded is not None
    used = dict(zip(loaded.taught.forms, loaded.taught.uses.tolist(), strict=True))
    assert used["Kubeflow"] == used["works"] == 30
    assert loaded.taught.sequences.max() < len(loaded.taught.forms)


def test_forgotten_words_are_rows_too_and_leave_room_to_learn(database: Database) -> None:
    store = Store(database, most_rows=150)
    digest = store.digest("", "a")
    learned = store.learn(digest, lesson("Kubeflow works here", VOCABULARY)).summary
    for i in range(200):
        summary = store.forget_word(digest, f"forgotten{i}")
        assert sum(summary[1:4]) <= 150 and summary[1:3] == learned[1:3]
    assert store.tidy(10**9).rows == sum(summary[1:4]) > 60


def test_rows_that_were_noted_without_the_forgotten_words_are_counted_anew(store: Store) -> None:
    digest = store.digest("", "a")
    learned = store.learn(digest, lesson("Kubeflow works here", VOCABULARY)).summary
    for i in range(60):
        store.forget_word(digest, f"forgotten{i}")
    with store.database.writing() as connection:
        connection.execute(update(people).values(rows=learned.words + learned.sequences))
    store.tidy(learned.words + learned.sequences - 1)
    left = store.summary(digest)
    assert left[1:3] == learned[1:3] and left.forgotten > 15


def test_beyond_the_rows_of_all_those_fade_who_wrote_longest_ago(store: Store) -> None:
    digests = [store.digest("", str(i)) for i in range(4)]
    for digest in digests:
        for text in texts(2, 10):
            store.learn(digest, lesson(text, VOCABULARY))
    before = store.tidy(10**9)
    assert before.people == 4 and before.rows == sum(sum(store.summary(d)[1:3]) for d in digests)
    whole = store.summary(digests[3])
    after = store.tidy(before.rows * 5 // 8)
    assert after.rows <= before.rows * 5 // 8
    assert store.summary(digests[3]) == whole and sum(store.summary(digests[0])[1:3]) < sum(whole[1:3])


def test_a_copy_is_the_same_elsewhere(store: Store) -> None:
    digest, other = store.digest("", "a"), store.digest("", "b")
    for text in texts(3, 20):
        store.learn(digest, lesson(text, VOCABULARY))
    store.forget_word(digest, "Kubelet")
    copy = store.copy(digest)
    assert copy is not None
    assert store.replace(other, copy)[:4] == store.summary(digest)[:4]
    first, second = store.load(digest), store.load(other)
    assert first is not None and second is not None
    assert as_rows(first.taught) == as_rows(second.taught) and first[1:3] == second[1:3]
    store.replace(other, Copy(0, 1.0, [], [], bytes(32), []))
    assert store.summary(other) == Summary(0, 0, 0, 0, 1.0)


def test_what_is_forgotten_is_learned_no_more(store: Store) -> None:
    digest = store.digest("", "a")
    taught = lesson("Kubeflow eats. I like kubeflow and Grünwald", VOCABULARY)
    store.learn(digest, taught)
    store.forget_word(digest, "KUBEFLOW")
    store.learn(digest, taught)
    loaded, copy = store.load(digest), store.copy(digest)
    assert loaded is not None and copy is not None
    assert not {"kubeflow", "Kubeflow"} & set(loaded.taught.forms)
    assert "Grünwald" in loaded.taught.forms
    assert len(loaded.forgotten) == 1
    store.teach_word(digest, "Kubeflow")
    again = store.load(digest)
    assert again is not None and "Kubeflow" in again.taught.forms and not again.forgotten


def test_what_names_a_forgotten_word_goes_with_it(store: Store) -> None:
    digest = store.digest("", "a")
    taught = lesson("Kubeflow's fun and Kubeflow-like. It's Kubeflower", VOCABULARY)
    store.learn(digest, taught)
    store.forget_word(digest, "kubeflow")
    store.forget_word(digest, "it")
    store.learn(digest, taught)
    assert {word for word, _ in store.words(digest)} == {"fun", "and", "it's", "Kubeflower"}
    store.teach_word(digest, "Kubeflow's")
    loaded = store.load(digest)
    assert loaded is not None and "Kubeflow's" in loaded.taught.forms and len(loaded.forgotten) == 1


def test_what_has_faded_to_nothing_counts_anew(store: Store) -> None:
    """A person with as many texts as an export may have: no number is too small for a database."""
    digest, most = store.digest("", "a"), 1_000_000_000
    taught = lesson("the dog eats", VOCABULARY)
    store.replace(digest, Copy(most, 1.0, [("the", 1, 1e-6, most, 0), ("dog", most, 1.0, most, most)],
                               [(-1, 0, 1, 1e-6, most)], bytes(32), []))  # fmt: skip
    store.learn(digest, taught)
    loaded = store.load(digest)
    assert loaded is not None
    assert as_rows(loaded.taught)[1]["", "the", "dog"] == 1
    assert store.summary(digest).texts == most + 1


def test_a_person_who_is_forgotten_leaves_no_row(store: Store, database: Database) -> None:
    digest = store.digest("", "a")
    for text in texts(4, 5):
        store.learn(digest, lesson(text, VOCABULARY))
    store.forget_word(digest, "zzz")
    store.forget(digest)
    with database.reading() as connection:
        for table in METADATA.sorted_tables:
            if table not in (installation, changes):
                assert connection.execute(select(table)).all() == []
    assert store.load(digest) is None and store.summary(digest) == Summary()


@pytest.mark.parametrize("way", ["word", "person", "copy"])
def test_what_is_forgotten_is_in_no_file(tmp_path: Path, way: str) -> None:
    database = open_database(read_settings({"database": f"sqlite:///{tmp_path}/a.db"}))
    assert database is not None
    store = Store(database, 50_000)
    digest, other = store.digest("", "a"), store.digest("", "b")
    for text in texts(5, 30):
        store.learn(digest, lesson(text + " Unvergeßlichenwort", VOCABULARY))
        store.learn(other, lesson(text, VOCABULARY))

    def is_there() -> bool:
        return any("Unvergeßlichenwort".encode() in path.read_bytes() for path in tmp_path.iterdir())

    assert is_there()
    if way == "word":
        store.forget_word(digest, "unvergeßlichenwort")
    elif way == "person":
        store.forget(digest)
    else:
        store.replace(digest, Copy(0, 1.0, [], [], bytes(32), []))
    database.clean()
    assert not is_there()
    assert store.summary(other).texts == 30
    database.close()


def test_ids_are_not_in_the_database(store: Store, database: Database) -> None:
    assert store.digest("key", "a") != store.digest("", "a") != store.digest("", "b")
    assert store.digest("k", "ey\0a") != store.digest("ke", "y\0a")
    store.learn(store.digest("", "person-17"), lesson("the dog", VOCABULARY))
    with database.reading() as connection:
        assert b"person-17" not in repr(connection.execute(select(people)).all()).encode()


def test_changes_are_told_for_a_minute(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = store.digest("", "a")
    store.learn(digest, lesson("the dog", VOCABULARY))
    assert [what for _, what in store.changes()] == [f"person {digest.hex()}"]
    later = time.time() + CHANGE_SECONDS + 1
    monkeypatch.setattr("time.time", lambda: later)
    assert store.changes() == []
    store.tidy(10**9)
    store.learn(digest, lesson("the dog", VOCABULARY))
    assert len(store.changes()) == 1


def test_the_rows_are_read_in_the_order_of_the_same_moment(new_url: Callable[[], str]) -> None:
    """While somebody teaches, whoever reads sees all of a text or nothing of it."""
    database = open_database(read_settings({"database": new_url()}))
    assert database is not None
    database.upgrade()
    store = Store(database, 50_000)
    digest = store.digest("", "a")
    store.learn(digest, lesson("the dog", VOCABULARY))

    def teach() -> None:
        for _ in range(20):
            store.learn(digest, lesson("Kubeflow Grünwald", VOCABULARY))

    with ThreadPoolExecutor(2) as pool:
        task = pool.submit(teach)
        while not task.done():
            loaded = store.load(digest)
            assert loaded is not None
            used = dict(zip(loaded.taught.forms, loaded.taught.uses.tolist(), strict=True))
            assert used.get("Kubeflow", 0) == used.get("Grünwald", 0)
            assert np.isfinite(loaded.taught.weights).all()
        task.result()
    database.close()
