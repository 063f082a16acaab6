"""A pruned n-gram model beside the network: what the text says word for word, in sorted arrays.

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
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from model.errors import ModelError
from model.network import FloatArray, IntArray

NGRAMS = "ngrams.safetensors"
# While a word is typed the same context is asked for with every letter; four bytes a token each.
_KEPT_CONTEXTS = 32
# Token ids are two bytes.
MOST_TOKENS = 1 << 16
ORDER = 4
# Code c of a share stands for exp(-c / 24), 1 down to 2.5e-5 in steps of 4 %, and the last one for 0.
_CODES_AN_E = 24
SHARES_OF_CODES: FloatArray = np.append(np.exp(-np.arange(255) / _CODES_AN_E), 0).astype(np.float32)


def coded(shares: FloatArray) -> IntArray:
    """The nearest codes of shares from 0 to 1, uint8."""
    with np.errstate(divide="ignore"):
        codes: IntArray = np.clip(np.rint(-_CODES_AN_E * np.log(shares)), 0, 255).astype(np.uint8)
    return codes


class Level(NamedTuple):
    """The N n-grams of one order as children of their P beginnings: the V tokens, or the n-grams one shorter.

    Beginning i has the next tokens ``tokens[begins[i]:begins[i + 1]]``, sorted, with the codes of their ``values``,
    and gives the weight of code ``gamma[i]`` to what its end alone says.
    """

    begins: IntArray
    gamma: IntArray
    tokens: IntArray
    values: IntArray


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

    def probabilities(self, context: tuple[int, ...]) -> FloatArray:
        """P(w | context) for all V tokens, read-only; the last ones are remembered."""
        return self._remembered(context[-len(self.levels) :])

    @cached_property
    def _remembered(self) -> Callable[[tuple[int, ...]], FloatArray]:
        return lru_cache(_KEPT_CONTEXTS)(self._probabilities)

    def _probabilities(self, context: tuple[int, ...]) -> FloatArray:
        p = self.unigrams.copy()
        for length, level in enumerate(self.levels, 1):
            if length > len(context):
                break
            place = self._find(context[-length:])
            if place is not None:
                children = slice(int(level.begins[place]), int(level.begins[place + 1]))
                p *= SHARES_OF_CODES[level.gamma[place]]
                p[level.tokens[children]] += SHARES_OF_CODES[level.values[children]]
            if context[-length] == self.start:
                break
        p.flags.writeable = False
        return p

    def _find(self, context: tuple[int, ...]) -> int | None:
        """Where a context stands among the n-grams of its length (a token alone: among the tokens), if it does."""
        place = context[0]
        for level, token in zip(self.levels, context[1:], strict=False):
            begin, end = int(level.begins[place]), int(level.begins[place + 1])
            place = begin + int(np.searchsorted(level.tokens[begin:end], np.uint16(token)))
            if place == end or level.tokens[place] != token:
                return None
        return place


def save_ngrams(ngrams: NGrams) -> bytes:
    """The content of an n-gram file."""
    arrays: dict[str, Any] = {"unigrams": ngrams.unigrams.astype(np.float32)}
    for order, level in enumerate(ngrams.levels, 2):
        arrays |= {f"{order}.{name}": array for name, array in level._asdict().items() if name != "begins"}
        # How many children a beginning has takes half of the bytes of where they begin.
        arrays[f"{order}.children"] = np.diff(level.begins).astype(np.uint16)
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def load_ngrams(path: Path, vocabulary: int, start: int, share: float) -> NGrams:
    """Read an n-gram file, read-only; ``ModelError`` names the file and the fault."""
    try:
        arrays = load_file(path)
        unigrams = arrays["unigrams"]
        stored = {
            order: [arrays[f"{order}.{name}"] for name in ("children", "gamma", "tokens", "values")]
            for order in range(2, ORDER + 1)
        }
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The last two: kinds of numbers that NumPy does not have.
        raise ModelError(f"{path}: not a readable n-gram file: {error}") from None
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
    """The n-grams of an order from their stored arrays, checked."""
    children, gamma, tokens, values = stored
    fits = (
        [array.dtype for array in stored] == [np.uint16, np.uint8, np.uint16, np.uint8]
        and children.shape == gamma.shape == (beginnings,)
        and tokens.shape == values.shape == (int(children.sum(dtype=np.int64)),)
        and (len(tokens) == 0 or int(tokens.max()) < vocabulary)
    )
    if fits:
        begins: IntArray = np.append(0, np.cumsum(children, dtype=np.int64)).astype(np.uint32)
        if _tokens_rise(begins, tokens):
            return Level(begins, gamma, tokens, values)
    raise ModelError(f"{path}: the {order}-grams do not fit together")


def _are_shares(array: FloatArray) -> bool:
    return array.dtype.kind == "f" and bool(((array >= 0) & (array <= 1)).all())


def _tokens_rise(begins: IntArray, tokens: IntArray) -> bool:
    """Whether the next tokens of each context are sorted, each there once."""
    first = np.zeros(len(tokens) + 1, dtype=bool)
    first[begins] = True
    return bool(((tokens[1:] > tokens[:-1]) | first[1:-1]).all())
