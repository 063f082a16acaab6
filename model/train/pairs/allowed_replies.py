"""Choose the replies that a model may give: ``python -m model.train.pairs.allowed_replies MODEL PAIRS.tsv``.

Those that enough messages got, with words that the model knows, without names and numbers, written as sentences. They
go into ``MODEL/replies.txt``, each with ln P(reply), by how often it was given.
"""

import argparse
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

from model.errors import UserError
from model.files import write_atomically
from model.lm.pair_model import REPLIES, PairModel, load_pair_model
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.text.encoding import encode_sequence
from model.text.pairs import load_pairs
from model.text.tokens import NUMBER, UNKNOWN, tokens
from model.train.command import positive

_SENTENCE_ENDS = (".", "!", "?")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        model = load_pair_model(options.model)
        replies = [reply for _, reply in load_pairs(options.pairs)]
        chosen = choose(model, replies, Guard(SHIPPED_LIST), options.least, options.most)
        if not chosen:
            raise UserError(f"{options.pairs}: no reply was given {options.least} times")
        write(options.model / REPLIES, model, chosen, replies)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{len(chosen)} replies")
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.train.pairs.allowed_replies", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="folder of an encoder and decoder")
    p.add_argument("pairs", type=Path, help="messages and replies")
    p.add_argument("--least", type=positive, default=5, help="times that a reply was given")
    p.add_argument("--most", type=positive, default=3000, help="replies, the most frequent")
    return p


def choose(model: PairModel, replies: list[str], guard: Guard, least: int, most: int) -> list[str]:
    """Choose the replies that were given ``least`` times or more, whatever their marks, in their commonest writing."""
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for reply in replies:
        key = " ".join(token.form.lower() for token in tokens(reply) if token.is_word)
        written[key][reply] += 1
    times = {key: sum(forms.values()) for key, forms in written.items() if key}
    frequent = sorted((key for key in times if times[key] >= least), key=lambda key: (-times[key], key))
    sentences = (as_sentence(written[key]) for key in frequent)
    return [text for text in sentences if is_anyones(model, text) and guard.allows(text, "")][:most]


def as_sentence(forms: Counter[str]) -> str:
    """Choose the commonest writing that begins with a capital and ends with a mark; make one if none does."""
    ordered = sorted(forms, key=lambda form: (-forms[form], form))
    good = [form for form in ordered if form[0].isupper() and form.endswith(_SENTENCE_ENDS)]
    if good:
        return good[0]
    text = ordered[0].rstrip(" ,;:-")
    return text[0].upper() + text[1:] + ("" if text.endswith(_SENTENCE_ENDS) else ".")


def is_anyones(model: PairModel, text: str) -> bool:
    """Tell whether the model knows every word of a reply, and it holds neither a name nor a number."""
    forms = [model.vocabulary.forms[i] for i in model.encode(text)]
    names = (form for form in forms if form[0].isupper() and form != "I" and not form.startswith("I'"))
    return UNKNOWN not in forms and NUMBER not in forms and not any(names)


def write(path: Path, model: PairModel, chosen: list[str], replies: list[str]) -> None:
    """Write the chosen replies, each with ln P(reply) by how often the model reads it among ``replies``."""

    def ids(text: str) -> tuple[int, ...]:
        return tuple(encode_sequence(model.vocabulary, text, model.unit))

    wanted = {ids(text): 0 for text in chosen}
    for text, n in Counter(replies).items():
        if (key := ids(text)) in wanted:
            wanted[key] += n
    lines = (f"{text}\t{math.log(max(1, wanted[ids(text)]) / len(replies)):.3f}\n" for text in chosen)
    write_atomically(path, "".join(lines).encode())


if __name__ == "__main__":
    sys.exit(main())
