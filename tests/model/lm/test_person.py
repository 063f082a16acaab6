"""A person's share of the mixture: what it adds up to, and what it leaves alone."""

import math

import numpy as np
import pytest

from model.lm.forgetting import digest
from model.lm.language_model import LanguageModel
from model.lm.last_texts import HALF_WRITTEN, LEFT_BY_A_TEXT, LITTLE_SURPRISE, OWN_SURPRISE, WRITTEN_SHARE
from model.lm.mixture import mixture
from model.lm.notebook import FADING, MOST_PASSED_OVER, Notebook
from model.lm.person import PRIORS, Person, Share
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.lessons import lesson
from model.search.scorer import Scorer, share_of
from tests.model.tiny_model import random_model, read


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return random_model()


def notebook_of(model: LanguageModel, *texts: str) -> Notebook:
    notebook = Notebook()
    for text in texts:
        notebook.learn(lesson(text, model.vocabulary))
    return notebook


def person_of(model: LanguageModel, *texts: str) -> Person:
    return Person(model, notebook_of(model, *texts).taught())


def chances(model: LanguageModel, person: Person | None, text: str, span: range | None = None) -> np.ndarray:
    query = read(model, "next-word", text)
    logits = ContextRunner(model.network).logits(query.context)
    span = span or range(len(model.vocabulary))
    share = None if person is None else share_of(model, person, query, person.everything)
    return mixture(model, query.context, logits[span.start : span.stop], span, share=share)


def test_the_chances_add_up_to_one(model: LanguageModel) -> None:
    person = person_of(model, "the dog eats Kubeflow", "the dog Kubeflow")
    for text in ("", "the ", "the dog ", "Kubeflow "):
        p = chances(model, person, text)
        assert len(p) == len(model.vocabulary) + 1
        assert p.sum() == pytest.approx(1, abs=1e-5) and (p >= 0).all()


def test_somebody_who_has_written_nothing_changes_nothing(model: LanguageModel) -> None:
    nobody = Person(model, Notebook().taught())
    for text in ("", "the ", "the dog "):
        assert np.allclose(chances(model, nobody, text), chances(model, None, text), atol=1e-7)


def test_what_was_written_in_a_context_gets_likelier_there_with_use(model: LanguageModel) -> None:
    word = model.vocabulary.id_of("straße")
    found = [float(chances(model, None, "my hello ")[word])]
    for uses in (1, 5, 50):
        found.append(float(chances(model, person_of(model, *["my hello straße"] * uses), "my hello ")[word]))
    assert found == sorted(found) and found[-1] > 0.5


def test_the_weight_of_a_context_is_that_of_the_formula(model: LanguageModel) -> None:
    notebook = notebook_of(model, "the dog eats", "the dog food", "the dog eats")
    person = Person(model, notebook.taught())
    the, dog, eats = (model.vocabulary.id_of(word) for word in ("the", "dog", "eats"))
    found = person.chances(the, dog)
    second, third = PRIORS
    c, d = 1 + FADING**2, FADING
    n = c + d
    three, two = n + 2 * third, n + 2 * second
    recent = float(person.chances(-1, -1).chances.sum())
    assert found.kept == pytest.approx(2 * third / three * 2 * second / two * (1 - recent))
    expected = c / three + 2 * third / three * c / two
    expected += found.kept / (1 - recent) * person.chances(-1, -1).of(np.array([eats]))[0]
    assert found.of(np.array([eats]))[0] == pytest.approx(expected, rel=1e-5)
    assert person.chances(-1, -1).kept == pytest.approx(1 - recent) and recent > 0


def test_surprising_words_of_the_last_texts_have_a_share_whatever_stands_before(model: LanguageModel) -> None:
    texts = ["the dog eats food", "my straße Kubeflow", "the straße, the straße", "the dog", *["the"] * 3]
    notebook = notebook_of(model, *texts)
    weights: dict[int, float] = {}
    for form, count in notebook.words.items():
        id_ = model.vocabulary.id_of(form) if form in model.vocabulary else len(model.vocabulary)
        if id_ >= model.vocabulary.first_word:
            surprise = OWN_SURPRISE if form == "Kubeflow" else -math.log(model.common[id_])
            surprise = max(0.0, surprise - LITTLE_SURPRISE)
            age = notebook.texts - count.at
            uses = count.weight * FADING**age
            weights[id_] = min(uses, 3) ** 0.5 * LEFT_BY_A_TEXT**age * surprise**2
    total = sum(weights.values())
    expected = {id_: WRITTEN_SHARE * w / (total + HALF_WRITTEN) for id_, w in weights.items() if w}
    _, tokens, chances_ = Person(model, notebook.taught()).chances(-1, -1)
    assert dict(zip(tokens.tolist(), chances_.tolist(), strict=True)) == pytest.approx(expected, rel=1e-5)
    assert len(expected) > 1 and 0 < sum(expected.values()) <= WRITTEN_SHARE


