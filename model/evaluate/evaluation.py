"""An evaluation: texts typed in worker processes, figures for each file and over all, and their tables."""

import argparse
import operator
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from model.arrays import FloatArray
from model.errors import UserError
from model.evaluate.baseline import frequency_model
from model.evaluate.metrics import (
    Measure,
    learning_measures,
    perplexity_measure,
    plot_reliability,
    reliability,
    typing_measures,
    typo_measures,
)
from model.evaluate.personal_typing import PersonalTrial
from model.evaluate.simulated_typing import ModelSuggester, TypedWord, TypingTrial
from model.evaluate.simulated_typos import CompletedTypo, CorrectedWord, TypoTrial
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.nn.perplexity import token_losses
from model.text.corpus import documents
from model.text.encoding import CONTEXT_TOKENS, encode_documents
from model.text.tokens import UNKNOWN

FREQUENCY = "frequency"
# The model itself, taught each text once it is typed.
LEARNING = "learning"
# The column of all files together.
ALL = "all"
# Line numbers of the next file begin here, so that the bootstrap over all files tells its lines apart.
_NEXT_FILE = 1_000_000
_REQUIREMENT = re.compile(r"([\w@]+)\s*(>=|<=)\s*(\d+\.?\d*|\.\d+)")


class Typed(NamedTuple):
    """The words of a text, or of a part of it, as they were typed without typos, and with some."""

    words: list[TypedWord]
    corrected: list[CorrectedWord]
    completed: list[CompletedTypo]

    @classmethod
    def joined(cls, parts: Iterable["Typed"]) -> "Typed":
        """Join the parts of a text."""
        return cls(*(list(chain.from_iterable(column)) for column in zip(*parts, strict=True)))

    def from_line(self, first: int) -> "Typed":
        """Count the lines on from another first line."""

        def moved(words: Any) -> list[Any]:
            return [word._replace(line=word.line + first) for word in words]

        return Typed(*map(moved, self))


class FileResult(NamedTuple):
    """One model's result on one file: typed words, the loss of each token, and the number of ``<unk>``.

    ``later`` are the words in the second half of a file that is one person's.
    """

    typed: Typed
    losses: FloatArray
    unknown: int
    later: Sequence[TypedWord] = ()


@lru_cache(maxsize=2)
def _model(name: str, base: Path) -> LanguageModel:
    if name == FREQUENCY:
        return frequency_model(load_model(base).vocabulary)
    return load_model(base if name == LEARNING else Path(name))


@lru_cache(maxsize=2)
def _for_inference(name: str, base: Path) -> LanguageModel:
    return _model(name, base).for_inference()


