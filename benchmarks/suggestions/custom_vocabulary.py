"""Custom vocabularies beside none: ``python -m benchmarks.suggestions.custom_vocabulary TEXT…``.

Prints how long a vocabulary takes to be made, and the keystrokes that are saved on texts without its entries: nothing
may be lost by a vocabulary that a text does not need. Entries are made up of one to three words, of the model's and
others.
"""

import argparse
import random
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import numpy as np

import model
from model.evaluate.simulated_typing import STRIPS, ModelSuggester, TypedWord, TypingTrial, keystrokes
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.lm.words.custom_vocabulary import CustomVocabulary, Entry
from model.text.corpus import documents
from model.text.encoding import CONTEXT_TOKENS
from model.text.tokens import capitalised, fold

SIZES = (1, 10, 100, 1000, 10_000)


def entries(loaded: LanguageModel, text: str, count: int, seed: int) -> list[Entry]:
    """Make names that a text does not hold."""
    rng = random.Random(seed)
    forms = [form for form in loaded.vocabulary.forms[loaded.vocabulary.first_word :] if len(form) > 2]
    syllables = [a + b for a in ("k", "br", "s", "v", "gr", "m", "tel", "n", "qu", "pl") for b in "aeiou"]
    held, made = fold(text), set[str]()
    while len(made) < count:
        words = [
            "".join(rng.choices(syllables, k=rng.randint(2, 3))) if rng.random() < 0.5 else rng.choice(forms)
            for _ in range(rng.choice((1, 1, 2, 3)))
        ]
        name = " ".join(map(capitalised, words))
        if fold(name) not in held:
            made.add(name)
    return [Entry(name) for name in sorted(made)]


def beginning(path: Path, words: int) -> Iterator[list[str]]:
    """Yield the lines of a text's documents, of some more than ``words`` words together."""
    for lines in documents(path):
        ends = list(accumulate(len(line.split()) for line in lines))
        kept = bisect_left(ends, words) + 1
        yield lines[:kept]
        words -= ends[-1]
        if words <= 0:
            return


def typed(loaded: LanguageModel, texts: list[list[str]], vocabularies: tuple[CustomVocabulary, ...]) -> list[TypedWord]:
    """Type texts with vocabularies at hand."""
    trial = TypingTrial(ModelSuggester(loaded, CONTEXT_TOKENS, vocabularies=vocabularies))
    return [word for number, lines in enumerate(texts) for word in trial.words(lines, number)]


def savings(words: list[TypedWord], strip: int) -> float:
    """1 − keystrokes / characters, spaces included."""
    return 1 - sum(keystrokes(word, strip) for word in words) / sum(word.length + 1 for word in words)


def main() -> None:
    """Print a row for each size of a vocabulary."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.suggestions.custom_vocabulary", description=__doc__)
    p.add_argument("texts", nargs="+", type=Path)
    p.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en")
    p.add_argument("--words", type=int, default=1000, help="words that are typed of each text")
    p.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = p.parse_args()
    loaded = load_model(options.model).for_inference()
    texts = [lines for path in options.texts for lines in beginning(path, options.words)]
    everything = "\n".join(line for lines in texts for line in lines)
    plain = typed(loaded, texts, ())
    print(
        f"{len(plain)} words\n\n| entries | CPU seconds to make | savings at 3 | savings at 5 | µs a suggestion |\n"
        + "|---" * 5
        + "|"
    )
    _row("none", 0.0, plain)
    for size in options.sizes:
        made = entries(loaded, everything, size, seed=size)
        begun = time.thread_time()
        vocabulary = CustomVocabulary(made)
        vocabulary.known_in(loaded.vocabulary)
        seconds = time.thread_time() - begun
        _row(f"{size:,}", seconds, typed(loaded, texts, (vocabulary,)))


def _row(name: str, seconds: float, words: list[TypedWord]) -> None:
    figures = [f"{savings(words, strip):.4f}" for strip in STRIPS]
    asked = np.median([ask.seconds for word in words for ask in word.asks]) * 1e6
    print(f"| {name} | {seconds:.3f} | {' | '.join(figures)} | {asked:.0f} |", flush=True)


if __name__ == "__main__":
    main()
