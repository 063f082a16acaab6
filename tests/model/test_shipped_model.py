"""What nobody should be annoyed by, asked of the shipped English model."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.suggestions.sweep import Answers
from model.lm.language_model import LanguageModel
from model.lm.words.offensive import TYPED_SHARE
from model.search.ranking import CORRECTION, Suggestion
from model.text.tokens import fold

SENTENCES = (
    "Hi Anna,\nthanks a lot for your mail. I don't think we've met before, have we?\n",
    "the the the the the quick brown fox, the the lazy dog the",
    "what the hell is this shit? You are such a b",
    'He said: "I\'m 42 years old (nearly) and it costs $5.00!" e.g. 3 p',
    "1. milk\n2. eggs\n3. bread\n- coffee & tea\n* s",
    "s t u v w x y z aa bb cc 7up 3d x-ray o'clock rock'n'roll ",
    "NASA AND THE FBI ARE ON THE CASE. SO WHAT",
    "😀 👍🏽 日本語 Ünïcödé naïve café résumé ñ ",
)


def ask(answers: Answers, text: str, limit: int = 1000) -> list[Suggestion]:
    """The suggestions of a text, without corrections."""
    return answers.complete(text, limit, fuzzy=False)


@pytest.fixture(scope="session")
def asked(answers: Answers) -> list[tuple[str, list[Suggestion]]]:
    """Every beginning of the sentences, and what is offered for it."""
    return [(s[:n], ask(answers, s[:n], limit=20)) for s in SENTENCES for n in range(len(s) + 1)]


def letters_typed(text: str) -> str:
    word = text.split()[-1] if text and not text[-1].isspace() else ""
    return fold("".join(c for c in word if c.isalpha() or c in "'-"))


def test_only_whole_words_are_offered_each_once_and_sorted(asked: list[tuple[str, list[Suggestion]]]) -> None:
    for text, suggestions in asked:
        words = [s.text for s in suggestions]
        assert len({word.casefold() for word in words}) == len(words), text
        assert all(word[0].isalpha() and "<" not in word for word in words), text
        # Behind a digit stand units.
        if not text.rpartition(" ")[2][:1].isdigit():
            assert all(len(word) > 1 or word in ("a", "A", "I") for word in words), text
        chances = [s.probability for s in suggestions]
        assert chances == sorted(chances, reverse=True) and sum(chances) <= 1.001, text


def test_words_that_are_withheld_are_never_offered(answers: Answers) -> None:
    vocabulary = answers.model.vocabulary
    withheld = [vocabulary.forms[i] for i in np.flatnonzero(~vocabulary.offered) if i >= vocabulary.first_word]
    assert len(withheld) > 200
    spelled_otherwise = {form.casefold() for form in np.array(vocabulary.forms)[vocabulary.offered].tolist()}
    for form in withheld:
        if len(form) > 2 and form.casefold() not in spelled_otherwise:
            assert form.casefold() not in [s.text.casefold() for s in ask(answers, f"this is {form[:-1]}")]


def guarded_words(model: LanguageModel) -> Iterator[str]:
    vocabulary = model.vocabulary
    yield from filter(model.guard.guards, vocabulary.forms[vocabulary.first_word :])


def test_offensive_words_are_offered_only_once_mostly_typed(
    answers: Answers, asked: list[tuple[str, list[Suggestion]]]
) -> None:
    guarded = {form.casefold() for form in guarded_words(answers.model)}
    assert {"shit", "fuck", "bitch"} <= guarded
    for text, suggestions in asked:
        for word in guarded & {s.text.casefold() for s in suggestions}:
            assert len(letters_typed(text)) >= TYPED_SHARE * len(fold(word)), (text, word)
    assert "shit" in [s.text for s in ask(answers, "what a piece of shi")]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("i dont", "don't"),
        ("I think im", "I'm"),
        ("I think youre", "you're"),
        ("I cant", "can't"),
        ("that doesnt", "doesn't"),
        ("Thank you for your h", "help"),
        ("I'm looking forward to s", "seeing"),
        ("See you tom", "tomorrow"),
        ("I live in Lon", "London"),
        ("see you on monda", "Monday"),
        ("I THINK YOU ARE BEAUTIF", "BEAUTIFUL"),
        ("Please find attac", "attached"),
    ],
)
def test_what_is_plainly_meant_comes_first(answers: Answers, text: str, first: str) -> None:
    assert ask(answers, text)[0].text == first


@pytest.mark.parametrize(
    ("text", "other"),
    [("I don't feel very well", "we'll"), ("He was ill", "I'll"), ("the dog lost its", "it's"), ("we were", "we're")],
)
def test_words_that_are_contractions_elsewhere_stay_themselves(answers: Answers, text: str, other: str) -> None:
    assert all(s.probability < 0.2 for s in ask(answers, text) if s.text == other)


@pytest.mark.parametrize("text", ["", "Hi Anna,\n", "Are you there? ", "No. ", 'He said: "', "It is done!\n\n"])
def test_a_sentence_begins_with_a_capital(answers: Answers, text: str) -> None:
    assert all(s.text[0].isupper() for s in ask(answers, text, limit=10))


def test_repetition_does_not_go_on_for_ever(answers: Answers) -> None:
    for times in range(2, 30, 9):
        assert ask(answers, "the " * times, limit=1)[0].text.casefold() != "the"


@pytest.mark.parametrize(
    "pair", ["a lot", "as well", "at least", "each other", "in case", "in fact", "last night", "of course", "right now"]
)
def test_two_words_without_their_space_are_offered_with_it(pair: str, answers: Answers) -> None:
    best = answers.complete("I like it " + pair.replace(" ", ""))[0]
    assert (best.text, best.kind) == (pair, CORRECTION)
    assert not any(" " in one.text for one in ask(answers, "I like it " + pair.replace(" ", "")))


def test_words_of_the_lexicon_are_not_taken_apart(answers: Answers, english: LanguageModel) -> None:
    forms = [form for form in english.words.lexicon.words.forms if form.islower() and len(form) > 5]
    for form in random.Random(5).sample(forms, 300):
        assert not any(" " in one.text and one.probability > 0.5 for one in answers.complete(f"It is a {form}")), form


@pytest.mark.parametrize("apostrophe", ["'", "’"])
@pytest.mark.parametrize("stem", ["go", "do", "noth", "talk", "learn", "fish", "cry", "study", "swimm", "knock"])
def test_a_dropped_g_is_no_typo(stem: str, apostrophe: str, answers: Answers) -> None:
    word = f"{stem}in{apostrophe}"
    assert answers.changes(f"We were {word} all day.", 0.0) == []
    assert not any(one.kind == CORRECTION for one in answers.complete(f"We were {word}"))


@pytest.mark.parametrize(("text", "meant"), [("I dotn'", "don't"), ("he cna’", "can't"), ("she dosen'", "doesn't")])
def test_a_contraction_may_have_a_typo(text: str, meant: str, answers: Answers) -> None:
    assert answers.complete(text)[0].text == meant


def test_what_an_apostrophe_quotes_or_makes_a_possessive_is_corrected(answers: Answers) -> None:
    text = "He said 'tommorow' to me, and my freinds' dog has an ol' bone."
    assert answers.changes(text, 0.9) == [("tommorow", "tomorrow"), ("freinds", "friends")]
