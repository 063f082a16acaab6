"""Make a model's spelling files: ``python -m model.train.spelling MODEL RECIPE_OR_TEXT…``.

Counts the text again, chooses the lexicon of words beyond the vocabulary, trains the network over characters, and
writes both to ``MODEL/spelling``, which the service then loads with the model.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.arrays import IntArray
from model.errors import UserError
from model.files import load_word_list
from model.lm.storage import load_model, save_spelling
from model.lm.words.spelling import LONGEST, Spelling, spelled
from model.nn.cells import CELLS
from model.nn.network import Network, NetworkConfig, initial_weights
from model.text.corpus import Recipe, recipe_of
from model.text.tokens import LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN
from model.text.vocabulary import Vocabulary
from model.train.dataset import PROCESSES, Epoch, check_sources, count, lanes
from model.train.progress import ProgressBar
from model.train.trainer import Trainer, TrainingOptions
from model.train.words.counts import Counts
from model.train.words.lexicon import expected_typos, is_typo, make_lexicon, own_count, rare_words

# Characters that fewer words than this hold are one unknown character.
LEAST_WORDS_A_CHARACTER = 20
# How often an epoch holds a word: its count to this power. Unknown words are spelled more as rare words are.
COUNT_POWER = 0.4
_VALIDATION_SHARE = 0.02


class SpelledWords:
    """Words as character ids, a ``TrainingText``; each as often in an epoch as its count, flattened, says."""

    carries_state = True

    def __init__(self, characters: Vocabulary, words: Mapping[str, int]) -> None:
        self.vocabulary = characters
        ids = {form: i for i, form in enumerate(characters.forms)}
        start, end, unknown = ids[TEXT_START], ids[LINE_END], ids[UNKNOWN]
        self._words = [
            np.array([start, *(ids.get(c, unknown) for c in word), end], dtype=np.uint16) for word in sorted(words)
        ]
        self._times = np.array([words[word] for word in sorted(words)]) ** COUNT_POWER

    def epoch_tokens(self) -> int:
        """Compute the expected number of characters in an epoch."""
        return int(sum(times * len(word) for times, word in zip(self._times, self._words, strict=True)))

    def epoch_ids(self, seed: int, epoch: int) -> IntArray:
        """Shuffle the words for an epoch; it fits in memory."""
        rng = np.random.default_rng([seed, epoch])
        times = np.floor(self._times + rng.random(len(self._times))).astype(np.int64)
        order = rng.permutation(np.repeat(np.arange(len(times)), times))
        return np.concatenate([self._words[i] for i in order.tolist()])

    def windows(self, epoch: Epoch, batch: int, length: int, skip: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield inputs and targets (T, B) of an epoch, without the first ``skip`` pairs."""
        return lanes(self.epoch_ids(epoch.seed, epoch.number), batch, length, skip)


@dataclass(frozen=True)
class SpellingOptions:
    """The options of the spelling files: sizes, budget of the training, the lexicon's size and the lists it asks.

    ``vouched`` words need not stand in the text twice, ``misspelled`` ones are left out; both in small letters.
    """

    cell: str = "lstm"
    embedding: int = 32
    hidden: int = 128
    minutes: float = 6.0
    epochs: float = 4.0
    lexicon: int = 150_000
    processes: int = PROCESSES
    seed: int = 1
    vouched: frozenset[str] = frozenset()
    misspelled: frozenset[str] = frozenset()


