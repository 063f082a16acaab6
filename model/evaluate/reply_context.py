"""Measure what knowing the message is worth to who types the reply: next words, four ways.

``python -m model.evaluate.reply_context MODEL REPLY_MODEL HELD_OUT.tsv``. The language model knows the reply so far
alone, or the message too, as another line before it; and to either the decoder that has read the message is mixed in,
with some shares. Words are counted as everywhere: those that the vocabulary lacks are missed, letter case is ignored.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.arrays import FloatArray
from model.errors import UserError
from model.evaluate.metrics import ratio
from model.lm.language_model import LanguageModel
from model.lm.mixture import mixture
from model.lm.pair_model import PairModel, load_pair_model
from model.lm.storage import load_model
from model.nn.inference import ContextRunner
from model.search.writing.answered import AnsweredMessages
from model.text.encoding import CONTEXT_TOKENS, encode_sequence
from model.text.pairs import TextPair, load_pairs
from model.text.tokens import LINE_END, TEXT_START, tokens

# The decoder's part of the network's distribution.
SHARES = (0.0, 0.3, 0.5, 0.7)
KNOWN = ("the reply alone", "the message as a line before it")
AMONG = (1, 3)


class ReplyTyping:
    """Predicts the words of replies with a language model, and with the decoder of a pair model in it."""

    def __init__(self, model: LanguageModel, pair_model: PairModel) -> None:
        self._model = model
        self._runners = [ContextRunner(model.network) for _ in KNOWN]
        self._offered: FloatArray = model.offered(range(len(model.vocabulary)), 0).copy()
        self._offered[: model.vocabulary.first_word] = 0
        self._decoders = [AnsweredMessages(model, pair_model, share) for share in SHARES]

    def hits(self, message: str, reply: str) -> Iterator[list[list[bool]]]:
        """Yield, of each word of the reply, whether it is among the first 1 and 3, for each way to predict it."""
        vocabulary = self._model.vocabulary
        start, end = vocabulary.id_of(TEXT_START), vocabulary.id_of(LINE_END)
        before = [start, *encode_sequence(vocabulary, message, "words"), end]
        ids = encode_sequence(vocabulary, reply, "words")
        for t, token in enumerate(tokens(reply)):
            if not token.is_word:
                continue
            ways = []
            for runner, known in zip(self._runners, ([start], before), strict=True):
                # The start of the text stays in sight.
                context = (start, *[*known, *ids[:t]][1:][-CONTEXT_TOKENS:])
                logits = runner.logits(context)
                for decoder in self._decoders:
                    blended = decoder.blend(message, reply[: token.start], logits)
                    p = mixture(self._model, context, blended, range(len(vocabulary)))
                    ways.append(self._is_among(p * self._offered, token.form))
            yield ways

    def _is_among(self, p: FloatArray, form: str) -> list[bool]:
        forms = self._model.vocabulary.forms
        best = np.argpartition(p, -2 * AMONG[-1])[-2 * AMONG[-1] :]
        keys = list(dict.fromkeys(forms[i].lower() for i in best[np.argsort(-p[best])]))
        return [form.lower() in keys[:n] for n in AMONG]


def measure(typing: ReplyTyping, pairs: list[TextPair]) -> list[tuple[str, float, list[float], list[float]]]:
    """Measure each way: what is known, the decoder's share, the shares of words found, and half their intervals."""
    lines, found = [], []
    for line, (message, reply) in enumerate(pairs):
        for ways in typing.hits(message, reply):
            lines.append(line)
            found.append(ways)
    hits = np.array(found, dtype=np.float64)
    rows = []
    for way, (known, share) in enumerate((known, share) for known in KNOWN for share in SHARES):
        measures = [ratio(np.array(lines), hits[:, way, k], np.ones(len(lines))) for k in range(len(AMONG))]
        halves = [(one.interval[1] - one.interval[0]) / 2 if one.interval else 0.0 for one in measures]
        rows.append((known, share, [one.value for one in measures], halves))
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        typing = ReplyTyping(load_model(options.model).for_inference(), load_pair_model(options.pair_model))
        pairs = load_pairs(options.held_out)
        chosen = np.random.default_rng(options.seed).permutation(len(pairs))[: options.replies]
        with threadpool_limits(1):  # the products are small
            rows = measure(typing, [pairs[i] for i in chosen])
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("| known | the decoder's share | next word first | among 3 |\n|---|---|---|---|")
    for known, share, values, halves in rows:
        cells = (f"{value:.3f} ± {half:.3f}" for value, half in zip(values, halves, strict=True))
        print(f"| {known} | {share:g} | {' | '.join(cells)} |")
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.evaluate.reply_context", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="folder of a language model")
    p.add_argument("pair_model", type=Path, help="folder of an encoder and decoder")
    p.add_argument("held_out", type=Path, help="messages and replies that were not trained on")
    p.add_argument("--replies", type=int, default=400, help="of these, drawn")
    p.add_argument("--seed", type=int, default=1)
    return p


if __name__ == "__main__":
    sys.exit(main())
