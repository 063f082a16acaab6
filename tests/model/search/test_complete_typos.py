"""Completions with corrections, rare words and the person's own, and contexts read as they were meant."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.evaluate.synthetic_typos import TypoGenerator
from model.lm.language_model import LanguageModel
from model.lm.words.offensive import Guard
from model.search import typed_words
from model.search.scorer import SURE
from model.text.tokens import UNKNOWN, fold
from tests.model.search.bench import MODEL, Search
from tests.model.tiny_model import answer, random_model

SEARCH = Search(MODEL)
SCORER = SEARCH.scorer


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("see you tomorow", "tomorrow"),
        ("teh", "the"),
        ("recei", "received"),
        ("mesag", "message"),
        ("togteh", "together"),
    ],
)
def test_corrections_stand_among_the_completions(text: str, word: str) -> None:
    suggestions = SEARCH.complete(text)
    kinds = {suggestion.text: suggestion.kind for suggestion in suggestions}
    assert kinds[word] == ("completion" if word.startswith(text.split()[-1]) else "correction")
    assert all(suggestion.kind == "completion" for suggestion in SEARCH.complete(text, fuzzy=False))


@pytest.mark.parametrize("prefix", ["the", "mes", "mesa", "for", "tomorow", "recei", "togteh", "xqz", "App"])
def test_a_typo_counts_unless_it_is_far_less_likely_than_to_go_on(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    some = SEARCH.completer.typed_words.of(prefix, True, False)
    monkeypatch.setattr(typed_words, "LEAST_TYPO", 0.0)
    every = Search(MODEL).completer.typed_words.of(prefix, True, False)
    assert every.meant.tolist() == some.meant.tolist() or len(some.meant) < len(every.meant)
    # By how common words are alone.
    begun = [*range(every.span.start, every.span.stop), SCORER.unknown_id]
    fits = np.ones(len(every.span)) if every.fits is None else every.fits
    goes_on = float(np.exp(SCORER.context_free(np.array(begun))) @ np.append(fits, every.rest))
    shares = np.exp(SCORER.context_free(every.meant)) * every.meant_shares[: len(every.meant)]
    expected = [word for word, share in zip(every.meant.tolist(), shares, strict=True) if share >= 1e-6 * goes_on]
    assert some.meant.tolist() == expected


def test_corrections_follow_the_case_of_the_person() -> None:
    assert SEARCH.complete("Tomorow")[0].text == "Tomorrow"
    assert SEARCH.complete("TOMOROW")[0].text == "TOMORROW"


def test_a_literal_completion_does_not_lose_to_a_frequent_word() -> None:
    assert SEARCH.complete("for")[0] == SEARCH.complete("for", fuzzy=False)[0]._replace(
        probability=SEARCH.complete("for")[0].probability
    )
    assert SEARCH.complete("for")[0].text == "form"


@pytest.mark.parametrize("typed", ["t", "to", "th"])
def test_two_letters_are_taken_as_they_are(typed: str) -> None:
    assert all(suggestion.kind == "completion" for suggestion in SEARCH.complete(typed))


@pytest.mark.parametrize(("typed", "word"), [("ot", "to"), ("ht", "the"), ("on", None), ("rt", None), ("Ht", "The")])
def test_two_letters_may_only_have_changed_places(typed: str, word: str | None) -> None:
    found = SEARCH.complete(typed)
    assert [s.text for s in found][:1] == ([word] if word else [])
    assert all(suggestion.kind == "correction" for suggestion in found)


def test_probabilities_fall_and_do_not_exceed_one() -> None:
    for text in ("t", "the", "teh", "tomorow", "kub", "i "):
        shares = [suggestion.probability for suggestion in SEARCH.complete(text)]
        assert shares == sorted(shares, reverse=True) and 0 <= sum(shares) <= 1 + 1e-4


def test_rare_words_are_completed() -> None:
    assert SEARCH.complete("Kubern")[0].text == "Kubernetes"
    assert "thermal" in [suggestion.text for suggestion in SEARCH.complete("ther")]
    assert SEARCH.complete("kubernetse")[0].text == "Kubernetes"


def test_the_persons_own_words_are_completed() -> None:
    assert SEARCH.complete("Hi Kaminski, hello Kami")[0].text == "Kaminski"
    assert not SEARCH.complete("hello Kami")


def test_guarded_rare_words_wait_for_most_of_their_letters(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("thermal")
    search = Search(replace(MODEL, guard=Guard(tmp_path / "list.txt")))
    assert "thermal" not in [s.text for s in search.complete("ther")]
    assert "thermal" in [s.text for s in search.complete("therma")]


def test_literal_completions_of_a_random_model_are_those_of_the_plain_search() -> None:
    model: LanguageModel = random_model()
    search = Search(model)
    for text in ("a", "the do", "don'", "caf", "Lon"):
        plain = [s.text for s in answer(model, text, limit=10)]
        assert [s.text for s in search.complete(text, fuzzy=False)] == plain


def test_a_typo_in_the_context_is_read_as_what_was_meant() -> None:
    text = "I recieved "
    query = SEARCH.reader.next_word(text, len(text))
    read = SCORER.resolve(query)
    assert MODEL.vocabulary.forms[query.context[2]] == UNKNOWN
    assert MODEL.vocabulary.forms[read.context[2]] == "received"
    assert SCORER.meant("recieved") == MODEL.vocabulary.id_of("received")


def test_a_word_that_is_spelled_only_where_that_counts_is_read_as_if_it_always_were() -> None:
    generator, found = TypoGenerator(1), {True: 0, False: 0}
    for word in 4 * MODEL.vocabulary.forms[MODEL.vocabulary.first_word :]:
        typo = generator.draw(word, ("substitution", "transposition", "omission", "addition"))
        if typo is None or not typo.typed.isalpha() or not typo.typed.islower() or len(typo.typed) < 3:
            continue
        words = SCORER.whole_words(fold(typo.typed))
        if not len(words.words) or words.cost.min() == 0:
            continue
        # P(meant) of all that the letters may stand for, themselves among it, by the whole sum.
        itself = math.log(SCORER.index.lexicon.novel) + SCORER.speller.log_word(typo.typed)
        itself += float(SCORER.context_free(np.array([SCORER.unknown_id]))[0])
        log_p = np.append(SCORER.context_free(words.words) - words.cost, itself)
        best = int(log_p[:-1].argmax())
        is_sure = float(np.exp(log_p[best] - np.logaddexp.reduce(log_p))) > SURE
        is_sure &= bool(words.words[best] < len(MODEL.vocabulary))
        assert SCORER.meant(typo.typed) == (int(words.words[best]) if is_sure else None), typo.typed
        found[is_sure] += 1
    assert min(found.values()) > 5


@pytest.mark.parametrize("form", ["Recieved", "qzxqzx", "re3eived", "iPohne", "xy"])
def test_what_is_no_sure_typo_stays_unknown(form: str) -> None:
    assert SCORER.meant(form) is None
