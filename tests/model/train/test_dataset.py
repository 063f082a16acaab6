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

from model.arrays import FloatArray, IntArray
from model.errors import UserError
from model.text import encoding
from model.text.corpus import Recipe, Source
from model.text.encoding import encode_documents, id_type
from model.text.tokens import LINE_END, TEXT_START
from model.text.vocabulary import Vocabulary
from model.train.dataset import HELD_OUT_EVERY, Dataset, Epoch, _in_processes, check_sources, lanes, prepare
from model.train.stretches import beginnings
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
    assert (dataset.ids == start).sum() >= 4 * HELD_OUT_EVERY - 4
    assert len(dataset.validation) == 4 * 7
    assert (dataset.validation == start).sum() >= 4


@pytest.mark.usefixtures("one_process")
def test_named_validation_text_is_held_out_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("The cat ran.\nThe dog ran.\n", "utf-8")
    dataset = prepared(tmp_path / "a", "The dog ran.\n\nSo the cat ran.\n\n" * 100, validation=[tmp_path / "dev.txt"])
    assert forms(dataset, dataset.validation) == (
        [TEXT_START, "the", "cat", "ran", ".", LINE_END, "the", "dog", "ran", ".", LINE_END]
    )
    # Three tokens and the two marks of each line, and the start of each document.
    assert len(dataset.ids) == 100 * (6 + 7)


@pytest.mark.usefixtures("one_process")
def test_of_few_documents_the_end_is_held_out(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "a", "The dog ran and ran.\n\n" * 10)
    assert len(dataset.validation) == 2
    assert dataset.epoch_tokens() == len(dataset.ids) - 2
    held_out = len(dataset.ids) - 2
    for inputs, targets in dataset.windows(Epoch(1, 0, False), 1, 4, 0):
        assert inputs.shape == targets.shape == (4, 1)
    assert dataset.stretches.beginnings.max() < held_out


def test_some_line_ends_are_read_as_the_start_of_a_text() -> None:
    vocabulary = Vocabulary.from_counts({".": 9}, {"yes": 5}, {})
    batch = [["Yes."] * 1000]
    start = vocabulary.id_of(TEXT_START)
    (fresh,) = encode_documents(vocabulary, True, batch)
    (plain,) = encode_documents(vocabulary, False, batch)
    assert (fresh[1:] == start).mean() == pytest.approx(encoding.FRESH_START_SHARE / 3, abs=0.02)
    assert (plain[1:] == start).sum() == 0
    np.testing.assert_array_equal(fresh, encode_documents(vocabulary, True, batch)[0])


LINE = 5


def weighted(tmp_path: Path, weights: list[float], lines: int) -> Dataset:
    """A source for each weight, of as many lines: words that nothing else holds, and a line end."""
    vocabulary = Vocabulary.from_counts({}, {f"w{i:04}": 1 for i in range(4 * lines * len(weights))}, {})
    N = LINE * lines
    ids = np.full((len(weights) * lines, LINE), vocabulary.id_of(LINE_END), dtype=np.uint16)
    ids[:, :-1] = vocabulary.first_word + np.arange(4 * lines * len(weights)).reshape(-1, 4)
    ids.tofile(tmp_path / "ids.bin")
    bounds = N * np.arange(len(weights) + 1)
    np.save(tmp_path / "documents.npy", np.array([bounds, [*range(len(weights)), -1]], dtype=np.int64))
    np.zeros(2, dtype=np.uint16).tofile(tmp_path / "validation.bin")
    late = [2 * weight for weight in weights]
    (tmp_path / "corpus.json").write_text(f'{{"weights": {weights}, "late_weights": {late}}}', "utf-8")
    return Dataset(tmp_path, vocabulary)


