"""Estimate and prune a trained model's n-grams: ``python -m model.train.ngrams DIR``.

Counts the prepared text that ``model.train`` left in ``DIR/corpus`` and adds ``ngrams.safetensors`` to the
model in DIR. It takes some 60 bytes of memory for each token of the text.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.errors import UserError
from model.files import write_atomically
from model.lm.language_model import LanguageModel
from model.lm.ngrams import MOST_TOKENS, NGRAMS, ORDER, SHARES_OF_CODES, Level, NGrams, coded, save_ngrams, with_places
from model.lm.storage import CONFIG, load_model, load_words
from model.nn.perplexity import token_losses
from model.text.tokens import TEXT_START
from model.train.dataset import Dataset

# An n-gram is packed into a key while it is counted, the latest token lowest; four fill 64 bits.
BITS = 16
# An n-gram that stands in the text once says little, and may be somebody's own words.
LEAST_COUNT = 2
SHARES = np.arange(0.0, 0.65, 0.05)
# The header of the n-gram file is shorter than this.
HEADER_BYTES = 2000
# The largest size of the file, unless told otherwise.
MEGABYTES = 20.0
# The first tokens of the validation text, by which the share is chosen.
SHARE_TOKENS = 30_000


class Counted(NamedTuple):
    """N distinct n-grams, sorted by key: how often each was seen, and the sum of the weights of where."""

    keys: IntArray
    times: IntArray
    weights: FloatArray


class Estimated(NamedTuple):
    """Counted n-grams with their smoothed estimates: value(h, w), P(w | h), and the likelihood each one adds."""

    keys: IntArray
    times: IntArray
    values: FloatArray
    p: FloatArray
    gain: FloatArray


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    p = argparse.ArgumentParser(prog="python -m model.train.ngrams", description=__doc__.splitlines()[0])
    p.add_argument("folder", type=Path, help="the folder that model.train wrote")
    p.add_argument("--megabytes", type=float, default=MEGABYTES, help="largest size of the n-gram file")
    p.add_argument("--share", type=float, help="of the n-grams in the mixture (by default that of least perplexity)")
    options = p.parse_args(arguments)
    try:
        perplexities = add_ngrams(options.folder, options.megabytes, options.share)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for tried, perplexity in perplexities.items():
        print(f"share {tried:.2f}: validation perplexity {perplexity:.2f}")
    return 0


def add_ngrams(folder: Path, megabytes: float = MEGABYTES, share: float | None = None) -> dict[float, float]:
    """Count, prune to the size, choose the share by perplexity on the validation text unless given, and save.

    Returns the perplexity of each share that was tried.
    """
    if not megabytes > 0:
        raise UserError(f"--megabytes {megabytes}: must be above 0")
    if share is not None and not 0 <= share < 1:
        raise UserError(f"--share {share}: must be at least 0 and below 1")
    model = load_model(folder)
    corpus = folder / "corpus"
    if not (corpus / "ids.bin").is_file():
        raise UserError(f"{corpus}: no prepared text; it is made by model.train")
    dataset = Dataset(corpus, load_words(corpus / "words.txt"))
    if dataset.vocabulary.digest() != model.vocabulary.digest() or len(dataset.vocabulary) > MOST_TOKENS:
        raise UserError(f"{corpus}: other words than the model's, or more than {MOST_TOKENS}")
    unigrams, levels = estimate(dataset)
    start = dataset.vocabulary.id_of(TEXT_START)
    room = megabytes * 1e6 - unigrams.nbytes - HEADER_BYTES
    ngrams = NGrams(unigrams, prune(levels, len(unigrams), room), start, 0.0)
    shares = SHARES if share is None else np.array([share])
    share, perplexities = best_share(model, ngrams, dataset.validation[:SHARE_TOKENS], shares)
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    config["ngrams"] = {"share": share, "validation_perplexity": round(perplexities[share], 2)}
    write_atomically(folder / NGRAMS, save_ngrams(ngrams))
    write_atomically(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    return perplexities


def estimate(dataset: Dataset) -> tuple[FloatArray, list[Estimated]]:
    """Estimate smoothed probabilities of all n-grams of orders 1 (as an array (V,)) and 2 to 4."""
    weights = dataset.token_weights()
    # An end of the text that was held out stands behind the documents.
    ids = np.asarray(dataset.ids)[: len(weights)]
    start = dataset.vocabulary.id_of(TEXT_START)
    counted: list[Counted] = []
    for order in range(ORDER, 0, -1):
        own = _count(ids, weights, order, start)
        counted.append(_with_continuations(own, counted[-1], order, start) if counted else own)
    unigrams = _unigrams(counted.pop(), len(dataset.vocabulary))
    levels: list[Estimated] = []
    for order in range(2, ORDER + 1):
        levels.append(_smooth(counted.pop(), order, levels[-1] if levels else None, unigrams))
    return unigrams, levels


def _group(keys: IntArray, times: IntArray | None, weights: FloatArray) -> Counted:
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    seen = np.diff(np.append(first, len(keys))) if times is None else np.add.reduceat(times[order], first)
    return Counted(sorted_keys[first], seen, np.add.reduceat(weights[order], first))


def _count(ids: IntArray, weights: FloatArray, order: int, start: int) -> Counted:
    """Count all n-grams of an order; none reaches over the start of a text."""
    n = max(0, len(ids) - order + 1)
    keys = np.zeros(n, dtype=np.uint64)
    within = np.ones(n, dtype=bool)
    for place in range(order):
        part = ids[place : place + n]
        keys = keys << np.uint64(BITS) | part.astype(np.uint64)
        if place or order == 1:
            within &= part != start
    if not within.any():
        raise UserError(f"too little text: nowhere do {order} tokens stand in a row")
    return _group(keys[within], None, weights[order - 1 :][within])


def _with_continuations(own: Counted, longer: Counted, order: int, start: int) -> Counted:
    """Replace the counts of a lower order by continuation counts: the number of different tokens before an n-gram.

    Each counts with the mean weight of its occurrences. N-grams that begin a text have nothing before them and
    keep their own counts.
    """
    low = longer.keys & np.uint64((1 << BITS * order) - 1)
    before = _group(low, np.ones(len(low), dtype=np.int64), longer.weights / longer.times)
    place = np.minimum(np.searchsorted(before.keys, own.keys), len(before.keys) - 1)
    use = before.keys[place] == own.keys
    if order > 1:
        use &= own.keys >> np.uint64(BITS * (order - 1)) != start
    return Counted(
        own.keys,
        np.where(use, before.times[place], own.times),
        np.where(use, before.weights[place], own.weights),
    )


def _kept_share(times: IntArray) -> FloatArray:
    """Compute the share of each n-gram's count that discounting leaves: 1 - D(times) / times.

    D for n-grams seen once, twice, and more often: Chen & Goodman (1999), eq. 17.
    """
    n1, n2, n3, n4 = (max(1, int(np.count_nonzero(times == seen))) for seen in range(1, 5))
    y = n1 / (n1 + 2 * n2)
    discount = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    share: FloatArray = 1 - np.clip(discount, 0, [0, 1, 2, 3])[np.minimum(times, 3)] / times
    return share


def _unigrams(counted: Counted, vocabulary: int) -> FloatArray:
    values = counted.weights * _kept_share(counted.times) / counted.weights.sum()
    p = np.full(vocabulary, (1 - values.sum()) / vocabulary)
    p[counted.keys.astype(np.int64)] += values
    return p.astype(np.float32)


def _smooth(counted: Counted, order: int, shorter: Estimated | None, unigrams: FloatArray) -> Estimated:
    contexts, where = _contexts(counted.keys)
    totals = np.add.reduceat(counted.weights.astype(np.float64), contexts)
    values = counted.weights * _kept_share(counted.times) / totals[where]
    gamma = 1 - np.add.reduceat(values, contexts)
    if shorter is None:
        below = unigrams[(counted.keys & np.uint64(MOST_TOKENS - 1)).astype(np.int64)]
    else:
        low = counted.keys & np.uint64((1 << BITS * (order - 1)) - 1)
        below = shorter.p[np.searchsorted(shorter.keys, low)]
    p = values + gamma[where] * below
    # The likelihood that leaving it out would cost (Seymore & Rosenfeld 1996).
    gain = counted.weights * np.log(p / below)
    return Estimated(counted.keys, counted.times, values, p, gain)


def _contexts(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Find where each context's n-grams begin, and for each n-gram the number of its context."""
    context = keys >> np.uint64(BITS)
    first = np.concatenate([[True], context[1:] != context[:-1]])
    return np.flatnonzero(first), np.cumsum(first) - 1


