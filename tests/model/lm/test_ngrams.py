"""The n-grams at serving time: probabilities against plain dictionaries, the file and its damages."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from model.arrays import FloatArray
from model.errors import ModelError
from model.lm.ngrams import MOST_TOKENS, NGRAMS, SHARES_OF_CODES, NGrams, coded, load_ngrams, save_ngrams, with_places

Context = tuple[int, ...]
Tables = Mapping[Context, Mapping[int, float]]

V, START = 7, 1
UNIGRAMS = np.array([0.05, 0.01, 0.14, 0.2, 0.3, 0.25, 0.05], dtype=np.float32)
# Every context is an n-gram of another row, as in any text.
TABLES: Tables = {
    (1,): {2: 0.75, 4: 0.125},
    (2,): {1: 0.0625, 3: 0.5, 5: 0.25},
    (3,): {4: 0.25},
    (4,): {2: 0.125, 4: 0.25, 6: 0.5},
    (5,): {3: 0.25, 6: 0.25},
    (1, 4): {6: 0.25},
    (2, 1): {4: 0.5},
    (3, 4): {0: 0.5},
    (5, 3): {4: 0.75},
    (5, 6): {2: 0.5},
    (5, 3, 4): {0: 0.25, 5: 0.5},
    (2, 1, 4): {3: 0.75},
}


def rounded(share: float) -> float:
    """A share as its code keeps it."""
    return float(SHARES_OF_CODES[coded(np.array(share))])


def rest_of(row: Mapping[int, float]) -> float:
    """What is left for the shorter context."""
    return rounded(max(0.0, 1 - sum(map(rounded, row.values()))))


def ngrams_of(tables: Tables, unigrams: FloatArray = UNIGRAMS, start: int = START, share: float = 0.25) -> NGrams:
    """N-grams from a table of next tokens for each context."""
    levels = []
    beginnings: list[Context] = [(token,) for token in range(len(unigrams))]
    for _ in range(3):
        rows = [tables.get(beginning, {}) for beginning in beginnings]
        levels.append(
            with_places(
                np.array([len(row) for row in rows], dtype=np.uint16),
                coded(np.array([rest_of(row) for row in rows])),
                np.array([token for row in rows for token in sorted(row)], dtype=np.uint16),
                coded(np.array([row[token] for row in rows for token in sorted(row)], dtype=np.float64)),
            )
        )
        beginnings = [(*b, token) for b, row in zip(beginnings, rows, strict=True) for token in sorted(row)]
    return NGrams(unigrams, tuple(levels), start, share)


def by_hand(tables: Tables, context: Context, token: int, unigrams: FloatArray = UNIGRAMS, start: int = START) -> float:
    """P(token | context): what the longest known end of the context says, its rest from the shorter ones."""
    context = context[-3:]
    if start in context:
        context = context[len(context) - 1 - context[::-1].index(start) :]
    if not context:
        return float(unigrams[token])
    shorter = by_hand(tables, context[1:], token, unigrams, start)
    row = tables.get(context, {})
    return (rounded(row[token]) if token in row else 0.0) + rest_of(row) * shorter


@given(st.floats(0, 1))
def test_a_code_keeps_a_share_within_2_percent(share: float) -> None:
    assert rounded(share) == pytest.approx(share, rel=0.022, abs=2.5e-5)
    assert coded(np.array(rounded(share))) == coded(np.array(share))


def test_every_context_by_hand() -> None:
    ngrams = ngrams_of(TABLES)
    for length in range(5):
        for context in itertools.product(range(V), repeat=length):
            p = ngrams.probabilities(context)
            np.testing.assert_allclose(p, [by_hand(TABLES, context, token) for token in range(V)], rtol=1e-5)
            assert p.dtype == np.float32 and p.sum() == pytest.approx(1, abs=0.03)


@st.composite
def tables_of_any(draw: st.DrawFn) -> dict[Context, dict[int, float]]:
    """Tables whose contexts are n-grams of other rows."""
    contexts = st.lists(st.integers(0, V - 1), min_size=1, max_size=3).map(tuple)
    rows = st.dictionaries(st.integers(0, V - 1), st.sampled_from([1 / 8, 1 / 16]), max_size=V)
    tables = draw(st.dictionaries(contexts, rows, max_size=12))
    for context in sorted(tables, key=len, reverse=True):
        for length in range(1, len(context)):
            tables.setdefault(context[:length], {}).setdefault(context[length], 1 / 16)
    return tables


@given(tables_of_any(), st.lists(st.integers(0, V - 1), max_size=5).map(tuple))
def test_any_context(tables: Tables, context: Context) -> None:
    ngrams = ngrams_of(tables)
    p = ngrams.probabilities(context)
    np.testing.assert_allclose(p, [by_hand(tables, context, token) for token in range(V)], rtol=1e-5)
    assert p.sum() == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(ngrams.probabilities((*context[:-4], *context[-4:])), p)


@given(
    tables_of_any(),
    st.lists(st.integers(0, V - 1), max_size=5).map(tuple),
    st.tuples(st.integers(0, V), st.integers(0, V)).map(sorted),
    st.lists(st.integers(0, V - 1), max_size=5),
)
def test_a_part_of_the_tokens(tables: Tables, context: Context, bounds: list[int], others: list[int]) -> None:
    ngrams = ngrams_of(tables)
    everything = ngrams.probabilities(context)
    part = ngrams.probabilities(context, range(*bounds), np.array(others, dtype=np.uint16))
    np.testing.assert_array_equal(part, np.append(everything[slice(*bounds)], everything[others]))


@given(
    tables_of_any(),
    st.lists(st.integers(0, V - 1), max_size=5).map(tuple),
    st.lists(st.tuples(st.integers(0, V), st.integers(0, V)).map(sorted), min_size=2, max_size=4),
)
def test_ranges_one_after_the_other(tables: Tables, context: Context, ranges: list[list[int]]) -> None:
    """Who writes to an answer, as the mixture does, changes no later one."""
    ngrams = ngrams_of(tables)
    everything = ngrams.probabilities(context)
    for begin, end in ranges:
        part = ngrams.probabilities(context, range(begin, end))
        np.testing.assert_array_equal(part, everything[begin:end])
        part[:] = -1


def test_many_beginnings() -> None:
    size = 300
    rng = np.random.default_rng(1)
    chosen = {(token,): rng.choice(size, rng.integers(0, 9), replace=False).tolist() for token in range(size)}
    tables: Tables = {context: dict.fromkeys(row, 1 / 16) for context, row in chosen.items()}
    unigrams = np.full(size, 1 / size, dtype=np.float32)
    ngrams = ngrams_of(tables, unigrams, start=size)
    for context in chosen:
        expected = [by_hand(tables, context, token, unigrams, size) for token in range(size)]
        np.testing.assert_allclose(ngrams.probabilities(context), expected, rtol=1e-5)


def test_nothing_before_a_start_is_looked_at() -> None:
    assert (2, 1, 4) in TABLES
    ngrams = ngrams_of(TABLES)
    for context, before in itertools.product(((1,), (1, 4), (1, 1)), range(V)):
        p = ngrams.probabilities((before, *context))
        np.testing.assert_array_equal(p, ngrams.probabilities(context))


def test_the_highest_ids_fit_the_keys() -> None:
    top = MOST_TOKENS - 1
    unigrams = np.full(MOST_TOKENS, 1 / MOST_TOKENS, dtype=np.float32)
    tables = {(top,) * length: {top: 0.5, 0: 0.25} for length in (1, 2, 3)}
    ngrams = ngrams_of(tables, unigrams)
    p = ngrams.probabilities((top, top, top))
    assert p.sum() == pytest.approx(1, abs=0.05)
    for token in (0, top):
        assert p[token] == pytest.approx(by_hand(tables, (top, top, top), token, unigrams), rel=1e-5)
    for span in (range(MOST_TOKENS, MOST_TOKENS), range(top, MOST_TOKENS), range(top), range(0)):
        part = ngrams.probabilities((top, top, top), span, np.array([top]))
        np.testing.assert_array_equal(part, np.append(p[span.start : span.stop], p[top]))


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