DEFAULTS = SpellingOptions()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    given = vars(parser().parse_args(arguments))
    model, sources, root = (given.pop(name) for name in ("model", "sources", "root"))
    try:
        lists = {name: listed(given[name]) for name in ("vouched", "misspelled")}
        add_spelling(model, recipe_of(sources, root), SpellingOptions(**given | lists))
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line; the defaults are those of the shipped files."""
    p = argparse.ArgumentParser(prog="python -m model.train.spelling", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="a trained model's folder")
    p.add_argument("sources", nargs="+", type=Path, help="what it was trained on: recipes (.toml), text files, folders")
    p.add_argument("--root", type=Path, help="folder that the paths in recipes are relative to")
    p.add_argument("--vouched", type=Path, metavar="FILE", help="words, one a line, that need not stand there twice")
    p.add_argument("--misspelled", type=Path, metavar="FILE", help="words, one a line up to any '->', to leave out")
    p.add_argument("--cell", choices=tuple(CELLS), default=DEFAULTS.cell)
    p.add_argument("--embedding", type=int, default=DEFAULTS.embedding, help="embedding width E")
    p.add_argument("--hidden", type=int, default=DEFAULTS.hidden, help="hidden width H")
    p.add_argument("--minutes", type=float, default=DEFAULTS.minutes, help="time budget of the training")
    p.add_argument("--epochs", type=float, default=DEFAULTS.epochs, help="most passes over the words")
    p.add_argument("--lexicon", type=int, default=DEFAULTS.lexicon, help="most words beyond the vocabulary")
    p.add_argument("--processes", type=int, default=DEFAULTS.processes, help="that count the text")
    p.add_argument("--seed", type=int, default=DEFAULTS.seed)
    return p


def add_spelling(folder: Path, recipe: Recipe, options: SpellingOptions = DEFAULTS) -> None:
    """Count the text, choose the lexicon, train the network, and save both into the folder of a model."""
    if min(options.embedding, options.hidden, options.processes) < 1 or min(options.minutes, options.epochs) <= 0:
        raise UserError("--embedding, --hidden, --processes, --minutes and --epochs must be above 0")
    vocabulary = load_model(folder, offensive=None).vocabulary
    check_sources(recipe)
    with ProgressBar.counting() as show:
        counts = count(recipe, options.processes, show)
    rare = rare_words(counts, vocabulary, options.vouched, options.misspelled)
    expected = expected_typos(rare, vocabulary)
    words_kept = [form for form in rare if not is_typo(rare[form], expected[form])]
    kept = sorted(words_kept, key=lambda form: (-rare[form], form))[: max(0, options.lexicon)]
    words = spelled_counts(counts)
    characters = character_vocabulary(words)
    config = NetworkConfig(options.cell, len(characters), options.embedding, options.hidden)
    network = Network(config, initial_weights(config, characters.log_unigrams(), options.seed))
    figures = train(network, characters, words, options)
    spelling = Spelling(characters, network, make_lexicon({}, 1.0, lambda forms: []))
    known = {form.casefold() for form in vocabulary.forms}
    unknown = sum(n for word, n in words.items() if word not in known)
    meant = {form: own_count(rare[form], expected[form]) for form in kept}
    lexicon = make_lexicon(meant, unknown, lambda forms: log_spellings(spelling, forms))
    save_spelling(folder, Spelling(characters, network, lexicon), {"training": figures})
    print(
        f"spelling: {len(kept):,} rarer words, {len(rare) - len(words_kept):,} left out as typos; "
        f"perplexity per character {figures['perplexity_per_character']:.1f} on words held out"
    )


def listed(path: Path | None) -> frozenset[str]:
    """Load a list of words in small letters; none without a path."""
    return frozenset(word.casefold() for word in load_word_list(path)) if path else frozenset()


def spelled_counts(counts: Counts) -> dict[str, int]:
    """Count how often each word was written, by its spelling, without the words that only private sources hold."""
    public = counts.public or counts.sources
    words: dict[str, int] = {}
    for form, n in counts.words():
        if public.get(form.casefold(), 0) and len(form) <= LONGEST:
            words[spelled(form)] = words.get(spelled(form), 0) + n
    return words


def character_vocabulary(words: Mapping[str, int]) -> Vocabulary:
    """Make a vocabulary of the characters that enough words hold: a network over it is a model like any other."""
    times: dict[str, int] = {}
    for word in words:
        for c in set(word):
            times[c] = times.get(c, 0) + 1
    held = {c: n for c, n in times.items() if n >= min(LEAST_WORDS_A_CHARACTER, len(words) // 500)}
    letters = {c: n for c, n in held.items() if c.isalpha()}
    marks = {c: n for c, n in held.items() if not c.isalpha()}
    specials = dict.fromkeys(SPECIAL_TOKENS, 0) | {TEXT_START: len(words), LINE_END: len(words)}
    return Vocabulary.from_counts(marks, letters, specials)


def train(
    network: Network, characters: Vocabulary, words: Mapping[str, int], options: SpellingOptions
) -> dict[str, float]:
    """Train in place; returns the figures, among them the perplexity per character of words held out."""
    order = np.random.default_rng(options.seed).permutation(len(words))
    names = sorted(words)
    held_out = {names[i] for i in order[: max(1, int(len(names) * _VALIDATION_SHARE))]}
    trained = {word: n for word, n in words.items() if word not in held_out} or dict(words)
    length = sum(len(word) + 2 for word in trained)
    training = TrainingOptions(
        # Of a small text fewer sequences: each is to last for some steps.
        batch=max(1, min(64, length // 128)),
        length=32,
        negatives=0,
        peak_rate=4e-3,
        seed=options.seed,
        epochs=options.epochs,
        minutes=options.minutes,
    )
    with threadpool_limits(1):
        trainer = Trainer(SpelledWords(characters, trained), network, training, 1)
        with ProgressBar(trainer) as bar:
            for number, step in enumerate(trainer.steps()):
                if number % 50 == 0:
                    bar.show(step.loss)
    spelling = Spelling(characters, network, make_lexicon({}, 1.0, lambda forms: []))
    held = sorted(held_out)
    loss = -sum(log_spellings(spelling, held)) / sum(len(word) + 1 for word in held)
    return {
        "words": len(words),
        "characters_read": trainer.tokens,
        "minutes": round(trainer.seconds / 60, 1),
        "perplexity_per_character": round(float(np.exp(loss)), 3),
    }


def log_spellings(spelling: Spelling, words: list[str], batch: int = 2000) -> list[float]:
    """Compute ln P(spelling) of many words, side by side."""
    found: list[float] = []
    for begin in range(0, len(words), batch):
        ids = [[*spelling.encode(word), spelling.end()] for word in words[begin : begin + batch]]
        longest = max(map(len, ids))
        padded = np.array([word + [spelling.end()] * (longest - len(word)) for word in ids])
        lengths = np.array([len(word) for word in ids])
        total = np.zeros(len(ids))
        state = spelling.network.zero_state(len(ids))
        for t in range(longest - 1):
            state = spelling.network.step(padded[:, t], state)
            z = spelling.network.logits(spelling.network.project(state)).astype(np.float64)
            z -= z.max(axis=1, keepdims=True)
            z -= np.log(np.exp(z).sum(axis=1, keepdims=True))
            total += np.where(t + 1 < lengths, z[np.arange(len(ids)), padded[:, t + 1]], 0)
        found += total.tolist()
    return found


if __name__ == "__main__":
    sys.exit(main())