def prune(levels: list[Estimated], vocabulary: int, most_bytes: float) -> tuple[Level, ...]:
    """Keep the n-grams that add most, and their beginnings, as many as fit into ``most_bytes``."""
    low, high = 0.0, float(max(level.gain.max(initial=0.0) for level in levels)) + 1
    for _ in range(25):
        middle = (low + high) / 2
        too_many = _bytes(_kept(levels, middle), vocabulary) > most_bytes
        low, high = (middle, high) if too_many else (low, middle)
    return _trie(levels, _kept(levels, high), vocabulary)


def _kept(levels: list[Estimated], least_gain: float) -> list[BoolArray]:
    """Mark the n-grams that add more and were seen often enough, or are the beginning of one that does and was."""
    kept: list[BoolArray] = []
    longer: IntArray | None = None
    for level in reversed(levels):
        keep = (level.times >= LEAST_COUNT) & (level.gain > least_gain)
        if longer is not None:
            keep[np.searchsorted(level.keys, longer)] = True
        longer = np.unique(level.keys[keep] >> np.uint64(BITS))
        kept.insert(0, keep)
    return kept


def _bytes(kept: list[BoolArray], vocabulary: int) -> int:
    """Compute the size of a file's arrays: 3 bytes for an n-gram, and 3 where others could begin with it."""
    numbers = [int(keep.sum()) for keep in kept]
    return 3 * (vocabulary + 2 * sum(numbers) - numbers[-1])


