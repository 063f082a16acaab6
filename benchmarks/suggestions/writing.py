"""Text that is written on: what is wrong with it, how likely it is: ``python -m benchmarks.suggestions.writing FILE``.

The first words of lines of FILE, text that was not trained on, are written on to the end of a sentence. Counted are
sentences with a guarded word, with four words said twice running, and those that the tokeniser reads otherwise than
they were written (a wrong space or mark). Perplexity is by the model's own n-grams, of what was written and of FILE.
"""

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import model
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.lm.words.offensive import SHIPPED_LIST
from model.nn.inference import ContextRunner
from model.search.place.query import QueryReader, quote_is_open
from model.search.writing.writer import SENTENCE, Manner, Writer
from model.text.encoding import CONTEXT_TOKENS
from model.text.tokens import tokens

BEGINNING_WORDS = 4
MOST_WORDS = 30


class Written(NamedTuple):
    """A beginning, the text written on from it, and the context that the writer has made."""

    beginning: str
    text: str
    context: tuple[int, ...]
    reason: str | None


def written(
    loaded: LanguageModel,
    beginnings: Iterable[str],
    seed: int = 1,
    temperature: float = 0.7,
    top_p: float = 0.9,
    stop: str = SENTENCE,
) -> Iterator[Written]:
    """Write on from each beginning, with a seed of its own."""
    reader, network = QueryReader(loaded.vocabulary, CONTEXT_TOKENS), ContextRunner(loaded.network)
    for number, beginning in enumerate(beginnings, seed):
        query = reader.next_word(beginning, len(beginning))
        manner = Manner(MOST_WORDS, temperature, top_p, number, stop)
        writer = Writer(loaded, query, quote_is_open(beginning, len(beginning)), manner)
        text = ""
        while writer.reason is None:
            text += writer.draw(network.logits(writer.context))
        yield Written(beginning, text, writer.context, writer.reason)


def faults(loaded: LanguageModel, one: Written) -> list[str]:
    """List what is wrong with a text that was written on."""
    found = []
    forms = [token.form for token in tokens(one.text)]
    if any(loaded.guard.guards(form) for form in forms):
        found.append("a guarded word")
    small = [form.casefold() for form in forms if form[0].isalpha()]
    if any(small[i : i + 4] == small[i + 4 : i + 8] for i in range(len(small) - 7)):
        found.append("four words said twice running")
    whole = one.beginning + one.text
    if whole.count('"') % 2 and one.beginning.count('"') % 2 == 0:
        found.append("an open quotation")
    read = QueryReader(loaded.vocabulary, CONTEXT_TOKENS + 3 * MOST_WORDS).next_word(whole, len(whole)).context
    # Beginnings of sentences are read in their usual case; a quote that closes at the end is no token that was drawn.
    forms_read, forms_drawn = ([loaded.vocabulary.forms[i].casefold() for i in ids] for ids in (read, one.context))
    if forms_read[: len(forms_drawn)] != forms_drawn or forms_read[len(forms_drawn) :] not in ([], ['"']):
        found.append("read otherwise than written")
    return found


def perplexity(loaded: LanguageModel, texts: Iterable[str]) -> float:
    """Perplexity per token by the model's n-grams, each text from its start."""
    assert loaded.ngrams is not None
    reader = QueryReader(loaded.vocabulary, 10 * MOST_WORDS)
    total = count = 0.0
    for text in texts:
        ids = reader.next_word(text, len(text)).context
        for i in range(1, len(ids)):
            p = float(loaded.ngrams.probabilities(ids[:i], range(ids[i], ids[i] + 1))[0])
            total -= math.log(max(p, 1e-12))
            count += 1
    return math.exp(total / count)


def beginnings_of(lines: Iterable[str], number: int) -> list[str]:
    """The first words of some lines, drawn at random."""
    able = [words[:BEGINNING_WORDS] for line in lines if len(words := line.split()) > BEGINNING_WORDS]
    drawn = random.Random(1).sample(able, min(number, len(able)))
    return [" ".join(words[: 1 + i % BEGINNING_WORDS]) for i, words in enumerate(drawn)]


def main(arguments: list[str] | None = None) -> None:
    """Write sentences, and print what is wrong with them, their perplexity, and the first three."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suggestions.writing", description=__doc__)
    parser.add_argument("file", type=Path, help="text, a message or paragraph a line")
    parser.add_argument("--sentences", type=int, default=1000, help="how many to write (default 1000)")
    parser.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en", help="a model folder")
    options = parser.parse_args(arguments)
    loaded = load_model(options.model, SHIPPED_LIST).for_inference()
    lines = [line.strip() for line in options.file.read_text("utf-8").splitlines() if line.strip()]
    made = list(written(loaded, beginnings_of(lines, options.sentences)))
    wrong = Counter(fault for one in made for fault in faults(loaded, one))
    reasons = Counter(one.reason for one in made)
    print(f"{len(made)} sentences; ended by {dict(reasons)}; wrong: {dict(wrong) or 'none'}")
    real = [" ".join(line.split()[:20]) for line in lines][: len(made)]
    print(
        f"perplexity by the n-grams: written {perplexity(loaded, (one.beginning + one.text for one in made)):.1f}, ",
        end="",
    )
    print(f"real {perplexity(loaded, real):.1f}")
    for one in made[:3]:
        print(f"- {one.beginning}**{one.text}**")
    for one in made:
        if found := faults(loaded, one):
            print(found, repr(one.beginning), repr(one.text))


if __name__ == "__main__":
    main()
