"""The file of n-grams: what is saved is loaded, and damages are refused."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.errors import ModelError
from model.lm.ngrams import MOST_TOKENS, NGRAMS, NGrams, load_ngrams, save_ngrams
from tests.model.lm.test_ngrams import START, TABLES, Tables, V, ngrams_of


def written(path: Path, ngrams: NGrams) -> Path:
    path.write_bytes(save_ngrams(ngrams))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The n-grams above, saved."""
    return written(tmp_path / NGRAMS, ngrams_of(TABLES))


@pytest.mark.parametrize("tables", [TABLES, {}, {(2,): {}}, {(2,): {3: 1.0}}])
def test_round_trip(tables: Tables, tmp_path: Path) -> None:
    ngrams = ngrams_of(tables)
    loaded = load_ngrams(written(tmp_path / NGRAMS, ngrams), V, START, 0.25)
    arrays = [loaded.unigrams, *itertools.chain(*loaded.levels)]
    for array, before in zip(arrays, [ngrams.unigrams, *itertools.chain(*ngrams.levels)], strict=True):
        np.testing.assert_array_equal(array, before, strict=True)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert (loaded.start, loaded.share) == (START, 0.25)


def fault(file: Path) -> str:
    """The message with which loading fails; it is one line and names the file."""
    with pytest.raises(ModelError) as caught:
        load_ngrams(file, V, START, 0.25)
    message = str(caught.value)
    assert message.startswith(f"{file}: ") and "\n" not in message
    return message


def test_a_file_that_was_cut_and_none_at_all(file: Path) -> None:
    content = file.read_bytes()
    for share in (0, 0.1, 0.5, 0.99):
        file.write_bytes(content[: int(share * len(content))])
        assert "not a readable n-gram file" in fault(file)
    # Kinds of numbers that NumPy does not have.
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    for kind in (b'"BF16"', b'"NONE"'):
        other = header.replace(b'"U16"', kind)
        file.write_bytes(len(other).to_bytes(8, "little") + other + content[8 + len(header) :])
        assert "not a readable n-gram file" in fault(file)
    file.unlink()
    assert "not a readable n-gram file" in fault(file)


STORED = ("children", "gamma", "tokens", "values")
ARRAYS = ["unigrams", *(f"{order}.{name}" for order in (2, 3, 4) for name in STORED)]


def change(file: Path, name: str, edit: Callable[[Any], Any]) -> None:
    arrays = load_file(file)
    edited = edit(arrays.pop(name))
    save_file(arrays if edited is None else arrays | {name: np.ascontiguousarray(edited)}, file)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_missing_or_of_another_kind(name: str, file: Path) -> None:
    content = file.read_bytes()
    told = "unigrams" if name == "unigrams" else f"{name[0]}-grams"
    change(file, name, lambda array: None)
    assert name in fault(file)
    for edit in (
        lambda array: array.astype(np.int8),
        lambda array: array.astype(np.complex64),
        lambda array: array.astype(bool),
        lambda array: array[:-1],
        lambda array: array[:, None],
        lambda array: array.sum(),
    ):
        file.write_bytes(content)
        change(file, name, edit)
        assert told in fault(file)


def at(place: int, value: float) -> Callable[[Any], Any]:
    """An edit that puts one number in an array."""
    return lambda array: np.where(np.arange(len(array)) == place % len(array), value, array).astype(array.dtype)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        *(("unigrams", at(-1, bad)) for bad in (np.nan, np.inf, -0.1, 1.1)),
        ("unigrams", lambda array: np.append(array, 0)),
        ("2.children", at(0, 9)),
        ("3.children", at(-1, 9)),
        ("3.children", lambda array: np.append(array, 0)),
        ("3.children", lambda array: array[:0]),
        ("3.gamma", lambda array: array[:0]),
        ("4.children", lambda array: array.astype(np.float32)),
        ("2.tokens", at(0, V)),
        ("2.tokens", lambda array: array[::-1]),
        ("4.tokens", lambda array: np.zeros_like(array)),
        ("4.values", lambda array: np.append(array, 0)),
    ],
)
def test_numbers_that_cannot_be(name: str, edit: Callable[[Any], Any], file: Path) -> None:
    change(file, name, edit)
    fault(file)


def test_a_vocabulary_that_the_keys_cannot_hold(file: Path) -> None:
    change(file, "unigrams", lambda array: np.zeros(MOST_TOKENS + 1, dtype=np.float32))
    with pytest.raises(ModelError, match=f"more than {MOST_TOKENS}"):
        load_ngrams(file, MOST_TOKENS + 1, START, 0.25)


def test_damaged_bytes_are_refused_or_harmless(file: Path) -> None:
    rng = np.random.default_rng(1)
    content = np.frombuffer(file.read_bytes(), dtype=np.uint8)
    refused = 0
    for _ in range(300):
        damaged = content.copy()
        damaged[rng.integers(0, len(content), 2)] = rng.integers(0, 256, 2)
        file.write_bytes(damaged.tobytes())
        try:
            ngrams = load_ngrams(file, V, START, 0.25)
        except ModelError:
            refused += 1
            continue
        for context in ((), (2,), (3, 4), (5, 3, 4), (1, 4), (6, 6, 6)):
            assert (ngrams.probabilities(context) >= 0).all()
    assert 100 < refused < 300
