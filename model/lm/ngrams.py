"""N-grams: a pruned Kneser-Ney model, to be mixed with the network, in sorted arrays.

P(w | h) = value(h, w) + γ(h) P(w | h without its first token), down to the unigrams: interpolated
Kneser-Ney smoothing (Kneser & Ney 1995; Chen & Goodman 1999). What was pruned left its mass in γ(h).
Mixed with a recurrent network it knows by heart what the network only resembles (Mikolov et al. 2010).

The n-grams are a trie: those of one order are the children of their beginnings, the n-grams one shorter, so that
no context is written out. Values and γ are kept as one byte each, on a logarithmic scale: an n-gram takes three
bytes, and three more where others begin with it (after Heafield 2011, KenLM, whose trie is reversed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import load_file, save

from model.arrays import FloatArray, IntArray
from model.errors import ModelError
from model.files import loading
from model.last_range import LastRange

NGRAMS = "ngrams.safetensors"
# While a word is typed its context is looked up with every letter.
_KEPT_CONTEXTS = 500
# The place of every 64th beginning is stored; those between follow from their numbers of children.
_STRIDE = 64
# Token ids are two bytes.
MOST_TOKENS = 1 << 16
ORDER = 4
# Code c of a share stands for exp(-c / 24), 1 down to 2.5e-5 in steps of 4 %, and the last one for 0.
_CODES_AN_E = 24
SHARES_OF_CODES: FloatArray = np.append(np.exp(-np.arange(255) / _CODES_AN_E), 0).astype(np.float32)


def coded(shares: FloatArray) -> IntArray:
    """Encode shares from 0 to 1 as the nearest codes, uint8."""
    with np.errstate(divide="ignore"):
        codes: IntArray = np.clip(np.rint(-_CODES_AN_E * np.log(shares)), 0, 255).astype(np.uint8)
    return codes


class Level(NamedTuple):
    """The N n-grams of one order as children of their P beginnings: the V tokens, or the n-grams one shorter.

    Beginning i has ``children[i]`` next tokens, sorted, and gives the weight of code ``gamma[i]`` to what its end alone
    says. They stand one beginning after the other in ``tokens``, with the codes of their ``values``; ``begins[j]`` is
    where those of beginning j · ``_STRIDE`` do.
    """

    children: IntArray
    begins: IntArray
    gamma: IntArray
    tokens: IntArray
    values: IntArray

    def span(self, place: int) -> slice:
        """Find the n-grams of a beginning."""
        near = place // _STRIDE
        begin = int(self.begins[near]) + int(self.children[near * _STRIDE : place].sum())
        return slice(begin, begin + int(self.children[place]))


def with_places(children: IntArray, gamma: IntArray, tokens: IntArray, values: IntArray) -> Level:
    """Make a level from the arrays that a file holds of it."""
    strides = np.add.reduceat(children, np.arange(0, len(children), _STRIDE), dtype=np.int64)
    begins: IntArray = (np.cumsum(strides) - strides).astype(np.uint32)
    return Level(children, begins, gamma, tokens, values)


class Entry(NamedTuple):
    """A level's entry for one context: next tokens, the codes of their values, and the weight of the rest.

    ``weight`` is what the longer beginnings leave to this level.
    """

    tokens: IntArray
    values: IntArray
    rest: float
    weight: float


class NextTokens:
    """P(w | context) for one context: its ``entries``, that of its last token first, over the ``unigrams`` (V,)."""

    def __init__(self, unigrams: FloatArray, entries: list[Entry]) -> None:
        self._unigrams, self._entries = unigrams, entries
        self._left = entries[0].weight * entries[0].rest if entries else 1.0
        self._last = LastRange()

    def of_range(self, begin: int, end: int) -> FloatArray:
        """Compute P(w | context) of a range of tokens."""
        return self._last.of(begin, end, self._of_range)

    def _of_range(self, begin: int, end: int) -> FloatArray:
        p: FloatArray = self._unigrams[begin:end] * self._left
        # The token behind the last one may be a number too large; there is nothing from it on.
        bounds = np.array((min(begin, MOST_TOKENS - 1), min(end, MOST_TOKENS - 1)), np.uint16)
        for tokens, values, _, weight in self._entries:
            low, high = tokens.searchsorted(bounds).tolist()
            high = high if end < MOST_TOKENS else len(tokens)
            if low < high and begin < end:
                p[tokens[low:high].astype(np.intp) - begin] += SHARES_OF_CODES[values[low:high]] * weight
        return p

    def of(self, asked: IntArray) -> FloatArray:
        """Compute P(w | context) of some tokens."""
        asked = asked.astype(np.uint16, copy=False)
        p: FloatArray = self._unigrams[asked] * self._left
        for tokens, values, _, weight in self._entries:
            if not len(tokens):
                continue
            places = tokens.searchsorted(asked)
            found = (tokens.take(places, mode="clip") == asked).nonzero()[0]
            if len(found):
                p[found] += SHARES_OF_CODES[values[places[found]]] * weight
        return p


@dataclass(frozen=True)
class NGrams:
    """Next-token probabilities from the last three tokens of a context.

    ``unigrams`` (V,) are those of no context, ``levels[i]`` those of i + 1 tokens; nothing before a token
    ``start`` is looked at. ``share`` is the part of the mixture that these probabilities are given.
    """

    unigrams: FloatArray
    levels: tuple[Level, ...]
    start: int
    share: float

    def probabilities(
        self, context: tuple[int, ...], span: range | None = None, others: IntArray | None = None
    ) -> FloatArray:
        """Compute P(w | context) of a ``span`` of tokens, by default all V, and of ``others`` behind it."""
        after = self.after(context[-len(self.levels) :])
        p = after.of_range(0, len(self.unigrams)) if span is None else after.of_range(span.start, span.stop)
        if others is not None and len(others):
            return np.concatenate((p, after.of(others)))
        return p if p.flags.writeable else p.copy()

    @cached_property
    def after(self) -> Callable[[tuple[int, ...]], NextTokens]:
        """The next tokens of a context, by its last tokens; those of the last contexts are remembered."""
        return lru_cache(_KEPT_CONTEXTS)(self._look_up)

    def _look_up(self, context: tuple[int, ...]) -> NextTokens:
        """Look up the context's entry in each level."""
        found: list[Entry] = []
        for length, level in enumerate(self.levels, 1):
            if length > len(context):
                break
            place = self._find(context[-length:])
            if place is not None:
                span = level.span(place)
                rest = float(SHARES_OF_CODES[level.gamma[place]])
                # What stands below is left what this level leaves.
                found = [entry._replace(weight=entry.weight * rest) for entry in found]
                found.append(Entry(level.tokens[span], level.values[span], rest, 1.0))
            if context[-length] == self.start:
                break
        return NextTokens(self.unigrams, found)

    def _find(self, context: tuple[int, ...]) -> int | None:
        """Find a context among the n-grams of its length (a token alone: among the tokens); None where it is not."""
        place = context[0]
        for level, token in zip(self.levels, context[1:], strict=False):
            span = level.span(place)
            place = span.start + int(level.tokens[span].searchsorted(np.uint16(token)))
            if place == span.stop or level.tokens[place] != token:
                return None
        return place