def evaluate(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure the model and each one it is compared with: figures for each file and over all."""
    texts = {label: list(documents(path)) for label, path in _labels(options.texts).items()}
    for name, text in texts.items():
        if not text:
            raise UserError(f"{name}: there is no text in it")
    names = [str(options.model), *options.against]
    for name in names:
        _model(name, options.model)
    if options.learn:
        names.append(LEARNING)
    jobs = [(name, file) for name in names for file in texts]
    report = []
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8), mp_context=get_context("spawn")) as pool:
        futures = {
            (name, file): [
                pool.submit(_type, name, options, texts[file][part], lines)
                for part, lines in _parts(texts[file], options)
            ]
            for name, file in jobs
        }
        total = sum(map(len, futures.values()))
        with tqdm(total=total, unit=" parts", desc="typing", disable=None) as bar:
            for name in names:
                results = {}
                for file in texts:
                    typed = [Typed([], [], [])]
                    for future in futures[name, file]:
                        typed.append(future.result())
                        bar.update()
                    losses, unknown = _losses(_model(name, options.model), texts[file])
                    whole = Typed.joined(typed)
                    half = sum(map(len, texts[file])) // 2
                    later = [word for word in whole.words if word.line >= half] if options.learn else []
                    results[file] = FileResult(whole, losses, unknown, later)
                report.append(_summary(name, _model(name, options.model), results, options))
    return report


def _labels(paths: list[Path]) -> dict[str, Path]:
    """Name files by their names, or by their whole paths where names are the same."""
    names = [ALL, *(path.name for path in paths)]
    return {path.name if names.count(path.name) == 1 else str(path.resolve()): path for path in paths}


def _parts(text: list[list[str]], options: argparse.Namespace) -> Iterator[tuple[slice, tuple[int, set[int] | None]]]:
    """Yield runs of documents to be typed at once, with the number of their first line and the lines wanted."""
    if options.perplexity_only:
        return
    wanted = sample_of_lines(text, options.max_words, options.seed) if options.max_words else None
    line = begin = 0
    for end in range(1, len(text) + 1):
        length = sum(map(len, text[begin:end]))
        if end == len(text) or (length >= 100 and not options.learn):
            yield slice(begin, end), (line, wanted)
            begin, line = end, line + length


def sample_of_lines(text: list[list[str]], words: int, seed: int) -> set[int]:
    """Draw the line numbers of a seeded sample with about this many ``words``."""
    lengths = [len(line.split()) for lines in text for line in lines]
    order = np.random.default_rng(seed).permutation(len(lengths))
    taken = np.searchsorted(np.cumsum(np.array(lengths)[order]), words) + 1
    return set(order[:taken].tolist())


def _type(name: str, options: argparse.Namespace, text: list[list[str]], lines: tuple[int, set[int] | None]) -> Typed:
    first, wanted = lines
    typed = Typed([], [], [])
    with threadpool_limits(1):
        model = _for_inference(name, options.model)
        suggester = ModelSuggester(model, CONTEXT_TOKENS, not options.literal and name != FREQUENCY)
        if options.learn:
            typed.words.extend(PersonalTrial(suggester).words_of_a_person(text, name == LEARNING, wanted))
            return typed
        trial = TypingTrial(suggester)
        typos = TypoTrial(model, CONTEXT_TOKENS, options.seed) if options.typos else None
        for document in text:
            typed.words.extend(trial.words(document, first, wanted))
            if typos is not None:
                typed.corrected.extend(typos.corrections(document, first, wanted))
                typed.completed.extend(typos.completions(document, first, wanted))
            first += len(document)
    return typed


def _losses(model: LanguageModel, text: list[list[str]]) -> tuple[FloatArray, int]:
    """Compute −ln P of each token of a file, line ends and starts included, and count the ``<unk>`` among them."""
    ids = np.concatenate(encode_documents(model.vocabulary, False, text))
    losses = token_losses(model.network, ids)
    return losses, int((ids[1:] == model.vocabulary.id_of(UNKNOWN)).sum())


def _summary(
    name: str, model: LanguageModel, results: dict[str, FileResult], options: argparse.Namespace
) -> dict[str, Any]:
    everything = FileResult(
        Typed.joined(r.typed.from_line(i * _NEXT_FILE) for i, r in enumerate(results.values())),
        np.concatenate([r.losses for r in results.values()]),
        sum(r.unknown for r in results.values()),
        [w._replace(line=w.line + i * _NEXT_FILE) for i, r in enumerate(results.values()) for w in r.later],
    )

    files = {file: figures(result) for file, result in (results | {ALL: everything}).items()}
    words = everything.typed.words
    if options.plot and words and name == str(options.model):
        diagrams = {"next word": reliability(words, False), "completion": reliability(words, True)}
        plot_reliability(options.plot, diagrams)
    return {"model": name, "vocabulary": len(model.vocabulary), "files": files}


def figures(result: FileResult) -> dict[str, Any]:
    """Compute every figure of a result: {value, n, interval} by name."""
    words, corrected, completed = result.typed
    measures: dict[str, Measure] = {}
    if words:
        measures |= typing_measures(words)
        for name, completion in (("next_word", False), ("complete", True)):
            bins = reliability(words, completion)
            measures[f"calibration_error_{name}"] = Measure(bins.error, int(bins.n.sum()), None)
        seconds = np.array([ask.seconds for word in words for ask in word.asks])
        measures["seconds_per_suggestion"] = Measure(float(np.median(seconds)), len(seconds), None)
    if result.later:
        measures |= learning_measures(result.later)
    measures |= typo_measures(corrected, completed)
    measures["perplexity"] = perplexity_measure(result.losses)
    measures["unknown_share"] = Measure(result.unknown / len(result.losses), len(result.losses), None)
    return {name: measure._asdict() for name, measure in measures.items()}


def table(result: dict[str, Any]) -> str:
    """Format a Markdown table: a row a measure, a column a file, intervals in brackets."""
    files = list(result["files"])
    lines = [f"\n**{result['model']}**, V = {result['vocabulary']:,}\n", "| measure | " + " | ".join(files) + " |"]
    lines.append("|---" * (len(files) + 1) + "|")
    for name in result["files"][ALL]:
        cells = [_cell(name, result["files"][file].get(name)) for file in files]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(name: str, measure: dict[str, Any] | None) -> str:
    if measure is None:
        return "–"
    form = "{:.1f}" if name == "perplexity" else "{:.6f}" if name.startswith("seconds") else "{:.3f}"
    text = form.format(measure["value"])
    if measure["interval"]:
        low, high = (form.format(bound) for bound in measure["interval"])
        text += f" ({low} to {high})"
    return f"{text} n={measure['n']:,}"


def unmet(measured: dict[str, Any], requirements: list[str]) -> list[str]:
    """List the requirements (``keystroke_savings@3>=0.45``) that the figures over all files do not meet."""
    failed = []
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement.strip())
        if match is None or match[1] not in measured:
            raise UserError(f"--require {requirement!r}: write NAME>=X or NAME<=X, NAME one of {', '.join(measured)}")
        compare = operator.ge if match[2] == ">=" else operator.le
        value = measured[match[1]]["value"]
        if not compare(value, float(match[3])):
            failed.append(f"{requirement} (measured {value:.4f})")
    return failed
