"""The search: probabilities, order, letter case, and what is never suggested."""

import math
import string
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.language_model import LanguageModel
from model.lm.words.offensive import Guard
from model.search.next_words import STAMMERED
from model.search.place.kinds import Place
from model.search.place.query import Query
from model.text.tokens import APOSTROPHES, LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN
from model.text.vocabulary import Vocabulary
from tests.model.tiny_model import (
    MARKS,
    WORDS,
    answer,
    model_of,
    output_of,
    plain,
    random_model,
    read,
    unhurried,
    words_of,
)

MODEL = random_model()
CONTEXTS = ("", "the dog eats ", "I'd like an ", 'He said: "', "Hi.\n", "👍 日本 ", "unheard-of xyzzy, ")
PREFIXES = ("", "a", "ap", "App", "APP", "i", "I", "im", "don", "Don'", "don’t", "us", "CAFE", "cafe\u0301", "b", "q")
# Tokens of the models here that no space stands before.
NEVER_APART = ("!", ")", ",", ".", "...", ":", "?", LINE_END, TEXT_START)


def by_hand(model: LanguageModel, query: Query) -> dict[str, float]:
    """P(word | context, prefix) of every word, whatever its case, from the softmax over the whole vocabulary.

    At the start of a text half of it is how common the words are. Where a small letter was typed, a word with a capital
    is a fifth as likely; where a capital was inside a sentence, one of small letters is a tenth; where an accent was,
    one without it is a hundredth.
    """
    weights = {name: value.astype(np.float64) for name, value in model.network.weights.items()}
    logits = weights["embedding"] @ output_of(model, query.context).astype(np.float64) + weights["bias"]
    typed = unicodedata.normalize("NFC", query.prefix).casefold()
    for apostrophe in APOSTROPHES:
        typed = typed.replace(apostrophe, "'")
    if typed:
        possible = {form for form in WORDS if plain(form).startswith(plain(typed))} | {UNKNOWN}
    else:
        possible = {form for form in model.vocabulary.forms if query.lead or form not in NEVER_APART}
        last = model.vocabulary.forms[query.context[-1]].casefold()
        possible -= {form for form in possible if form.casefold() == last and last in STAMMERED}
    chances = shares_of({form: math.exp(logits[model.vocabulary.id_of(form)]) for form in possible})
    if len(query.context) == 1 and possible & set(WORDS):
        common = shares_of({form: 100 if form == UNKNOWN else WORDS.get(form, 0) for form in possible})
        chances = {form: (chance + common[form]) / 2 for form, chance in chances.items()}
    shares: dict[str, float] = {}
    # What begins so and is in no list: without a spelling network every letter is as likely as another.
    total = chances.pop(UNKNOWN) * 27.0 ** -len(typed) if typed else 0.0
    for form, chance in chances.items():
        if "'" in typed and not form.casefold().startswith(typed):
            continue
        if not typed.isascii() and not form.casefold().startswith(typed):
            chance *= 0.01
        if query.prefix[:1].islower() and not form[0].islower():
            chance *= 0.2
        is_title = query.prefix[:1].isupper() and not (len(query.prefix) > 1 and query.prefix.isupper())
        if is_title and not query.capital and form[0].islower():
            chance *= 0.1
        total += chance
        if form in WORDS and form not in ("b", "B", "à"):
            shares[form.casefold()] = shares.get(form.casefold(), 0.0) + chance
    return {form: share / total for form, share in shares.items()}


