"""A sample of what ``python -m benchmarks.suggestions.sweep`` asks of the shipped model, and the faults it finds."""

import random
from pathlib import Path

import pytest

from benchmarks.suggestions import sweep
from benchmarks.suggestions.sweep import Answers
from model.lm.language_model import LanguageModel
from model.lm.words.offensive import Guard
from model.search.ranking import COMPLETION, CORRECTION, TYPED, Suggestion

BEGINNINGS, TYPOS = 1000, 100


def test_every_beginning_of_a_word_is_answered_with_probabilities(answers: Answers, english: LanguageModel) -> None:
    texts = random.Random(13).sample(sweep.beginnings(english), BEGINNINGS)
    assert list(sweep.sweep_words(answers, texts)) == []


def test_no_typo_brings_an_offensive_word(answers: Answers, english: LanguageModel) -> None:
    guarded = sweep.guarded_words(english)
    assert len(guarded) > 150
    wrong = sorted({typo for word in guarded for typo in sweep.typos(word)})
    assert list(sweep.sweep_typos(answers, random.Random(13).sample(wrong, TYPOS))) == []


def test_the_typos_of_a_word() -> None:
    found = sweep.typos("bad")
    assert {"vad", "nad", "bas", "baf", "abd", "bda", "ba", "ad", "bd", "bbad", "baad", "badd"} <= found
    assert not {"bad", "", "pad", "bxad"} & found
    assert sweep.typos("a") == {"aa", "q", "w", "s", "z"}


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ([("apple", 0.4), ("apply", 0.6)], "not sorted"),
        ([("apple", 0.6), ("apply", 0.5)], "add up"),
        ([("apple", 1.000001)], "less than or equal to 1"),
        ([("apple", 0.5), ("Apple", 0.4)], "twice"),
        ([("apple", 0.5), ("apply", 0.5)], None),
        ([], None),
    ],
)
def test_faults_of_an_answer_are_found(found: list[tuple[str, float]], fault: str | None) -> None:
    faults = list(sweep.faults_in([Suggestion(text, text, chance, COMPLETION) for text, chance in found]))
    assert len(faults) == (fault is not None) and (fault or "") in "".join(faults)


@pytest.mark.parametrize(
    ("text", "typed", "kind", "is_fault"),
    [
        ("damned", "damne", COMPLETION, False),
        ("damned", "dame", COMPLETION, True),
        ("damned", "damb", COMPLETION, True),
        ("damned", "damne", CORRECTION, True),
        ("damned", "damned", TYPED, False),
        ("well-damned", "well-dam", COMPLETION, True),
        ("the damned", "thedamned", CORRECTION, True),
        ("darn", "d", COMPLETION, False),
    ],
)
def test_offensive_words_are_found(text: str, typed: str, kind: str, is_fault: bool, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("damn*\n")
    found = sweep.offensive_in(Guard(tmp_path / "list.txt"), [Suggestion(text, text, 0.5, kind)], typed)
    assert bool(list(found)) == is_fault


def test_a_failure_is_a_fault(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> list[Suggestion]:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(answers, "complete", fail)
    faults = list(sweep.sweep_words(answers, ["appl"]))
    assert len(faults) == len(sweep.WORD_CONTEXTS) and "ZeroDivisionError" in faults[0].fault