def save_ngrams(ngrams: NGrams) -> bytes:
    """Make the content of an n-gram file."""
    arrays: dict[str, Any] = {"unigrams": ngrams.unigrams.astype(np.float32)}
    for order, level in enumerate(ngrams.levels, 2):
        arrays |= {f"{order}.{name}": array for name, array in level._asdict().items() if name != "begins"}
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def load_ngrams(path: Path, vocabulary: int, start: int, share: float) -> NGrams:
    """Load an n-gram file, read-only; ``ModelError`` names the file and the fault."""
    with loading(path, "n-gram file", ModelError):
        arrays = load_file(path)
        unigrams = arrays["unigrams"]
        stored = {
            order: [arrays[f"{order}.{name}"] for name in ("children", "gamma", "tokens", "values")]
            for order in range(2, ORDER + 1)
        }
    if vocabulary > MOST_TOKENS:
        raise ModelError(f"{path}: n-grams of more than {MOST_TOKENS} tokens")
    if unigrams.shape != (vocabulary,) or not _are_shares(unigrams):
        found = f"{unigrams.dtype}{unigrams.shape}"
        raise ModelError(f"{path}: unigrams are {found}, need {vocabulary} numbers from 0 to 1")
    levels: list[Level] = []
    beginnings = vocabulary
    for order, stored_level in stored.items():
        levels.append(_level(path, order, stored_level, beginnings, vocabulary))
        beginnings = len(levels[-1].tokens)
    for array in (unigrams, *(array for level in levels for array in level)):
        array.flags.writeable = False
    return NGrams(unigrams, tuple(levels), start, share)


def _level(path: Path, order: int, stored: list[IntArray], beginnings: int, vocabulary: int) -> Level:
    """Check the stored arrays of the n-grams of an order and make a level of them."""
    children, gamma, tokens, values = stored
    fits = (
        [array.dtype for array in stored] == [np.uint16, np.uint8, np.uint16, np.uint8]
        and children.shape == gamma.shape == (beginnings,)
        and tokens.shape == values.shape == (int(children.sum(dtype=np.int64)),)
        and (len(tokens) == 0 or int(tokens.max()) < vocabulary)
    )
    if fits and _tokens_rise(children, tokens):
        return with_places(children, gamma, tokens, values)
    raise ModelError(f"{path}: the {order}-grams do not fit together")


def _are_shares(array: FloatArray) -> bool:
    return array.dtype.kind == "f" and bool(((array >= 0) & (array <= 1)).all())


def _tokens_rise(children: IntArray, tokens: IntArray) -> bool:
    """Check that the next tokens of each context are sorted, each there once."""
    first = np.zeros(len(tokens) + 1, dtype=bool)
    first[np.cumsum(children, dtype=np.int64)] = True
    return bool(((tokens[1:] > tokens[:-1]) | first[1:-1]).all())
