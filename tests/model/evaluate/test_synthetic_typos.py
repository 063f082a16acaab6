"""Synthetic typos, and the figures that come of them."""

from collections import Counter

import pytest

from model.evaluate.metrics import Measure, typo_measures
from model.evaluate.simulated_typos import CompletedTypo, CorrectedWord, TypoTrial, with_typos
from model.evaluate.synthetic_typos import CLASSES, TYPO_SHARE, TypoGenerator
from tests.model.tiny_model import model_of, random_model

WORD = "somebody's"


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind != "missed space"])
def test_a_typo_is_what_its_class_says(kind: str) -> None:
    generator = TypoGenerator(1)
    for _ in range(50):
        typo = generator.draw(WORD, (kind,))
        assert typo is not None and typo.kind == kind and typo.typed != WORD
        growth = {"omission": -1, "missed apostrophe": -1, "addition": 1, "doubled letter": 1}.get(kind, 0)
        assert len(typo.typed) == len(WORD) + growth
        assert typo.typed[: typo.place] == WORD[: typo.place]
        if kind == "transposition":
            assert Counter(typo.typed) == Counter(WORD)


def test_the_share_of_typos_and_of_their_classes() -> None:
    generator = TypoGenerator(2)
    typos = [generator.sometimes("somebody") for _ in range(20_000)]
    kinds = Counter(typo.kind for typo in typos if typo)
    assert sum(kinds.values()) / len(typos) == pytest.approx(TYPO_SHARE, abs=0.01)
    possible = 1 - CLASSES["missed apostrophe"]
    for kind, share in CLASSES.items():
        expected = 0 if kind == "missed apostrophe" else share / possible
        assert kinds[kind] / sum(kinds.values()) == pytest.approx(expected, abs=0.03)
    with_apostrophe = Counter(typo.kind for typo in (generator.draw(WORD) for _ in range(1000)) if typo)
    assert with_apostrophe.most_common(1)[0][0] == "missed apostrophe"
    assert not any(generator.sometimes("to") for _ in range(500))


def test_the_same_seed_makes_the_same_text_and_spans_are_right() -> None:
    lines = ["We don't know what Anna wanted from them yesterday, do we?", "Nobody knows (not even you)."] * 40
    text, words = with_typos(lines, 0, TypoGenerator(3))
    assert (text, words) == with_typos(lines, 0, TypoGenerator(3)) != with_typos(lines, 0, TypoGenerator(4))
    assert {word.line for word in words} == set(range(80))
    kinds = Counter(word.kind for word in words)
    assert kinds["missed space"] and kinds["substitution"] and kinds[""] > 500
    for word in words:
        typed = text[word.start : word.end]
        assert (typed == word.meant) == (not word.kind)
        if word.kind == "missed space":
            assert typed == word.meant.replace(" ", "")
    assert sum(len(word.meant.split()) for word in words) == sum(len(line.split()) for line in lines)


def test_measures_by_hand() -> None:
    corrected = [
        CorrectedWord(0, "omission", True, True),
        CorrectedWord(0, "omission", True, False),
        CorrectedWord(1, "addition", False, False),
        CorrectedWord(1, "", True, False),
        *[CorrectedWord(2, "", False, True)] * 4,
    ]
    completed = [CompletedTypo(0, "omission", 4, 2, 4), CompletedTypo(1, "addition", 2, 1, 2)]
    measures = typo_measures(corrected, completed)

    def value(name: str) -> Measure:
        return measures[name]

    assert value("correction_precision").value == pytest.approx(1 / 3)
    assert value("correction_recall").value == pytest.approx(1 / 3)
    assert value("right_words_changed").value == pytest.approx(1 / 5)
    assert value("correction_recall, omission").value == pytest.approx(1 / 2)
    assert value("correction_recall, addition").n == 1
    assert value("completion_top3_after_typo").value == pytest.approx(3 / 6)
    assert value("completion_top3_kept").value == pytest.approx(3 / 6)
    assert value("completion_top3_kept, omission").value == pytest.approx(1 / 2)
    assert typo_measures([], []) == {}


def test_a_model_that_knows_the_text_repairs_it() -> None:
    words = {"nobody": 0.15, "knows": 0.15, "what": 0.15, "somebody": 0.15, "wanted": 0.15, "yesterday": 0.15}
    trial = TypoTrial(model_of(words), 64, seed=1)
    lines = ["nobody knows what somebody wanted yesterday"] * 30
    measures = typo_measures(list(trial.corrections(lines, 0)), list(trial.completions(lines, 0, each=1)))
    assert measures["right_words_changed"].value == 0
    assert measures["correction_precision"].value > 0.95
    assert measures["correction_recall"].value > 0.8
    assert measures["completion_top3_kept"].value > 0.6
    wanted = list(trial.corrections(lines, 0, {3}))
    assert wanted and {word.line for word in wanted} == {3}


def test_any_model_can_be_tried() -> None:
    trial = TypoTrial(random_model(), 64, seed=1)
    assert len(list(trial.corrections(["the dog eats food.", "", "I don't!"], 0))) == 6