def times_read(dataset: Dataset, epoch: Epoch) -> FloatArray:
    """How often each token of each source is a target, (S, N), on the average of some epochs."""
    sources = len(dataset.weights)
    times = np.zeros(len(dataset.vocabulary))
    for number in range(20):
        for _, targets in dataset.windows(epoch._replace(number=number), 1, 2 * LINE, 0):
            np.add.at(times, targets, 1 / 20)
    # Every word stands in the text once, in the order of the ids; line ends tell nothing.
    found: FloatArray = times[dataset.vocabulary.first_word :].reshape(sources, -1)
    return found


@pytest.mark.parametrize("late", [False, True])
def test_weights_say_how_often_a_token_is_read(late: bool, tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [1.0, 2.5, 0.25], lines=200)
    times = times_read(dataset, Epoch(1, 0, late))
    np.testing.assert_allclose(times.mean(axis=1), np.array([1.0, 2.5, 0.25]) * (2 if late else 1), rtol=0.08)
    # Evenly: none much more often than the others, but near the ends.
    assert times[1, 50:-50].std() < 0.35 * times[1].mean()


def test_a_stretch_is_a_start_and_what_stands_behind_a_beginning(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [1.0, 1.0], lines=50)
    ids, start = np.asarray(dataset.ids), dataset.vocabulary.id_of(TEXT_START)
    for inputs, targets in dataset.windows(Epoch(1, 0, False), 3, 7, 0):
        assert (inputs[0] == start).all()
        np.testing.assert_array_equal(inputs[1:], targets[:-1])
        for stretch in targets.T:
            begin = int(np.flatnonzero(ids == stretch[0])[0])
            assert begin % LINE == 0
            np.testing.assert_array_equal(ids[begin : begin + 7], stretch)


def test_lines_and_sentences_are_beginnings() -> None:
    vocabulary = Vocabulary.from_counts({".": 9, '"': 9, "?": 9}, {"yes": 5, "no": 4}, {})
    text = [TEXT_START, "yes", ".", "no", "?", '"', "yes", LINE_END, '"', "no", LINE_END, TEXT_START, "yes"]
    places = beginnings(np.array([vocabulary.id_of(form) for form in text]), vocabulary)
    # Not the mark behind a question, which may end the quotation, and not the start itself.
    assert places.tolist() == [1, 3, 8, 12]


def test_an_epoch_is_shuffled_by_seed_and_number(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [1.0, 2.5], lines=50)

    def firsts(epoch: Epoch) -> list[int]:
        return [int(targets[0, 0]) for _, targets in dataset.windows(epoch, 1, 6, 0)]

    first = firsts(Epoch(1, 0, False))
    assert first == firsts(Epoch(1, 0, False))
    assert sorted(first) != first
    for seed, number in ((1, 1), (2, 0)):
        assert firsts(Epoch(seed, number, False)) != first
    skipped = list(dataset.windows(Epoch(1, 0, False), 1, 6, 4))
    assert [int(targets[0, 0]) for _, targets in skipped] == first[4:]


def test_an_epoch_without_a_stretch_is_told(tmp_path: Path) -> None:
    dataset = weighted(tmp_path, [0.001], lines=5)
    with pytest.raises(UserError, match="too little text: an epoch has 0 stretches of 6 tokens, a batch 4"):
        dataset.windows(Epoch(1, 0, False), 4, 6, 0)


@given(length=st.integers(1, 400), batch=st.integers(1, 9), T=st.integers(1, 20), skip=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_lanes_move_on_side_by_side(length: int, batch: int, T: int, skip: int) -> None:
    ids = np.arange(length, dtype=np.uint16)
    if (length - 1) // batch < T:
        with pytest.raises(UserError, match="too little text"):
            list(lanes(ids, batch, T, 0))
        return
    pairs = list(lanes(ids, batch, T, 0))
    assert len(pairs) == (length - 1) // batch // T
    for inputs, targets in pairs:
        assert inputs.shape == targets.shape == (T, batch) and inputs.dtype == np.int64
        np.testing.assert_array_equal(targets, inputs + 1)
    for (inputs, _), (following, _) in itertools.pairwise(pairs):
        np.testing.assert_array_equal(following[0], inputs[-1] + 1)
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
