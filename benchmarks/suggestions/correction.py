"""Corrections without context beside other checkers: ``python -m benchmarks.suggestions.correction PAIRS``.

PAIRS has a right word, a tab and its misspellings a line. Compared are symspellpy with the dictionary that it brings
(the extra ``compare``) and hunspell's en_US through its pipe, where they are installed.
"""

import argparse
import importlib
import importlib.resources
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import model
from model.lm.storage import load_model
from model.nn.inference import ContextRunner
from model.search.correct import Corrector
from model.search.place.query import QueryReader
from model.search.ranking import TYPED
from model.search.scorer import Scorer
from model.text.encoding import CONTEXT_TOKENS
from model.text.tokens import TEXT_START

# From a misspelling to corrections, best first.
Checker = Callable[[str], list[str]]
MOST = 10


def tsuzuki(folder: Path, context_free: bool) -> Checker:
    """Correct with Tsuzuki, at the start of a text, or by the frequency of words alone."""
    loaded = load_model(folder)
    scorer, network = Scorer(loaded), ContextRunner(loaded.network)
    reader, corrector = QueryReader(loaded.vocabulary, CONTEXT_TOKENS), Corrector(scorer)
    start = (loaded.vocabulary.id_of(TEXT_START),)

    def at_start(word: str) -> list[str]:
        finished = reader.finished(word, 0, len(word))
        answer = corrector.correct(finished, network.output(start), MOST, 0.0)
        return [s.text for s in answer.suggestions if s.kind != TYPED]

    def by_frequency(word: str) -> list[str]:
        key = word.casefold()
        found = scorer.candidates.whole_words(key)
        order = np.argsort(found.cost - scorer.context_free(found.words))
        forms = [scorer.index.forms[found.words[i]].casefold() for i in order.tolist()]
        return [form for form in dict.fromkeys(forms) if form != key][:MOST]

    return by_frequency if context_free else at_start


def symspell() -> Checker | None:
    """Correct with symspellpy at two edits."""
    try:
        package = importlib.import_module("symspellpy")
    except ImportError:
        return None
    checker = package.SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    with importlib.resources.as_file(importlib.resources.files("symspellpy")) as folder:
        checker.load_dictionary(str(folder / "frequency_dictionary_en_82_765.txt"), 0, 1)

    def look_up(word: str) -> list[str]:
        return [item.term for item in checker.lookup(word, package.Verbosity.ALL, 2)][:MOST]

    return look_up


def hunspell() -> Checker | None:
    """Correct with hunspell through its pipe, in the order of its suggestions."""
    if shutil.which("hunspell") is None:
        return None
    command = ["hunspell", "-a", "-i", "utf-8", "-d", "en_US"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    stdin, stdout = process.stdin, process.stdout

    def look_up(word: str) -> list[str]:
        stdin.write(f"^{word}\n")
        stdin.flush()
        suggestions: list[str] = []
        while (line := stdout.readline().rstrip("\n")) != "":
            if line.startswith("&"):
                suggestions = line.split(": ", 1)[1].split(", ")
            elif line[:1] in "*+-":
                # It takes the misspelling for a word.
                suggestions = [word]
        return suggestions

    return look_up


def main() -> None:
    """Print how often each has the right word first, and among three."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.suggestions.correction", description=__doc__)
    p.add_argument("pairs", type=Path)
    p.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en")
    options = p.parse_args()
    pairs = [
        (wrong, right)
        for right, _, misspellings in (line.partition("\t") for line in options.pairs.read_text("utf-8").splitlines())
        for wrong in misspellings.split()
    ]
    checkers = {
        "Tsuzuki, by frequency alone": tsuzuki(options.model, context_free=True),
        "Tsuzuki, at the start of a text": tsuzuki(options.model, context_free=False),
        "symspellpy": symspell(),
        "hunspell": hunspell(),
    }
    print(f"{len(pairs)} misspellings\n\n| | first | among three | ms each |\n|---|---|---|---|")
    for name, checker in checkers.items():
        if checker is None:
            print(f"| {name} | not installed | | |")
            continue
        begun = time.perf_counter()
        found = [([form.casefold() for form in checker(wrong)], right.casefold()) for wrong, right in pairs]
        each = 1000 * (time.perf_counter() - begun) / len(pairs)
        first = sum(forms[:1] == [right] for forms, right in found) / len(pairs)
        three = sum(right in forms[:3] for forms, right in found) / len(pairs)
        print(f"| {name} | {first:.3f} | {three:.3f} | {each:.2f} |")


if __name__ == "__main__":
    main()