def test_counts_fade(model: LanguageModel) -> None:
    early, late = ("the dog eats", "the dog food")
    notebook = notebook_of(model, *[early] * 3, *["I am"] * 500, *[late] * 2)
    person = Person(model, notebook.taught())
    the, dog, eats, food = (model.vocabulary.id_of(word) for word in ("the", "dog", "eats", "food"))
    assert notebook.words["eats"].uses == 3
    eats_now, food_now = person.chances(the, dog).of(np.array([eats, food]))
    assert eats_now < food_now * 1.5


def test_own_words_come_after_their_second_use_in_their_usual_case(model: LanguageModel) -> None:
    completer, runner = Completer(Scorer(model)), ContextRunner(model.network)

    def offered(person: Person, text: str) -> dict[str, str]:
        query = read(model, "complete", text)
        found = completer.complete(query, runner.logits(query.context), 50, 0.0, True, person)
        return {one.text: one.kind for one in found}

    assert "Kubeflow" not in offered(person_of(model, "I like Kubeflow"), "my kub")
    twice = person_of(model, "I like Kubeflow", "my kubeflow and Kubeflow")
    assert offered(twice, "my kub")["Kubeflow"] == "learned"
    assert offered(twice, "my KUB")["KUBEFLOW"] == "learned"
    forgetful = Person(
        model, notebook_of(model, "Kubeflow Kubeflow").taught(), frozenset({digest("KUBEFLOW", b"k")}), b"k"
    )
    assert "Kubeflow" not in offered(forgetful, "my kub")


def test_own_words_that_go_together_are_a_phrase_too(model: LanguageModel) -> None:
    completer, runner = Completer(Scorer(model)), ContextRunner(model.network)

    def offered(person: Person, text: str) -> list[str]:
        query = read(model, "complete", text)
        return [one.text for one in completer.complete(query, runner.logits(query.context), 50, 0.0, True, person)]

    once = person_of(model, "I like Zorbal Qemtu", "I like Zorbal")
    assert "Zorbal" in offered(once, "my zor") and "Zorbal Qemtu" not in offered(once, "my zor")
    twice = person_of(model, "I like Zorbal Qemtu", "the Zorbal Qemtu is big")
    found = offered(twice, "my zor")
    assert found.index("Zorbal") < found.index("Zorbal Qemtu")
    assert "Qemtu" in offered(twice, "my Zorbal ")
    forgetful = Person(
        model, notebook_of(model, *["Zorbal Qemtu"] * 2).taught(), frozenset({digest("qemtu", b"k")}), b"k"
    )
    assert offered(forgetful, "my zor") == ["Zorbal"]


def test_a_word_on_trial_that_is_passed_over_loses(model: LanguageModel) -> None:
    notebook = notebook_of(model, "Kubeflow Kubeflow")
    for i in range(MOST_PASSED_OVER):
        assert notebook.words["Kubeflow"].is_offered
        notebook.learn(lesson(f"the Kubect{'abcdefgh'[i]}", model.vocabulary))
    assert not notebook.words["Kubeflow"].is_offered
    notebook.learn(lesson("Kubeflow", model.vocabulary))
    assert notebook.words["Kubeflow"].is_offered


def test_a_range_of_words_has_the_same_ranking_as_the_whole(model: LanguageModel) -> None:
    person = person_of(model, *["the dog eats food and the dog eats food"] * 5)
    whole = chances(model, person, "the dog ")
    span = model.vocabulary.prefix_range("f")
    part = chances(model, person, "the dog ", span)
    assert len(part) == len(span)
    expected = whole[span.start : span.stop] / whole[span.start : span.stop].sum()
    # The mass of a range is an estimate, so the parts are mixed a little differently.
    assert np.argmax(part) == np.argmax(expected)


def test_memory_is_told(model: LanguageModel) -> None:
    small, large = person_of(model, "the dog"), person_of(model, *[f"word{chr(97 + i)}x the dog" for i in range(26)])
    assert 0 < small.bytes < large.bytes
    assert isinstance(share_of(model, small, read(model, "next-word", "the "), small.everything), Share)
