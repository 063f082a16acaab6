"""The worth of each source of a corpus to held-out text: ``python -m scripts.compare_sources CORPUS RECIPE TEXT…``.

Each source has an estimate of its own by single words and by pairs of words. Their mixture is fitted to one half of
each text by EM (Dempster, Laird & Rubin 1977), and measured on the other; then once more without each source. It takes
minutes where training a network with and without each source would take days, and shows whose words and turns
resemble the text; what a network learns from a source beyond them it does not show.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.storage import load_words
from model.text.corpus import documents, load_recipe
from model.text.encoding import encode_documents
from model.train.dataset import Dataset

ROUNDS = 40


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.compare_sources", description=__doc__.splitlines()[0])
    p.add_argument("corpus", type=Path, help="the folder that training has prepared")
    p.add_argument("recipe", type=Path, help="the recipe that it was prepared by")
    p.add_argument("texts", nargs="+", type=Path, help="held-out texts")
    p.add_argument("--tokens", type=int, default=20_000, help="of each text, at most (default 20,000)")
    options = p.parse_args(arguments)
    dataset = Dataset(options.corpus, load_words(options.corpus / "words.txt"))
    names = [source.name for source in load_recipe(options.recipe).sources]
    pairs = [_pairs(dataset, path, options.tokens) for path in options.texts]
    chances = [np.full((len(text), 2 * len(names) + 1), 1 / len(dataset.vocabulary)) for text in pairs]
    for number, ids in enumerate(dataset.by_source()):
        for found, text in zip(chances, pairs, strict=True):
            found[:, 2 * number : 2 * number + 2] = estimates(ids, text, len(dataset.vocabulary))
    rows = [worth(found, len(names)) for found in chances]
    print("| | " + " | ".join(f"{path.stem}: weight | without" for path in options.texts) + " |")
    print("|---|" + "---|---|" * len(rows))
    print("| all | " + " | ".join(f"1 | {row[0][1]:.1f}" for row in rows) + " |")
    for number in sorted(range(len(names)), key=lambda i: -sum(row[1 + i][0] for row in rows)):
        cells = (f"{row[1 + number][0]:.3f} | {100 * (row[1 + number][1] / row[0][1] - 1):+.2f} %" for row in rows)
        print(f"| {names[number]} | " + " | ".join(cells) + " |")
    return 0


def _pairs(dataset: Dataset, path: Path, most: int) -> IntArray:
    """The first tokens of a text, each with the one before it: (N, 2)."""
    ids = np.concatenate(encode_documents(dataset.vocabulary, False, list(documents(path))))[: most + 1]
    return np.stack([ids[:-1], ids[1:]], axis=1).astype(np.int64)


def estimates(ids: IntArray, pairs: IntArray, vocabulary: int) -> FloatArray:
    """P(word) and P(word | word before) of some pairs (N, 2), by how often they stand in a source's ids; (N, 2)."""
    single = np.bincount(ids, minlength=vocabulary)
    codes, counts = np.unique(ids[:-1].astype(np.int64) * vocabulary + ids[1:], return_counts=True)
    wanted = pairs[:, 0] * vocabulary + pairs[:, 1]
    places = np.searchsorted(codes, wanted).clip(max=max(0, len(codes) - 1))
    together = np.where(codes[places] == wanted, counts[places], 0) if len(codes) else np.zeros(len(pairs))
    found: FloatArray = np.stack(
        [single[pairs[:, 1]] / max(1, len(ids)), together / np.maximum(1, single[pairs[:, 0]])], axis=1
    )
    return found


def worth(chances: FloatArray, sources: int) -> list[tuple[float, float]]:
    """For all sources together, then for each: its weight in the mixture, and the perplexity, of all or without it.

    ``chances`` (N, 2 · sources + 1) are those of each token, the last column that of any word alike. Every other token
    is fitted to, the others are measured.
    """
    fitted, measured = chances[::2], chances[1::2]
    everything = np.ones(chances.shape[1], dtype=bool)
    weights, perplexity = mixture(fitted, measured, everything)
    rows = [(1.0, perplexity)]
    for number in range(sources):
        kept = everything.copy()
        kept[2 * number : 2 * number + 2] = False
        without = mixture(fitted, measured, kept)[1]
        rows.append((float(weights[2 * number : 2 * number + 2].sum()), without))
    return rows


def mixture(fitted: FloatArray, measured: FloatArray, kept: BoolArray) -> tuple[FloatArray, float]:
    """Fit the weights of the columns that are ``kept`` by EM; the weights of all, and the perplexity on the others."""
    weights = kept / kept.sum()
    for _ in range(ROUNDS):
        shares = fitted * weights
        shares /= shares.sum(axis=1, keepdims=True)
        weights = shares.mean(axis=0)
    return weights, float(np.exp(-np.log(measured @ weights).mean()))


if __name__ == "__main__":
    sys.exit(main())
