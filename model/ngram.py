"""A pruned n-gram model beside the network: what the text says word for word, in sorted arrays.

P(w | h) = value(h, w) + γ(h) P(w | h without its first token), down to the unigrams: interpolated
Kneser-Ney smoothing (Kneser & Ney 1995; Chen & Goodman 1999). What was pruned left its mass in γ(h).
Mixed with a recurrent network it knows by heart what the network only resembles (Mikolov et al. 2010).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from model.errors import ModelError
from model.network import FloatArray, IntArray

NGRAMS = "ngrams.safetensors"
# Ids are packed into keys, the latest token lowest; four tokens fill 64 bits.
BITS = 16
MOST_TOKENS = 1 << BITS
ORDER = 4
# The keys of contexts of one, two and three tokens.
KEY_TYPES: dict[int, Any] = {1: np.uint16, 2: np.uint32, 3: np.uint64}


class Level(NamedTuple):
    """The n-grams of one order: C contexts, sorted, and their N next tokens.

    Context i has the key ``contexts[i]``, the weight ``gamma[i]`` of what the shorter context says, and the next
    tokens ``tokens[begins[i]:begins[i + 1]]``, sorted, with their ``values``.
    """

    contexts: IntArray
    gamma: FloatArray
    begins: IntArray
    tokens: IntArray
    values: FloatArray


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

    def probabilities(self, context: tuple[int, ...], ids: range) -> FloatArray:
        """P(w | context) for a range of tokens, (len(ids),)."""
        p = self.unigrams[ids.start : ids.stop].copy()
        key = 0
        for length, level in enumerate(self.levels, 1):
            if length > len(context):
                break
            key |= context[-length] << (BITS * (length - 1))
            self._refine(p, level, KEY_TYPES[length](key), ids)
            if context[-length] == self.start:
                break
        return p

    def _refine(self, p: FloatArray, level: Level, key: Any, ids: range) -> None:
        """From the probabilities after a shorter context to those after this one, in place."""
        i = int(np.searchsorted(level.contexts, key))
        if i == len(level.contexts) or level.contexts[i] != key:
            return
        begin, end = int(level.begins[i]), int(level.begins[i + 1])
        low, high = np.searchsorted(level.tokens[begin:end], (ids.start, ids.stop)) + begin
        p *= np.float32(level.gamma[i])
        p[level.tokens[low:high].astype(np.int64) - ids.start] += level.values[low:high]


def save_ngrams(ngrams: NGrams) -> bytes:
    """The content of an n-gram file."""
    arrays: dict[str, Any] = {"unigrams": ngrams.unigrams.astype(np.float32)}
    for length, level in enumerate(ngrams.levels, 1):
        arrays |= {f"{length}.{name}": np.ascontiguousarray(value) for name, value in level._asdict().items()}
    return save(arrays)


def load_ngrams(path: Path, vocabulary: int, start: int, share: float) -> NGrams:
    """Read an n-gram file, read-only; ``ModelError`` names the file and the fault."""
    try:
        arrays = load_file(path)
        levels = tuple(Level(*(arrays[f"{length}.{name}"] for name in Level._fields)) for length in range(1, ORDER))
        unigrams = arrays["unigrams"]
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The last two: kinds of numbers that NumPy does not have.
        raise ModelError(f"{path}: not a readable n-gram file: {error}") from None
    if vocabulary > MOST_TOKENS:
        raise ModelError(f"{path}: n-grams of more than {MOST_TOKENS} tokens")
    if unigrams.shape != (vocabulary,) or not _are_shares(unigrams):
        found = f"{unigrams.dtype}{unigrams.shape}"
        raise ModelError(f"{path}: unigrams are {found}, need {vocabulary} numbers from 0 to 1")
    for length, level in enumerate(levels, 1):
        _check_level(path, level, length, vocabulary)
    for array in arrays.values():
        array.flags.writeable = False
    return NGrams(unigrams, levels, start, share)


def _check_level(path: Path, level: Level, length: int, vocabulary: int) -> None:
    contexts, gamma, begins, tokens, values = level
    fits = (
        contexts.dtype == KEY_TYPES[length]
        and all(array.ndim == 1 for array in level)
        and begins.dtype.kind == "u"
        and len(gamma) == len(contexts) == len(begins) - 1
        and len(tokens) == len(values) == int(begins[-1])
        and begins[0] == 0
        and bool((begins[1:] >= begins[:-1]).all())
        and bool((contexts[1:] > contexts[:-1]).all())
        and tokens.dtype == np.uint16
        and (len(tokens) == 0 or int(tokens.max()) < vocabulary)
        and _tokens_rise(begins, tokens)
        and _are_shares(gamma)
        and _are_shares(values)
    )
    if not fits:
        raise ModelError(f"{path}: the {length + 1}-grams do not fit together")


def _are_shares(array: FloatArray) -> bool:
    return array.dtype.kind == "f" and bool(((array >= 0) & (array <= 1)).all())


def _tokens_rise(begins: IntArray, tokens: IntArray) -> bool:
    """Whether the next tokens of each context are sorted, each there once."""
    first = np.zeros(len(tokens) + 1, dtype=bool)
    first[begins] = True
    return bool(((tokens[1:] > tokens[:-1]) | first[1:-1]).all())
