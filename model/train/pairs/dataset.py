"""Pairs of sequences as token ids, and the batches that training goes through.

``words.txt`` holds the vocabulary, which both sequences share, ``pairs.safetensors`` the ids of all pairs one behind
the other and where each sequence begins. The messages of a batch are of one length, so that the encoder needs no mask.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from model.arrays import Arrays, IntArray
from model.errors import UserError
from model.files import loading, write_atomically
from model.lm.language_model import LanguageModel
from model.lm.storage import WORDS, load_words
from model.nn.pair_backprop import NO_TARGET
from model.text.encoding import Unit, encode_sequence, sequence_forms
from model.text.pairs import TextPair, load_pairs
from model.text.tokens import LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN, sentence_starts
from model.text.vocabulary import Vocabulary
from model.train.dataset import HELD_OUT_EVERY, Epoch

PAIRS = "pairs.safetensors"


class Pairs(NamedTuple):
    """N pairs: message i is ids[bounds[2 i] : bounds[2 i + 1]], and its reply goes from there to bounds[2 i + 2]."""

    ids: IntArray
    bounds: IntArray

    @property
    def lengths(self) -> tuple[IntArray, IntArray]:
        """The tokens of each message, its end included, and of each reply, without it: (N,) each."""
        both = np.diff(self.bounds)
        return both[::2], both[1::2]

    def some(self, count: int) -> "Pairs":
        """Take the first ``count`` pairs."""
        return Pairs(self.ids, self.bounds[: 2 * count + 1])


class PairDataset:
    """A prepared folder: the vocabulary, the pairs to train on, and those held out."""

    carries_state = False

    def __init__(self, folder: Path) -> None:
        self.vocabulary = load_words(folder / WORDS)
        with loading(folder / PAIRS, "file of pairs"), safe_open(folder / PAIRS, framework="numpy") as file:
            self.pairs, self.validation = (
                Pairs(file.get_tensor(f"{part}.ids"), file.get_tensor(f"{part}.bounds")) for part in ("train", "held")
            )
            self.unit = cast(Unit, file.metadata()["unit"])
        self._start, self._end = (self.vocabulary.id_of(form) for form in (TEXT_START, LINE_END))

    def epoch_tokens(self) -> int:
        """Compute the number of tokens that an epoch predicts: those of the replies, and their ends."""
        _, replies = self.pairs.lengths
        return int(replies.sum()) + len(replies)

    def windows(self, epoch: Epoch, batch: int, length: int, skip: int) -> Iterator[tuple[IntArray, ...]]:
        """Yield messages (S, B), inputs and targets (T, B) of an epoch, without the first ``skip`` batches.

        How long messages and replies may be was settled when they were encoded.
        """
        rng = np.random.default_rng([epoch.seed, epoch.number])
        chosen = batches(self.pairs, batch, rng)
        for i in rng.permutation(len(chosen))[skip:]:
            yield self.arrays(self.pairs, chosen[i])

    def arrays(self, pairs: Pairs, chosen: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Lay some pairs side by side: messages (S, B), all of one length, inputs and targets (T, B) of the replies."""
        messages, replies = (lengths[chosen] for lengths in pairs.lengths)
        message = pairs.ids[pairs.bounds[2 * chosen] + np.arange(messages[0])[:, None]].astype(np.int64)
        place = np.arange(replies.max() + 1)[:, None]
        # What stands behind a reply is read from anywhere, and not used.
        anywhere = np.minimum(pairs.bounds[2 * chosen + 1] + place, len(pairs.ids) - 1)
        targets = pairs.ids[anywhere].astype(np.int64)
        targets[place == replies] = self._end
        inputs = np.concatenate([np.full((1, len(chosen)), self._start), np.where(place < replies, targets, 0)[:-1]])
        targets[place > replies] = NO_TARGET
        return message, inputs, targets