def _trie(levels: list[Estimated], kept: list[BoolArray], vocabulary: int) -> tuple[Level, ...]:
    trie = []
    beginnings: IntArray = np.arange(vocabulary, dtype=np.uint64)
    for level, keep in zip(levels, kept, strict=True):
        keys, values = level.keys[keep], coded(level.values[keep])
        parents = np.searchsorted(beginnings, keys >> np.uint64(BITS))
        children = np.bincount(parents, minlength=len(beginnings))
        # Rounded values may add up to a little more than 1.
        rest = np.maximum(0, 1 - np.bincount(parents, SHARES_OF_CODES[values], len(beginnings)))
        tokens = (keys & np.uint64(MOST_TOKENS - 1)).astype(np.uint16)
        trie.append(with_places(children.astype(np.uint16), coded(rest), tokens, values))
        beginnings = keys
    return tuple(trie)


def best_share(
    model: LanguageModel, ngrams: NGrams, ids: IntArray, shares: FloatArray = SHARES
) -> tuple[float, dict[float, float]]:
    """Find the n-gram share in the mixture with the lowest perplexity, and the perplexity of each share."""
    by_network = np.exp(-token_losses(model.network, ids))
    sequence = [int(i) for i in ids]
    by_ngrams = np.array(
        [ngrams.probabilities(tuple(sequence[max(0, i - ORDER + 1) : i]))[sequence[i]] for i in range(1, len(sequence))]
    )
    perplexities = {
        round(float(share), 2): float(np.exp(-np.log((1 - share) * by_network + share * by_ngrams).mean()))
        for share in shares
    }
    return min(perplexities, key=lambda share: perplexities[share]), perplexities


if __name__ == "__main__":
    sys.exit(main())
