"""Choose the replies that a model may give: ``python -m model.train.pairs.allowed_replies MODEL PAIRS.tsv``.

Those that enough messages got, with words that the model knows, without names and numbers, written as sentences; and
those of ``MODEL/everyday.txt``, where there is one. They go into ``MODEL/replies.txt``, each with ln P(reply), by how
often it was given, or where it hardly was, by how likely the network finds it on average over some messages.
"""

import argparse
import math
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.errors import UserError
from model.files import write_atomically
from model.lm.pair_model import EVERYDAY, REPLIES, PairModel, load_pair_model, names_in
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.text.encoding import encode_sequence
from model.text.everyday import load_occasions
from model.text.pairs import TextPair, load_pairs, normal
from model.text.tokens import NUMBER, SENTENCE_ENDS, UNKNOWN, capitalised, straight, tokens
from model.train.command import positive

_NO_SPACE = re.compile(r",\S")
# What was given fewer times is judged by the network, over this many messages.
FEW, AVERAGED = 5, 60
# Frequent, and misspelled or without sense on their own.
_LEFT_OUT = frozenset(
    ("its good", "its really good", "its crazy", "your welcome", "good you", "i", "that", "some", "rock", "football")
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        model = load_pair_model(options.model)
        pairs = load_pairs(options.pairs)
        chosen = choose(model, [reply for _, reply in pairs], Guard(SHIPPED_LIST), options.least, options.most)
        if not chosen:
            raise UserError(f"{options.pairs}: no reply was given {options.least} times")
        everyday = options.model / EVERYDAY
        occasions = load_occasions(everyday) if everyday.exists() else []
        own = [text for one in occasions for group in one.groups for text in group]
        with threadpool_limits(1):
            write(options.model / REPLIES, model, list(dict.fromkeys([*own, *chosen])), pairs)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{len(chosen)} replies of messages, {len(set(own))} of occasions")
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.train.pairs.allowed_replies", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="folder of an encoder and decoder")
    p.add_argument("pairs", type=Path, help="messages and replies")
    p.add_argument("--least", type=positive, default=8, help="times that a reply was given")
    p.add_argument("--most", type=positive, default=3000, help="replies, the most frequent")
    return p


def choose(model: PairModel, replies: list[str], guard: Guard, least: int, most: int) -> list[str]:
    """Choose the replies that were given ``least`` times or more, whatever their marks, in their commonest writing."""
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for reply in replies:
        written[normal(reply)][reply] += 1
    times = {key: sum(forms.values()) for key, forms in written.items() if key and key not in _LEFT_OUT}
    frequent = sorted((key for key in times if times[key] >= least), key=lambda key: (-times[key], key))
    sentences = (as_sentence(written[key]) for key in frequent)
    return [text for text in sentences if is_anyones(model, text) and _is_spelled(text) and guard.allows(text, "")][
        :most
    ]


def as_sentence(forms: Counter[str]) -> str:
    """Choose the commonest writing that begins with a capital and ends with a mark; make one if none does."""
    ordered = sorted(forms, key=lambda form: (-forms[form], form))
    good = [form for form in ordered if form[0].isupper() and form.endswith(SENTENCE_ENDS) and _is_spelled(form)]
    if good:
        return good[0]
    text = ordered[0].rstrip(" ,;:-")
    return capitalised(text) + ("" if text.endswith(SENTENCE_ENDS) else ".")


def _is_spelled(text: str) -> bool:
    """False where a contraction lacks its apostrophe, or a comma its space."""
    return not _NO_SPACE.search(text) and all(
        token.form == straight(text[token.start : token.end]) for token in tokens(text) if token.is_word
    )


def is_anyones(model: PairModel, text: str) -> bool:
    """Tell whether the model knows every word of a reply, and it holds neither a name nor a number."""
    forms = [model.vocabulary.forms[i] for i in model.encode(text)]
    return UNKNOWN not in forms and NUMBER not in forms and not names_in(model.vocabulary, text)


def write(path: Path, model: PairModel, chosen: list[str], pairs: list[TextPair]) -> None:
    """Write the chosen replies, each with ln P(reply) by how often the model reads it among those of ``pairs``."""

    def ids(text: str) -> tuple[int, ...]:
        return tuple(encode_sequence(model.vocabulary, text, model.unit))

    times = {ids(text): 0 for text in chosen}
    for text, n in Counter(reply for _, reply in pairs).items():
        if (key := ids(text)) in times:
            times[key] += n
    log_p = {text: math.log(times[ids(text)] / len(pairs)) for text in chosen if times[ids(text)] >= FEW}
    rare = [text for text in chosen if text not in log_p]
    asked = [message for message, _ in pairs[:: max(1, len(pairs) // AVERAGED)]]
    likely = np.array([model.log_probabilities(message, rare) for message in asked])
    # By that or by what was counted: one that was given is no less likely than that.
    average = np.logaddexp.reduce(likely, axis=0) - math.log(len(asked))
    log_p |= {
        text: max(float(p), math.log(max(1, times[ids(text)]) / len(pairs)))
        for text, p in zip(rare, average, strict=True)
    }
    write_atomically(path, "".join(f"{text}\t{min(0.0, log_p[text]):.3f}\n" for text in chosen).encode())


if __name__ == "__main__":
    sys.exit(main())