def batches(pairs: Pairs, batch: int, rng: np.random.Generator) -> list[IntArray]:
    """Group pairs whose messages have one length, ``batch`` at most, with replies of like length beside each other."""
    messages, replies = pairs.lengths
    order = np.lexsort((rng.random(len(replies)), replies, messages))
    groups = np.split(order, np.flatnonzero(np.diff(messages[order])) + 1)
    return [part for group in groups for part in np.array_split(group, -(-len(group) // batch))]


def prepare_pairs(
    files: list[Path],
    validation: Path | None,
    folder: Path,
    *,
    unit: Unit,
    size: int,
    length: int,
    base: LanguageModel | None,
) -> PairDataset:
    """Choose the vocabulary and encode: everything that training needs, in ``folder``.

    Of a message the last ``length`` tokens are kept; a pair with a longer reply is left out. The vocabulary has
    ``size`` tokens at most, with ``base`` only such as it knows.
    """
    train = [pair for file in files for pair in load_pairs(file)]
    if validation:
        held = load_pairs(validation)
    else:
        held = train[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY]
        del train[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY]
    if not train or not held:
        raise UserError(f"{files[0]}: too few pairs, {HELD_OUT_EVERY} at least are needed")
    vocabulary = choose_pair_vocabulary(train, unit, size, base)
    arrays: Arrays = {}
    for name, pairs in (("train", train), ("held", held)):
        encoded = _encoded(vocabulary, pairs, unit, length)
        if len(encoded.bounds) == 1:
            raise UserError(f"{files[0]}: every reply is longer than --length {length}")
        arrays |= {f"{name}.ids": encoded.ids, f"{name}.bounds": encoded.bounds}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / WORDS, "".join(vocabulary.lines()).encode())
    write_atomically(folder / PAIRS, save(arrays, {"unit": unit}))
    return PairDataset(folder)


def choose_pair_vocabulary(pairs: list[TextPair], unit: Unit, size: int, base: LanguageModel | None) -> Vocabulary:
    """Take the most frequent tokens of both sequences; with ``base`` those that it knows, in its letter case."""
    counts = _base_counts(pairs, base.vocabulary) if base else _counts(pairs, unit)
    rank = sorted((form for form in counts if form not in SPECIAL_TOKENS), key=lambda form: (-counts[form], form))
    kept = rank[: max(0, size - len(SPECIAL_TOKENS))]
    specials = {form: counts[form] for form in SPECIAL_TOKENS}
    specials[UNKNOWN] += sum(counts[form] for form in rank[len(kept) :])
    specials |= {TEXT_START: len(pairs), LINE_END: 2 * len(pairs)}
    marks, words = ({form: counts[form] for form in kept if form[0].isalpha() == is_word} for is_word in (False, True))
    withheld = {form for form in words if base and not base.vocabulary.offered[base.vocabulary.id_of(form)]}
    return Vocabulary.from_counts(marks, words, specials, withheld)


def _base_counts(pairs: list[TextPair], vocabulary: Vocabulary) -> Counter[str]:
    ids = Counter(i for pair in pairs for text in pair for i in encode_sequence(vocabulary, text, "words"))
    return Counter({vocabulary.forms[i]: n for i, n in ids.items()})


def _counts(pairs: list[TextPair], unit: Unit) -> Counter[str]:
    inside: Counter[str] = Counter()
    at_start: Counter[str] = Counter()
    for pair in pairs:
        for text in pair:
            forms = sequence_forms(text, unit)
            for form, starts in zip(forms, sentence_starts(forms), strict=False):
                (at_start if starts and unit == "words" else inside)[form] += 1
    total = inside.copy()
    # The capital that begins a sentence says nothing, unless the word has it inside sentences too.
    for form, n in at_start.items():
        small = form[0].lower() + form[1:]
        total[small if inside[small] >= inside[form] else form] += n
    return total


def _encoded(vocabulary: Vocabulary, pairs: list[TextPair], unit: Unit, length: int) -> Pairs:
    end = vocabulary.id_of(LINE_END)
    ids, bounds = [], [0]
    for message, reply in pairs:
        answer = encode_sequence(vocabulary, reply, unit)
        if len(answer) > length:
            continue
        for sequence in ([*encode_sequence(vocabulary, message, unit)[-length:], end], answer):
            ids += sequence
            bounds.append(len(ids))
    return Pairs(np.array(ids, dtype=np.uint32), np.array(bounds, dtype=np.int64))
