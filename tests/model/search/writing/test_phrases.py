"""Phrases: how far they go, where they end, and what never stands in one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.forgetting import digest
from model.lm.language_model import LanguageModel
from model.lm.notebook import Notebook
from model.lm.person import Person
from model.lm.words.custom_vocabulary import CustomVocabulary
from model.lm.words.offensive import Guard
from model.search.complete import Completer
from model.search.place.custom_words import NO_CUSTOM, CustomWords
from model.search.place.query import QueryReader
from model.search.ranking import PHRASE, Suggestion
from model.search.scorer import Scorer
from model.search.writing.phrases import Followers, Following, PhraseSearch
from tests.model.tiny_model import WORDS, logits_of, model_of, read, unhurried

CHANCES = {
    "looking": 0.3,
    "forward": 0.1,
    "to": 0.1,
    "seeing": 0.1,
    "you": 0.1,
    "New": 0.05,
    "York": 0.05,
    "twenty": 0.02,
}
CHANCES |= {"five": 0.02, "damned": 0.02, "yourself": 0.02, "kill": 0.02}
MODEL = model_of(CHANCES)
# What follows each word, whatever stands before it.
Then = Mapping[str, Mapping[str, float]]


def phrases(
    text: str,
    then: Then,
    first: float = 0.9,
    words: int = 4,
    least: float = 0.5,
    whole: float = 0.5,
    model: LanguageModel = MODEL,
    cursor: int | None = None,
    kind: str = "completion",
    found: list[Suggestion] | None = None,
    custom: CustomWords = NO_CUSTOM,
    person: Person | None = None,
) -> list[Suggestion]:
    """The suggestions that ``text`` is answered with, where the likeliest word for its end is ``first`` likely."""
    query = read(model, "complete", text, cursor)._replace(custom=custom)
    words_found = [form for form in CHANCES if form.startswith(query.prefix)]
    if found is None:
        found = [Suggestion(words_found[0], query.lead + words_found[0] + query.trail, first, kind)]
    followers = Followers(model)
    search = PhraseSearch(followers, query, found, words, least, whole, person)
    while contexts := search.wanted():
        search.go_on([_following(model, followers, then, context) for context in contexts])
    return search.suggestions()


def _following(model: LanguageModel, followers: Followers, then: Then, context: tuple[int, ...]) -> Following:
    chances = {model.vocabulary.id_of(form): p for form, p in then.get(model.vocabulary.forms[context[-1]], {}).items()}
    likeliest = tuple(sorted(chances.items(), key=lambda item: -item[1]))
    name = sum(p for id_, p in likeliest if followers.is_name[id_])
    return Following(likeliest, name, sum(p for id_, p in likeliest if followers.is_number[id_]))


THEN = {"looking": {"forward": 0.9}, "forward": {"to": 0.95}, "to": {"seeing": 0.8}, "seeing": {"you": 0.9}}


def test_a_phrase_goes_on_as_far_as_it_is_likely_and_its_probability_is_that_of_all_words() -> None:
    (one,) = phrases("I am loo", THEN)
    assert one == Suggestion("looking forward to seeing", "looking forward to seeing", 0.6156, PHRASE)
    assert one.probability == pytest.approx(0.9 * 0.9 * 0.95 * 0.8)


@pytest.mark.parametrize(
    ("words", "text"),
    [(1, "looking"), (2, "looking forward"), (3, "looking forward to"), (8, "looking forward to seeing you")],
)
def test_it_has_at_most_so_many_words(words: int, text: str) -> None:
    assert [one.text for one in phrases("I am loo", THEN, words=words)] == [text]


@pytest.mark.parametrize("blocked", ["seeing", "to seeing", "Forward to Seeing"])
def test_what_a_vocabulary_blocks_is_in_none(blocked: str) -> None:
    custom = CustomWords((CustomVocabulary([], [blocked]),))
    assert phrases("I am loo", THEN, custom=custom)[0].text == "looking forward to"


def test_a_word_that_the_person_has_forgotten_is_in_none() -> None:
    key = bytes(32)
    person = Person(MODEL, Notebook().taught(), frozenset({digest("seeing", key)}), key)
    assert phrases("I am loo", THEN, person=person)[0].text == "looking forward to"


def test_each_further_word_and_the_whole_must_be_likely_enough() -> None:
    assert phrases("I am loo", THEN, least=0.85)[0].text == "looking forward to"
    assert phrases("I am loo", THEN, whole=0.8)[0].text == "looking forward"
    assert phrases("I am loo", THEN, whole=0.85)[0].kind == "completion"
    assert phrases("I am loo", THEN, first=0.4)[0].kind == "completion"


def test_the_length_is_the_one_that_is_expected_to_save_most() -> None:
    # "forward to" would save 0.9 · 0.6 · 10 letters, "forward" 0.9 · 7.
    assert phrases("looking ", {"forward": {"to": 0.6}}, found=_next("forward", 0.9))[0].text == "forward"
    assert phrases("looking ", {"forward": {"to": 0.75}}, found=_next("forward", 0.9))[0].text == "forward to"


def _next(form: str, probability: float) -> list[Suggestion]:
    return [Suggestion(form, form, probability, "next-word")]


def test_the_list_has_one_suggestion_for_each_first_word_sorted_by_probability() -> None:
    found = [*_next("to", 0.4), *_next("forward", 0.35), *_next("you", 0.05)]
    shown = phrases("looking ", {"to": {"seeing": 0.75, "you": 0.2}}, found=found, least=0.2, whole=0.05)
    assert [one.text for one in shown] == ["forward", "to seeing", "you"]
    assert [one.probability for one in shown] == [0.35, 0.3, 0.05]


@pytest.mark.parametrize(
    ("mark", "chance", "text"),
    [
        (".", 0.95, "looking forward."),
        ("?", 0.95, "looking forward?"),
        ("!", 0.95, "looking forward!"),
        (".", 0.9, "looking forward"),  # a letter more is not worth the doubt
        (".", 0.75, "looking forward"),
        (",", 0.99, "looking forward"),
        ("...", 0.99, "looking forward"),
        ('"', 0.99, "looking forward"),
    ],
)
def test_a_phrase_ends_with_the_mark_that_ends_its_sentence_and_before_any_other(
    mark: str, chance: float, text: str
) -> None:
    then = {"looking": {"forward": 0.9}, "forward": {mark: chance}, mark: {"you": 0.99}}
    assert phrases("I am loo", then, words=8)[0].text == text


def test_a_word_that_ends_the_sentence_is_a_phrase() -> None:
    (one,) = phrases("Can I see yo", {"you": {"?": 0.95}}, found=_completed("you"))
    assert one == Suggestion("you?", "you?", 0.855, PHRASE)
    assert phrases("Can I see yo", {"you": {"?": 0.75}}, found=_completed("you"))[0].text == "you"
    # New is half of a name, and says so itself.
    assert phrases("in Ne", {"New": {"York": 0.3, "?": 0.85}}, found=_completed("New"), least=0.6)[0].text == "New"


def test_it_does_not_end_inside_a_name_or_a_number() -> None:
    name = {"seeing": {"New": 0.9}, "New": {"York": 0.97}}
    assert phrases("I am see", name, words=2)[0].text == "seeing", "New alone is half of a name"
    assert phrases("I am see", name, words=3)[0].text == "seeing New York"
    assert phrases("I am see", {"seeing": {"New": 0.9}, "New": {"you": 0.2}}, words=2)[0].text == "seeing New"
    number = {"seeing": {"twenty": 0.9}, "twenty": {"five": 0.5}}
    assert phrases("I am see", number, words=2)[0].text == "seeing"
    assert phrases("I am see", {"seeing": {"twenty": 0.9}, "twenty": {"<num>": 0.5}}, words=2)[0].text == "seeing"


def test_a_titled_word_has_a_capital_behind_a_word_with_one() -> None:
    titled = replace(MODEL, titled_words=np.array([form in ("you", "to") for form in MODEL.vocabulary.forms]))
    then = {"seeing": {"New": 0.9}, "New": {"you": 0.9}, "you": {"to": 0.9}, "to": {"seeing": 0.9}}
    assert phrases("I am see", then, words=5, model=titled)[0].text == "seeing New You To seeing"
    assert phrases("I am NE", then, found=_completed("NEW"), model=titled)[0].text == "NEW YOU TO SEEING"
    # A sentence begins with any word's capital.
    assert phrases("Ne", then, found=_completed("New"), model=titled)[0].text == "New you to seeing"


def test_the_guard_holds_for_the_whole_phrase(tmp_path: Path) -> None:
    path = tmp_path / "guarded.txt"
    path.write_text("damn*\nkill: yourself\n")
    guarded = replace(MODEL, guard=Guard(path))
    unguarded = phrases("I am see", {"seeing": {"damned": 0.9}})
    assert unguarded[0].text == "seeing damned"
    assert phrases("I am see", {"seeing": {"damned": 0.9}}, model=guarded)[0].text == "seeing"
    cruel = {"to": {"kill": 0.9}, "kill": {"yourself": 0.9}}
    assert phrases("I want t", cruel, found=_completed("to"), model=MODEL)[0].text == "to kill yourself"
    assert phrases("I want t", cruel, found=_completed("to"), model=guarded)[0].text == "to kill"
    # A guarded word that was typed nearly to its end stands alone.
    assert phrases("I am damne", {"damned": {"you": 0.9}}, model=guarded)[0].text == "damned"


def _completed(form: str) -> list[Suggestion]:
    return [Suggestion(form, form, 0.9, "completion")]


@pytest.mark.parametrize(
    ("text", "cursor", "goes_on"),
    [
        ("I am loo", None, True),
        ("I am loo  \nand more", 8, True),
        ("I am loo at it", 8, False),
        ("I am loo.", 8, False),
        ("mail me at loo@loo", None, False),
        ("`loo", None, False),
    ],
)
def test_only_where_the_rest_of_the_line_is_empty_and_text_is_written(
    text: str, cursor: int | None, goes_on: bool
) -> None:
    (one,) = phrases(text, THEN, cursor=cursor, found=_completed("looking"))
    assert (one.kind == PHRASE) is goes_on


def test_a_correction_and_an_unknown_word_stand_alone() -> None:
    assert phrases("I am lok", THEN, found=[Suggestion("looking", "looking", 0.9, "correction")])[0].text == "looking"
    assert phrases("I am Kub", {"<unk>": {"to": 0.9}}, found=_completed("Kubernetes"))[0].text == "Kubernetes"


def test_capitals_go_on_as_capitals() -> None:
    assert phrases("I AM LOO", THEN, found=_completed("LOOKING"))[0].text == "LOOKING FORWARD TO SEEING"


@unhurried
@given(st.lists(st.sampled_from(sorted(WORDS)), max_size=6), st.integers(2, 8), st.sampled_from([0.01, 0.05, 0.2]))
def test_phrases_of_any_model_keep_to_the_rules(
    tiny_model: LanguageModel, before: list[str], words: int, least: float
) -> None:
    text = " ".join(before) + " "
    query = QueryReader(tiny_model.vocabulary, 64).completion(text, len(text))
    logits = logits_of(tiny_model, query.context)
    found = Completer(Scorer(tiny_model)).complete(query, logits, 5, 0.0)
    followers = Followers(tiny_model)
    search = PhraseSearch(followers, query, found, words, least, least)
    while contexts := search.wanted():
        search.go_on([followers.after(context, logits_of(tiny_model, context)) for context in contexts])
    shown = search.suggestions()
    chances = {one.text: one.probability for one in found}
    assert sorted(one.text.split()[0] for one in shown) == sorted(chances)
    assert [one.probability for one in shown] == sorted((one.probability for one in shown), reverse=True)
    for one in shown:
        first, *further = one.text.split()
        assert (one.kind == PHRASE) == bool(further)
        assert len(further) < words
        assert one.probability <= chances[first]
        assert not further or one.probability >= least - 1e-6
        assert all(form in tiny_model.vocabulary for form in further)
