"""The filter of known words: what it holds, what it takes for words wrongly, and its file."""

import random
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ModelError
from model.lm.storage import load_model
from model.lm.words.known_words import KNOWN_WORDS, MOST_BYTES, NO_WORDS, KnownWords, load_known_words

words = st.text(min_size=1, max_size=20)
sets = st.sets(words, max_size=30)


@given(sets, sets, sets, sets)
def test_what_was_given_is_in_it(plain: set[str], names: set[str], weak: set[str], shorthand: set[str]) -> None:
    known = KnownWords.of(plain, names, weak, shorthand, size=5000)
    assert all(word in known for word in plain)
    assert all(map(known.is_name, names)) and all(map(known.is_weak, weak)) and all(map(known.is_shorthand, shorthand))


def test_case_and_accents_do_not_count_apostrophes_do() -> None:
    known = KnownWords.of(["Égret", "o'er", "well", "being"], size=1000)
    assert all(word in known for word in ("egret", "EGRET", "e\u0301gret", "egret's", "Egret’s", "o’er", "well-being"))
    assert not any(word in known for word in ("oer", "egrets", "e'gret", "well-bieng", "-", "", "wellbeing"))


def test_the_classes_are_apart() -> None:
    known = KnownWords.of(["egret"], ["Naoki"], ["sont"], ["brb"], size=1000)
    asked = (known.__contains__, known.is_name, known.is_weak, known.is_shorthand)
    for i, word in enumerate(("egret", "Naoki", "sont", "brb")):
        assert [bool(ask(word)) for ask in asked] == [i == j for j in range(4)]


def test_the_empty_filter_holds_nothing() -> None:
    assert "the" not in NO_WORDS and not NO_WORDS.is_name("Anna") and not NO_WORDS.is_weak("")


def random_strings(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(5, 12))) for _ in range(count)]


def test_few_random_strings_are_taken_for_words() -> None:
    known = KnownWords.of(set(random_strings(8000, 1)), size=16_000)
    others = set(random_strings(20_000, 2)) - set(random_strings(8000, 1))
    assert sum(word in known for word in others) < 0.01 * len(others)


def test_few_random_strings_are_taken_for_words_of_the_shipped_filter(shipped_folder: Path) -> None:
    known = load_known_words(shipped_folder / KNOWN_WORDS)
    strings = ["q" + word for word in random_strings(20_000, 3)]
    for ask in (known.__contains__, known.is_name, known.is_weak, known.is_shorthand):
        assert sum(map(ask, strings)) < 0.01 * len(strings)


@given(sets, words)
def test_saved_and_loaded_it_is_the_same(tmp_path_factory: pytest.TempPathFactory, held: set[str], other: str) -> None:
    path = tmp_path_factory.mktemp("known") / KNOWN_WORDS
    known = KnownWords.of(held, held, size=300)
    known.save(path)
    assert path.stat().st_size == 300
    loaded = load_known_words(path)
    for word in {*held, other}:
        assert (word in loaded, loaded.is_name(word)) == (word in known, known.is_name(word))


@pytest.mark.parametrize("size", [0, MOST_BYTES + 1])
def test_a_file_of_a_wrong_size_is_refused_in_one_line(size: int, tiny_folder: Path) -> None:
    path = tiny_folder / KNOWN_WORDS
    path.write_bytes(bytes(size))
    try:
        with pytest.raises(ModelError) as raised:
            load_model(tiny_folder)
    finally:
        path.unlink()
    assert str(raised.value) == f"{path}: has {size} bytes, must have 1 to {MOST_BYTES}"


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.bin"):
        with pytest.raises(ModelError, match=r"^[^\n]*: not a readable filter of known words: [^\n]+$"):
            load_known_words(path)


def test_any_bytes_are_a_filter() -> None:
    known = KnownWords(np.frombuffer(b"\x00\xff\x10", np.uint8))
    assert isinstance("the" in known, bool)
    assert "the" in KnownWords(np.full(8, 255, np.uint8))
