"""A prepared corpus: the ids on disk, what is held out, the order of an epoch, and the windows of training."""

import itertools
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.arrays import IntArray
from model.errors import UserError
from model.text import encoding
from model.text.corpus import Recipe, Source
from model.text.encoding import encode_documents, id_type
from model.text.tokens import LINE_END, TEXT_START
from model.text.vocabulary import Vocabulary
from model.train.dataset import HELD_OUT_EVERY, Dataset, _in_processes, check_sources, lanes, prepare
from model.train.words.vocabulary import VocabularyOptions

MakeDataset = Callable[[str], Dataset]


def quiet(what: str, done: int) -> None:
    """Show no progress."""


def prepared(folder: Path, text: str, **recipe: list[Path]) -> Dataset:
    folder.mkdir(exist_ok=True)
    (folder / "text.txt").write_text(text, "utf-8")
    return prepare(
        Recipe([Source(folder / "text.txt")], **recipe),
        folder / "corpus",
        VocabularyOptions(),
        processes=1,
        progress=quiet,
    )


def forms(dataset: Dataset, ids: IntArray) -> list[str]:
    return [dataset.vocabulary.forms[i] for i in ids]


@pytest.mark.usefixtures("one_process")
def test_documents_become_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "FRESH_START_SHARE", 0)
    dataset = prepared(tmp_path / "a", "The dog ran.\nSo the cat ran.\n\n" * 30)
    assert forms(dataset, dataset.ids[:11]) == (
        [TEXT_START, "the", "dog", "ran", ".", LINE_END, "So", "the", "cat", "ran", "."]
    )
    assert len(dataset.ids) == 30 * 12
    assert dataset.epoch_tokens() == 30 * 12 - len(dataset.validation)


@pytest.mark.usefixtures("one_process")
def test_ids_are_mapped_not_read(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "a", "The dog ran.\n\n" * 200)
    assert isinstance(dataset.ids, np.memmap)
    assert isinstance(dataset.epoch_ids(1, 0), np.memmap)
    assert dataset.ids.dtype == np.uint16
    assert os.path.getsize(tmp_path / "a" / "corpus" / "ids.bin") == 2 * len(dataset.ids)


def test_ids_take_as_few_bytes_as_they_can() -> None:
    assert id_type(65_536) == np.uint16
    assert id_type(65_537) == np.uint32


@pytest.mark.usefixtures("one_process")
def test_every_fiftieth_document_is_held_out(tmp_path: Path) -> None:
    text = "".join(f"So number w{i % 7} came.\n\n" for i in range(4 * HELD_OUT_EVERY))
    dataset = prepared(tmp_path / "a", text)
    start = dataset.vocabulary.id_of(TEXT_START)
    assert len(dataset.epoch_documents(1, 0)) == 4 * HELD_OUT_EVERY - 4
    assert len(dataset.validation) == 4 * 7
    assert (dataset.validation == start).sum() >= 4


@pytest.mark.usefixtures("one_process")
def test_named_validation_text_is_held_out_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("The cat ran.\nThe dog ran.\n", "utf-8")
    dataset = prepared(tmp_path / "a", "The dog ran.\n\nSo the cat ran.\n\n" * 100, validation=[tmp_path / "dev.txt"])
    assert forms(dataset, dataset.validation) == (
        [TEXT_START, "the", "cat", "ran", ".", LINE_END, "the", "dog", "ran", ".", LINE_END]
    )
    assert len(dataset.epoch_documents(1, 0)) == 200


@pytest.mark.usefixtures("one_process")
def test_of_few_documents_the_end_is_held_out(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "a", "The dog ran and ran.\n\n" * 10)
    assert len(dataset.validation) == 2
    ids = dataset.epoch_ids(1, 0)
    assert len(ids) == dataset.epoch_tokens() == len(dataset.ids) - 2


def test_some_line_ends_are_read_as_the_start_of_a_text() -> None:
    vocabulary = Vocabulary.from_counts({".": 9}, {"yes": 5}, {})
    batch = [["Yes."] * 1000]
    start = vocabulary.id_of(TEXT_START)
    (fresh,) = encode_documents(vocabulary, True, batch)
    (plain,) = encode_documents(vocabulary, False, batch)
    assert (fresh[1:] == start).mean() == pytest.approx(0.2 / 3, abs=0.02)
    assert (plain[1:] == start).sum() == 0
    np.testing.assert_array_equal(fresh, encode_documents(vocabulary, True, batch)[0])


