"""What a text adds to the counts of a person: the same, however they are held."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.lm.notebook import NOTHING_TAUGHT, Notebook, Taught
from model.lm.person import Person
from model.search.lessons import lesson
from tests.model.tiny_model import random_model, unhurried

MODEL = random_model()
WORDS = ["the", "dog", "Kubeflow", "kubeflow", "Kubelet", "Kuber", "Grünwald", "zzz", ",", ".", "\n", "may", "password"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=12)


def rows_of(taught: Taught) -> tuple[dict[str, tuple[float, ...]], dict[tuple[str, ...], float]]:
    """Words and sequences, without the order in which they stand."""
    forms = [*taught.forms, ""]
    arrays = (taught.uses, taught.passed_over, taught.ages, taught.weights.round(9))
    counts = zip(*(array.tolist() for array in arrays), strict=True)
    places = map(tuple, taught.sequences.tolist())
    weights = taught.sequence_weights.round(9).tolist()
    return dict(zip(taught.forms, counts, strict=True)), {
        tuple(forms[i] for i in key): weight for key, weight in zip(places, weights, strict=True)
    }


def assert_same(first: Person, second: Person, taught: Taught) -> None:
    """Two people are the same to whoever asks: own words, what is offered, and what each context adds."""
    assert first.forms == second.forms
    for name in ("is_offered", "is_of_lexicon", "is_small"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
    np.testing.assert_allclose(first.unknown_shares, second.unknown_shares, rtol=1e-6)
    assert first.adaptation.tokens.tolist() == second.adaptation.tokens.tolist()
    np.testing.assert_allclose(first.adaptation.factors, second.adaptation.factors, rtol=1e-5)
    np.testing.assert_allclose(first.adaptation.rest, second.adaptation.rest, rtol=1e-5)
    tokens = [second._ids[i] if second._ids[i] >= 0 else second.token(form) for i, form in enumerate(taught.forms)]
    contexts = {tuple(-1 if i < 0 else tokens[i] for i in key) for key in taught.sequences[:, :2].tolist()}
    for before, last in contexts:
        one, other = first.chances(before, last), second.chances(before, last)
        np.testing.assert_allclose(one.kept, other.kept, rtol=1e-5)
        assert one.tokens.tolist() == other.tokens.tolist()
        np.testing.assert_allclose(one.chances, other.chances, rtol=1e-5)
    assert first.typed is None if second.typed is None else first.typed is not None
    if first.typed is not None and second.typed is not None:
        assert first.typed.word.tolist() == second.typed.word.tolist()


@unhurried
@given(texts)
def test_text_by_text_the_counts_are_those_of_a_notebook(written: list[str]) -> None:
    notebook, taught, person = Notebook(), NOTHING_TAUGHT, Person(MODEL, NOTHING_TAUGHT)
    for text in written:
        what = lesson(text, MODEL.vocabulary)
        notebook.learn(what)
        taught = taught.learned(what)
        assert rows_of(taught) == rows_of(notebook.taught())
        person = Person(MODEL, taught, before=person)
        assert_same(person, Person(MODEL, notebook.taught()), notebook.taught())


def test_somebody_of_another_model_is_looked_up_anew() -> None:
    other = random_model(words={"Kubeflow": 50, "a": 10})
    taught = NOTHING_TAUGHT.learned(lesson("the Kubeflow Kubeflow", MODEL.vocabulary))
    before = Person(other, taught)
    assert before.forms == ["the"] and Person(MODEL, taught, before=before).forms == ["Kubeflow"]