def shares_of(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {form: weight / total for form, weight in weights.items()}


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("context", CONTEXTS)
def test_probabilities_are_those_of_the_whole_softmax(context: str, prefix: str, cell: str) -> None:
    model = random_model(7, cell)
    query = read(model, "complete", context + prefix)
    expected = by_hand(model, query)
    suggestions = answer(model, context + prefix)
    missing = set(expected) - {s.text.casefold() for s in suggestions}
    typed = unicodedata.normalize("NFC", query.prefix).replace("’", "'").casefold()
    # Where a word is finished, what is hardly likely to go on from it is left out.
    least = 0.003 if any(plain(typed) == plain(word) and len(plain(word)) == len(word) for word in WORDS) else 1e-6
    assert missing <= {typed} | {word for word in expected if expected[word] < least}
    for suggestion in suggestions:
        assert suggestion.probability == pytest.approx(expected[suggestion.text.casefold()], abs=2e-6)
        assert suggestion.kind == ("completion" if prefix else "next-word")
        assert suggestion.insert == suggestion.text


@unhurried
@given(
    st.lists(st.sampled_from([*WORDS, *MARKS, "\n", "pear", "12"]), max_size=6).map(" ".join),
    st.sampled_from(["", " "]),
    st.sampled_from(["", *string.ascii_letters])
    | st.sampled_from(sorted(WORDS)).flatmap(lambda word: st.integers(1, len(word)).map(lambda n: word[:n])),
    st.sampled_from(["complete", "next-word"]),
    st.integers(1, 12),
)
def test_every_answer_is_sorted_without_doubles_and_whole(
    context: str, space: str, prefix: str, endpoint: str, limit: int
) -> None:
    text = context + space + prefix
    suggestions = answer(MODEL, text, endpoint, limit=limit)
    query = read(MODEL, endpoint, text)
    if query.place is Place.DIGIT and query.prefix:
        return  # there units are offered, no words
    chances = [s.probability for s in suggestions]
    assert len(suggestions) <= limit
    assert chances == sorted(chances, reverse=True) and all(0 <= c <= 1 for c in chances) and sum(chances) < 1.00001
    assert len({s.text.casefold() for s in suggestions}) == len(suggestions)
    lowered = {word.casefold() for word in WORDS}
    for s in suggestions:
        assert s.text.casefold() in lowered and s.text != query.prefix
        assert len(s.text) > 1 or s.text in "aAI"
        assert plain(s.text).startswith(plain(query.prefix))
        assert s.insert.strip() == s.text
    # A shorter list is the beginning of a longer one, with the same chances.
    assert answer(MODEL, text, endpoint, limit=1000)[: len(suggestions)] == suggestions


def test_spellings_in_other_case_are_one_suggestion_however_short_the_list() -> None:
    others = {f"w{letter}": 0.93 / 16 for letter in string.ascii_lowercase[:16]}
    model = model_of(others | {"apple": 0.04, "Apple": 0.03})
    for limit in (1, 2, 100):
        best = answer(model, "of ", limit=limit)[0]
        assert best.text == "apple"
        assert best.probability == pytest.approx(0.07, abs=1e-5)


@pytest.mark.parametrize(
    ("small", "text", "expected"),
    [
        (0.2, "an ", "Apple"),
        # Begun with a small letter, the spelling with a capital is a fifth as likely.
        (0.2, "an ap", "apple"),
        (0.01, "an ap", "Apple"),
        # Begun with a capital inside a sentence, the other spelling is a tenth as likely.
        (0.2, "an Ap", "Apple"),
    ],
)
def test_the_likelier_spelling_of_a_word_is_offered(small: float, text: str, expected: str) -> None:
    model = model_of({"apple": small, "Apple": 0.3, "apply": 0.5 - small, "done": 0.2})
    offered = {s.text: s.probability for s in answer(model, text)}
    assert {word for word in offered if word.casefold() == "apple"} == {expected}
    share = {"an ": small + 0.3, "an Ap": (small / 10 + 0.3) / (0.05 + 0.3), "an ap": (small + 0.06) / 0.56}[text]
    assert offered[expected] == pytest.approx(share, abs=1e-5)


def test_marks_that_stand_behind_a_word_take_no_chance_once_a_space_is_typed() -> None:
    model = model_of({"apple": 0.2})
    apart = len(SPECIAL_TOKENS) + len(MARKS) - len(NEVER_APART)
    each = 0.8 / (len(SPECIAL_TOKENS) + len(MARKS))
    assert answer(model, "an ")[0].probability == pytest.approx(0.2 / (0.2 + apart * each), abs=1e-5)
    assert answer(model, "an", "next-word")[0].probability == pytest.approx(0.2, abs=1e-5)


def test_the_chance_that_the_word_is_finished_counts_though_it_is_not_offered() -> None:
    model = model_of({"app": 0.6, "apple": 0.3, "apply": 0.1})
    assert [s.text for s in answer(model, "an app")] == ["apple", "apply"]
    assert [s.probability for s in answer(model, "an app")] == pytest.approx([0.3, 0.1], abs=1e-5)
    assert answer(model, "an apply") == []


def test_min_probability_and_limit() -> None:
    model = model_of({"app": 0.1, "apple": 0.4, "application": 0.3, "apply": 0.15, "dog": 0.05})
    assert [s.text for s in answer(model, "an ap")] == ["apple", "application", "apply", "app"]
    assert [s.text for s in answer(model, "an ap", limit=2)] == ["apple", "application"]
    assert [s.text for s in answer(model, "an ap", least=0.2)] == ["apple", "application"]
    assert [s.text for s in answer(model, "an ap", limit=1, least=0.2)] == ["apple"]
    assert answer(model, "an ap", least=0.9) == []
    # The least chance is of the word in all its spellings.
    assert answer(model_of({"apple": 0.4, "Apple": 0.3, "apply": 0.3}), "an ap", least=0.6)[0].text == "apple"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a hel", {"hello", "help"}),
        ("a Hel", {"Hello", "Help"}),
        ("a HEL", {"HELLO", "HELP"}),
        ("a hEl", {"hello", "help"}),
        ("an App", {"Apple", "Application", "Apply"}),
        ("an APP", {"APPLE", "APPLICATION", "APPLY"}),
        ("it is im", {"I'm"}),
        ("IM", {"I'M"}),
        ("Im", {"I'm"}),
        ("i'", {"I'm", "I'd", "I'll"}),
        ("I'", {"I'm", "I'd", "I'll"}),
        ("I’L", {"I'LL"}),
        ("in london", {"London"}),
        ("in London", set()),
        ("on mon", {"Monday"}),
        ("dont", {"don't"}),
        ("DONT", {"DON'T"}),
        ("don't", set()),
        ("don’t", set()),
        ("donʼt", set()),
        ("don'", {"don't"}),
        ("don’", {"don't"}),
        ("ｄｏｎ＇", {"don't"}),
        ("Don'", {"Don't"}),
        ("dont'", set()),
        ("cafe", {"café", "cafes", "cafés", "café's"}),
        ("cafe\u0301", {"cafes", "cafés", "café's"}),
        ("cafe'", {"café's"}),
        ("cafe\u0301'", {"café's"}),
        ("CAFE", {"CAFÉ", "CAFES", "CAFÉS", "CAFÉ'S"}),
        ("E\u0301", {"Eats"}),
        ("well-", {"well-known"}),
        ("Well\u2011k", {"Well-known"}),
        ("o'", {"o'clock"}),
        ("iph", {"iPhone"}),
        ("Iph", {"iPhone"}),
        ("IPH", {"IPHONE"}),
        ("STRAS", {"STRASSE"}),
        ("ωρα", {"ωραίος"}),
        ("ΩΡΑ", {"ΩΡΑΊΟΣ"}),
        ("елк", {"Ёлка"}),
        ("日", {"日本"}),
        ("한", {"한국어"}),
        ("하", {"한국어"}),
        ("xyz", set()),
        ("b", {"big"}),
        ("B", {"Big"}),
    ],
)
def test_which_words_are_offered_and_how_written(text: str, expected: set[str]) -> None:
    assert set(words_of(MODEL, text)) == expected


