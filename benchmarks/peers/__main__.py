"""Tsuzuki beside other systems on the same words in one run: ``python -m benchmarks.peers TEXT…``.

Keystrokes saved, next words and the time of an answer, by the simulated typing of ``python -m model.evaluate``. The
commonest words are always there; a Kneser-Ney 5-gram needs ``--kenlm FILE`` and the extra ``compare``, Presage Debian's
package libpresage1v5, and a server with OpenAI's /v1/completions its address.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median

from threadpoolctl import threadpool_limits

import model
from benchmarks.peers.completion_server import CompletionServer
from benchmarks.peers.frequency import Frequency
from benchmarks.peers.kneser_ney import KneserNey
from benchmarks.peers.presage import Presage
from benchmarks.peers.words import Words
from model.evaluate.evaluation import sample_of_lines
from model.evaluate.metrics import typing_measures
from model.evaluate.simulated_typing import ModelSuggester, Suggester, TypedWord, TypingTrial
from model.lm.storage import load_model
from model.text.corpus import documents
from model.text.encoding import CONTEXT_TOKENS

_FIGURES = ("keystroke_savings@3", "next_word_top1", "next_word_top3")


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.split("\n\n")[0])
    p.add_argument("texts", nargs="+", type=Path)
    p.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en")
    p.add_argument("--max-words", type=int, default=1000, help="about this many of each text")
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--kenlm", type=Path, metavar="FILE", help="a 5-gram made by lmplz")
    p.add_argument("--server", metavar="ADDRESS", help="of a server with /v1/completions, like http://127.0.0.1:8080")
    options = p.parse_args()
    texts = [list(documents(path)) for path in options.texts]
    wanted = [sample_of_lines(text, options.max_words, options.seed) for text in texts]
    print("| | " + " | ".join((*_FIGURES, "ms, median")) + " |")
    print("|" + "---|" * (len(_FIGURES) + 2))
    with threadpool_limits(1):
        for name, make in _peers(options).items():
            try:
                suggester = make()
            except (ImportError, OSError) as error:
                print(f"| {name} | not here: {error} | | | |")
                continue
            typed = [_type(suggester, text, lines) for text, lines in zip(texts, wanted, strict=True)]
            print(_row(name, typed), flush=True)


def _peers(options: argparse.Namespace) -> dict[str, Callable[[], Suggester]]:
    loaded = load_model(options.model)
    peers: dict[str, Callable[[], Suggester]] = {
        "Tsuzuki": lambda: ModelSuggester(loaded.for_inference(), CONTEXT_TOKENS),
        "the commonest words": lambda: Frequency(Words(loaded.vocabulary)),
        "Presage": Presage,
    }
    if options.kenlm:
        peers["Kneser-Ney 5-gram (KenLM)"] = lambda: KneserNey(options.kenlm, loaded.vocabulary)
    if options.server:
        peers[f"the server at {options.server}"] = lambda: CompletionServer(options.server)
    return peers


def _type(suggester: Suggester, text: list[list[str]], wanted: set[int]) -> list[TypedWord]:
    trial, first = TypingTrial(suggester), 0
    typed: list[TypedWord] = []
    for document in text:
        typed += trial.words(document, first, wanted)
        first += len(document)
    return typed


def _row(name: str, texts: list[list[TypedWord]]) -> str:
    """The means over the texts, each counting alike, and the median time of an answer."""
    measures = [typing_measures(words) for words in texts]
    means = [sum(found[figure].value for found in measures) / len(measures) for figure in _FIGURES]
    times = [1000 * ask.seconds for words in texts for word in words for ask in word.asks]
    return f"| {name} | " + " | ".join(f"{mean:.3f}" for mean in means) + f" | {median(times):.2f} |"


if __name__ == "__main__":
    main()
