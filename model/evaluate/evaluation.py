"""One evaluation: texts typed in worker processes, figures for each file and over all, tables."""

import argparse
import operator
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
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
    Reliability,
    perplexity_measure,
    plot_reliability,
    reliability,
    slip_measures,
    typing_measures,
)
from model.evaluate.simulated_typing import TypedWord, TypingTrial
from model.evaluate.simulated_typos import CorrectedWord, SlippedCompletion, SlipsTrial
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.nn.perplexity import token_losses
from model.text.corpus import documents
from model.text.encoding import encode_documents
from model.text.tokens import UNKNOWN

FREQUENCY = "frequency"
# The column of all files together.
ALL = "all"
# The service's default: how many tokens of context are read.
CONTEXT_TOKENS = 64
_REQUIREMENT = re.compile(r"([\w@]+)\s*(>=|<=)\s*(\d+\.?\d*|\.\d+)")


class FileResult(NamedTuple):
    """What one model did on one file."""

    words: list[TypedWord]
    losses: FloatArray
    unknown: int
    corrected: Sequence[CorrectedWord] = ()
    completed: Sequence[SlippedCompletion] = ()


class Typed(NamedTuple):
    """What typing a part of a file gave: without slips, and with some."""

    words: list[TypedWord]
    corrected: list[CorrectedWord]
    completed: list[SlippedCompletion]


@lru_cache(maxsize=2)
def _model(name: str, base: Path) -> LanguageModel:
    if name == FREQUENCY:
        return frequency_model(load_model(base).vocabulary)
    return load_model(Path(name))


@lru_cache(maxsize=2)
def _for_inference(name: str, base: Path) -> LanguageModel:
    return _model(name, base).for_inference()


def evaluate(options: argparse.Namespace) -> list[dict[str, Any]]:
    """For the model and each one it is compared with: its figures for each file and over all."""
    texts = {label: list(documents(path)) for label, path in _labels(options.texts).items()}
    for name, text in texts.items():
        if not text:
            raise UserError(f"{name}: there is no text in it")
    names = [str(options.model), *options.against]
    for name in names:
        _model(name, options.model)
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
                    typed = Typed([], [], [])
                    for future in futures[name, file]:
                        part = future.result()
                        typed.words.extend(part.words)
                        typed.corrected.extend(part.corrected)
                        typed.completed.extend(part.completed)
                        bar.update()
                    losses, unknown = _losses(_model(name, options.model), texts[file])
                    results[file] = FileResult(typed.words, losses, unknown, typed.corrected, typed.completed)
                report.append(_summary(name, _model(name, options.model), results, options))
    return report


def _labels(paths: list[Path]) -> dict[str, Path]:
    """Files by their names; by their whole paths where names are the same."""
    names = [ALL, *(path.name for path in paths)]
    return {path.name if names.count(path.name) == 1 else str(path.resolve()): path for path in paths}


def _parts(text: list[list[str]], options: argparse.Namespace) -> Iterator[tuple[slice, tuple[int, set[int] | None]]]:
    """Runs of documents to be typed at once: which, the number of their first line, and the lines wanted."""
    if options.perplexity_only:
        return
    wanted = _sample(text, options.max_words, options.seed) if options.max_words else None
    line = begin = 0
    for end in range(1, len(text) + 1):
        length = sum(map(len, text[begin:end]))
        if length >= 100 or end == len(text):
            yield slice(begin, end), (line, wanted)
            begin, line = end, line + length


def _sample(text: list[list[str]], words: int, seed: int) -> set[int]:
    """Line numbers of a seeded sample with about so many words."""
    lengths = [len(line.split()) for lines in text for line in lines]
    order = np.random.default_rng(seed).permutation(len(lengths))
    taken = np.searchsorted(np.cumsum(np.array(lengths)[order]), words) + 1
    return set(order[:taken].tolist())


def _type(name: str, options: argparse.Namespace, text: list[list[str]], lines: tuple[int, set[int] | None]) -> Typed:
    first, wanted = lines
    typed = Typed([], [], [])
    with threadpool_limits(1):
        model = _for_inference(name, options.model)
        trial = TypingTrial(model, CONTEXT_TOKENS, not options.literal and name != FREQUENCY)
        slips = SlipsTrial(model, CONTEXT_TOKENS, options.seed) if options.slips else None
        for document in text:
            typed.words.extend(trial.words(document, first, wanted))
            if slips is not None:
                typed.corrected.extend(slips.corrections(document, first, wanted))
                typed.completed.extend(slips.completions(document, first, wanted))
            first += len(document)
    return typed


def _losses(model: LanguageModel, text: list[list[str]]) -> tuple[FloatArray, int]:
    """−ln P of each token of a file, line ends and starts included, and how many of them are ``<unk>``."""
    ids = np.concatenate(encode_documents(model.vocabulary, False, text))
    losses = token_losses(model.network, ids)
    return losses, int((ids[1:] == model.vocabulary.id_of(UNKNOWN)).sum())


def _summary(
    name: str, model: LanguageModel, results: dict[str, FileResult], options: argparse.Namespace
) -> dict[str, Any]:
    # Lines of different files are told apart for the bootstrap over all files.
    shift = 1_000_000
    everything = FileResult(
        [word._replace(line=word.line + i * shift) for i, r in enumerate(results.values()) for word in r.words],
        np.concatenate([r.losses for r in results.values()]),
        sum(r.unknown for r in results.values()),
        [word._replace(line=word.line + i * shift) for i, r in enumerate(results.values()) for word in r.corrected],
        [word._replace(line=word.line + i * shift) for i, r in enumerate(results.values()) for word in r.completed],
    )
    files = {file: figures(result) for file, result in (results | {ALL: everything}).items()}
    if options.plot and everything.words and name == str(options.model):
        diagrams: dict[str, Reliability] = {
            "next word": reliability(everything.words, False),
            "completion": reliability(everything.words, True),
        }
        plot_reliability(options.plot, diagrams)
    return {"model": name, "vocabulary": len(model.vocabulary), "files": files}


def figures(result: FileResult) -> dict[str, Any]:
    """Every figure by its name, as {value, n, interval}."""
    words = result.words
    measures: dict[str, Measure] = {}
    if words:
        measures |= typing_measures(words)
        for name, completion in (("next_word", False), ("complete", True)):
            bins = reliability(words, completion)
            measures[f"calibration_error_{name}"] = Measure(bins.error, int(bins.n.sum()), None)
        seconds = np.array([ask.seconds for word in words for ask in word.asks])
        measures["seconds_per_suggestion"] = Measure(float(np.median(seconds)), len(seconds), None)
    measures |= slip_measures(result.corrected, result.completed)
    measures["perplexity"] = perplexity_measure(result.losses)
    measures["unknown_share"] = Measure(result.unknown / len(result.losses), len(result.losses), None)
    return {name: measure._asdict() for name, measure in measures.items()}


def table(result: dict[str, Any]) -> str:
    """A Markdown table: a row a measure, a column a file, intervals below."""
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
    """The requirements (``keystroke_savings@3>=0.45``) that the figures over all files do not meet."""
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