def test_special_tokens_marks_and_lone_letters_are_never_offered_however_likely() -> None:
    weights = {name: value.copy() for name, value in MODEL.network.weights.items()}
    model = LanguageModel(MODEL.vocabulary, type(MODEL.network)(MODEL.network.config, weights), {})
    weights["bias"][: model.vocabulary.first_word] += 30
    weights["bias"][[model.vocabulary.id_of(form) for form in ("b", "B", "à")]] += 40
    for text in ("", "the ", "b", "the B", "à"):
        assert {word.casefold() for word in words_of(model, text)} <= {word.casefold() for word in WORDS} - {"b", "à"}
    assert answer(model, "the ", least=0.001) == []


def test_a_withheld_word_is_read_but_never_offered() -> None:
    vocabulary = Vocabulary(MODEL.vocabulary.forms, MODEL.vocabulary.counts, {"apply", "Monday"})
    model = LanguageModel(vocabulary, MODEL.network, {})
    assert set(words_of(model, "an appl")) == set(words_of(MODEL, "an appl")) - {"apply"}
    assert not {"Apply", "MONDAY", "Monday"} & {*words_of(model, "Mond"), *words_of(model, "MON"), *words_of(model, "")}
    chances = {s.text: s.probability for s in answer(MODEL, "an app")}
    # A misspelling in small letters, which may not stand, leaves its chances to the others; a name does not.
    left = {s.text: s.probability for s in answer(model, "an app")}
    share = 1 - chances["apply"]
    assert left == {word: pytest.approx(chances[word] / share, abs=3e-6) for word in left}


def test_a_guarded_word_is_offered_once_most_of_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("donut\ndon't\n")
    model = LanguageModel(MODEL.vocabulary, MODEL.network, {}, guard=Guard(tmp_path / "list.txt"))
    assert not {"donut", "don't"} & {*words_of(model, "do"), *words_of(model, "")}
    assert {"done", "don't"} <= set(words_of(model, "a don")) and "donut" not in words_of(model, "a don")
    assert words_of(model, "a donu") == ["donut"]