def weighted(tmp_path: Path, weights: list[float], documents: int) -> Dataset:
    """A source for each weight; its documents are the ids 10 s + 4, … with s the source's number."""
    vocabulary = Vocabulary.from_counts({}, {f"w{i:03}": 1 for i in range(300)}, {})
    bounds = np.arange(0, 3 * documents * len(weights) + 1, 3)
    source = np.repeat(np.arange(len(weights)), documents)
    np.save(tmp_path / "documents.npy", np.array([bounds, [*source, -1]], dtype=np.int64))
    np.repeat(np.arange(len(bounds) - 1, dtype=np.uint16), 3).tofile(tmp_path / "ids.bin")
    np.zeros(2, dtype=np.uint16).tofile(tmp_path / "validation.bin")
    (tmp_path / "corpus.json").write_text(f'{{"weights": {weights}}}', "utf-8")
    return Dataset(tmp_path, vocabulary)


def test_weights_say_how_often_a_document_is_read(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [1.0, 2.5, 0.25], documents=400)
    times = np.bincount(dataset.epoch_documents(1, 0), minlength=1200).reshape(3, 400)
    assert set(times[0]) == {1}
    assert set(times[1]) == {2, 3} and times[1].mean() == pytest.approx(2.5, abs=0.1)
    assert set(times[2]) == {0, 1} and times[2].mean() == pytest.approx(0.25, abs=0.1)
    assert dataset.epoch_tokens() == 3 * 400 * 3.75
    assert len(dataset.epoch_ids(1, 0)) == 3 * times.sum()


def test_an_epoch_is_shuffled_by_seed_and_number(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [1.0, 2.5], documents=50)
    first = dataset.epoch_documents(1, 0)
    np.testing.assert_array_equal(first, dataset.epoch_documents(1, 0))
    assert sorted(first) != first.tolist()
    for seed, epoch in ((1, 1), (2, 0)):
        other = dataset.epoch_documents(seed, epoch)
        assert len(other) != len(first) or (other != first).any()
    ids = np.array(dataset.epoch_ids(1, 0))
    np.testing.assert_array_equal(ids, np.repeat(first, 3))


def test_an_epoch_that_happens_to_be_empty(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [0.001], documents=5)
    assert len(dataset.epoch_documents(1, 0)) == 0
    assert len(dataset.epoch_ids(1, 0)) == 0


@given(length=st.integers(1, 400), batch=st.integers(1, 9), T=st.integers(1, 20), skip=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_lanes_move_on_side_by_side(length: int, batch: int, T: int, skip: int) -> None:
    ids = np.arange(length, dtype=np.uint16)
    pairs = list(lanes(ids, batch, T, 0))
    assert len(pairs) == max(0, (length - 1) // batch // T)
    for inputs, targets in pairs:
        assert inputs.shape == targets.shape == (T, batch) and inputs.dtype == np.int64
        np.testing.assert_array_equal(targets, inputs + 1)
    for (inputs, _), (following, _) in itertools.pairwise(pairs):
        np.testing.assert_array_equal(following[0], inputs[-1] + 1)
    if pairs:
        read = np.concatenate([inputs for inputs, _ in pairs])
        assert len(np.unique(read)) == read.size
        np.testing.assert_array_equal(pairs[0][0][0], np.arange(batch) * ((length - 1) // batch))
    for a, b in zip(lanes(ids, batch, T, skip), pairs[skip:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_worker_processes_change_nothing(toy_text: str, toy_folder: tuple[Path, Vocabulary], tmp_path: Path) -> None:
    (tmp_path / "toy.txt").write_text(toy_text, "utf-8")
    dataset = prepare(
        Recipe([Source(tmp_path / "toy.txt")]), tmp_path / "corpus", VocabularyOptions(), processes=2, progress=quiet
    )
    folder, vocabulary = toy_folder
    assert list(dataset.vocabulary.lines()) == list(vocabulary.lines())
    for name in ("ids.bin", "validation.bin", "documents.npy", "corpus.json", "words.txt"):
        assert (tmp_path / "corpus" / name).read_bytes() == (folder / name).read_bytes()


def test_worker_processes_keep_the_order() -> None:
    results = _in_processes(partial(pow, 2), range(12), processes=2)
    assert list(results) == [2**n for n in range(12)]


def test_sources_are_looked_at_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Good.\n", "utf-8")
    good, bad = Source(tmp_path / "good.txt"), tmp_path / "none.txt"
    check_sources(Recipe([good], [tmp_path / "good.txt"]))
    for recipe in (Recipe([good, Source(bad)]), Recipe([good], [bad])):
        with pytest.raises(UserError, match=r"none\.txt: no such file"):
            prepare(recipe, tmp_path / "corpus", VocabularyOptions(), processes=1, progress=quiet)
    assert not (tmp_path / "corpus").exists()


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("text", ["", "\n\n", "... !!!\n"])
def test_a_text_without_words(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no text in it"):
        prepared(tmp_path / "a", text)


@pytest.mark.usefixtures("one_process")
def test_an_empty_validation_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("\n", "utf-8")
    with pytest.raises(UserError, match=r"dev\.txt"):
        prepared(tmp_path / "a", "The dog ran.\n\n" * 100, validation=[tmp_path / "dev.txt"])
