"""Guarded words: which ones a list means, when they are offered, and that the shipped list leaves others alone."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import UserError
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.text.tokens import fold
from model.text.vocabulary import Vocabulary
from tests.model.tiny_model import answer, model_of, random_model, read, tiny_vocabulary, words_of

WORDS = ("darn", "darned", "darn's", "Darn", "darkness", "dàrn", "heck", "he'll", "hell", "hell's", "hello", "heck-no")


def guarded(tmp_path: Path, content: str | bytes, words: tuple[str, ...] = WORDS) -> set[str]:
    """The words that a list guards."""
    path = tmp_path / "list.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    vocabulary = tiny_vocabulary(dict.fromkeys(words, 5))
    guard = Guard(path)
    needed = guard.letters_needed(vocabulary)
    assert needed.dtype == np.uint8 and needed.shape == (len(vocabulary),)
    found = set(filter(guard.guards, vocabulary.forms[vocabulary.first_word :]))
    assert found == {vocabulary.forms[i] for i in np.flatnonzero(needed)}
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", set()),
        ("\n  \n# darn\n  # heck\n", set()),
        # The word in any case and with any accents, and its possessive.
        ("darn\n", {"darn", "Darn", "dàrn", "darn's"}),
        ("  DÄRN  ", {"darn", "Darn", "dàrn", "darn's"}),
        ("darn*", {"darn", "Darn", "dàrn", "darn's", "darned"}),
        ("dar*\r\nheck", {"darn", "Darn", "dàrn", "darn's", "darned", "darkness", "heck"}),
        ("heck*", {"heck", "heck-no"}),
        ("darned", {"darned"}),
        # An apostrophe makes another word of it.
        ("hell", {"hell", "hell's"}),
        ("hell*", {"hell", "hell's", "hello"}),
        ("he'll", {"he'll"}),
        ("he’ll", {"he'll"}),
        ("unheard\nof*\ndarn it\n'*", set()),
        ("\ufeffheck\n", {"heck"}),
    ],
)
def test_which_words_a_list_means(content: str, expected: set[str], tmp_path: Path) -> None:
    assert guarded(tmp_path, content) == expected


LINES = st.tuples(st.sampled_from([*WORDS, "da", "h", "x"]), st.sampled_from(["", "*"])).map("".join)


@settings(max_examples=30)
@given(lines=st.lists(LINES, max_size=4))
def test_a_list_guards_what_its_lines_guard(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("lists")
    together = guarded(folder, "\n".join(lines))
    assert together == set().union(*(guarded(folder, line) for line in lines)) <= set(WORDS)


@pytest.mark.parametrize("line", ["*", "heck\n**"])
def test_a_star_alone_would_guard_every_word(line: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="would guard every word") as caught:
        guarded(tmp_path, line)
    assert str(caught.value).startswith(f"{tmp_path / 'list.txt'}: ") and "\n" not in str(caught.value)


def test_a_list_that_cannot_be_read_is_one_clear_line(tmp_path: Path, tiny_folder: Path) -> None:
    bad = tmp_path / "latin.txt"
    bad.write_bytes("h\u00e9ck\n".encode("latin-1"))
    for path in (tmp_path / "none.txt", tmp_path, bad):
        with pytest.raises(UserError) as caught:
            load_model(tiny_folder, path)
        message = str(caught.value)
        assert message.startswith(f"{path}: not a readable list of words: ") and "\n" not in message


CHANCES = {"bother": 0.3, "bothered": 0.2, "botch": 0.1, "both": 0.05, "bøther's": 0.04, "blast-it": 0.03, "bob": 0.02}


def model_with(entries: str, tmp_path: Path, chances: dict[str, float] = CHANCES) -> LanguageModel:
    """A model that guards some words."""
    path = tmp_path / "list.txt"
    path.write_text(entries, "utf-8")
    model = model_of(chances)
    return replace(model, guard=Guard(path))


def test_a_guarded_word_is_offered_after_three_quarters_of_its_letters(tmp_path: Path) -> None:
    words = {"damn": 0.1, "damns": 0.1, "damning": 0.1, "damned": 0.1, "dämnit": 0.1, "damn's": 0.1, "damn-it-all": 0.1}
    model = model_with("damn*", tmp_path, words)
    for word in words:
        for typed in range(len(word)):
            letters = len(fold(word[:typed]))
            offered = word in words_of(model, f"a {word[:typed]}")
            # Apostrophes are no letters.
            assert offered == (letters >= 0.75 * len(fold(word)) and letters > 0), (word, typed)


def test_case_and_accents_of_what_is_typed_do_not_matter(tmp_path: Path) -> None:
    model = model_with("bother*", tmp_path)
    assert not {"bother", "bothered"} & set(words_of(model, "a both"))
    for typed in ("bothe", "Bothe", "BOTHE", "bothé", "bothe\u0301"):
        assert [word.casefold() for word in words_of(model, f"a {typed}")] == ["bother"]
    assert set(words_of(model, "a bother")) == {"bothered"}


def test_neither_context_nor_other_words_change(tmp_path: Path) -> None:
    plain, model = model_of(CHANCES), model_with("bother*", tmp_path)
    for text in ("", "a ", "a b", "a bo", "Bother! It bothered ", "no bother a bothe"):
        assert read(model, "complete", text) == read(plain, "complete", text)
        chances = {s.text: s.probability for s in answer(plain, text)}
        left = {s.text: s.probability for s in answer(model, text)}
        assert left == {word: chances[word] for word in left}
        assert {w.casefold() for w in set(chances) - set(left)} <= {"bother", "bothered"}
        # A short list is filled with other words.
        assert len(answer(model, text, limit=2)) == min(2, len(left))


def test_a_withheld_word_is_never_offered(tmp_path: Path) -> None:
    made = random_model()
    vocabulary = Vocabulary(made.vocabulary.forms, made.vocabulary.counts, {"application", "May"})
    (tmp_path / "list.txt").write_text("apple\napplication\n")
    for path in (None, tmp_path / "list.txt"):
        model = replace(made, vocabulary=vocabulary, guard=Guard(path))
        for typed in range(len("application")):
            assert "application" not in words_of(model, "an " + "application"[:typed])
        # The other spelling of a withheld one is.
        assert "may" in words_of(model, "it ma") and "May" not in words_of(model, "it ma")


def test_a_loaded_model_guards_the_shipped_list_another_or_none(tiny_folder: Path, tmp_path: Path) -> None:
    shipped = load_model(tiny_folder)
    assert shipped.guard.guards("shit") and not shipped.guard.guards("donut")
    (tmp_path / "mine.txt").write_text("donut\n")
    mine = load_model(tiny_folder, tmp_path / "mine.txt")
    assert "donut" in words_of(shipped, "a don") and "donut" not in words_of(mine, "a don")
    assert not load_model(tiny_folder, None).guard.guards("shit")


EVERYDAY = """
accumulate analog analogy analyse analysis analyst arsenal arsenic assassin assess assessment asset assign assist
associate assume banal bass Bassett boob-tube booby-trapped brass button canal class classic cockatoo cockpit
cockroach cocktail coconut cocoon craps crotchet crotchety cucumber cumin cummerbund Cummings cumulative Dickens
Dickinson dictate dictionary docking document drape ejection Essex gooseberry grape Hancock he'll hell hello Hello
Hitchcock hooked hooks hornet injunction jackal jackdaw Middlesex milfoil Milford Moroccan Negroni Nigel Niger Nigeria
Nigerian niggle nimble Pakistan Pakistani papaya parse passion peacock peckish pencil peninsula Penistone pension
pianist pistol poodle porch portion pricked prickly pussy-willow pussycat pussyfooting raccoon rapeseed rapid rapport
retardant scrap scrape Scunthorpe semester seminar sextant shaggy Shanghai shiitake shitake Shitzu snigger sodium
spasm spasticity spice spicy squash squawk squawked swank therapist therapists tissue tit-for-tat titan titanic
titanium tithe title titular tossed turducken turn twattle vague vaguely vulgar vulnerable wangle Wankel weapon who're
whole whorl woodpecker Wopping
"""


def test_the_shipped_list_guards_no_everyday_word() -> None:
    vocabulary = tiny_vocabulary(dict.fromkeys(EVERYDAY.split(), 5))
    assert not list(filter(Guard(SHIPPED_LIST).guards, vocabulary.forms))


def test_the_shipped_list_guards_what_it_is_for() -> None:
    words = ("shit", "Shit", "shitty", "shit's", "shit-faced", "bullshit", "fuck", "fucking", "bitches", "asshole")
    assert all(map(Guard(SHIPPED_LIST).guards, (*words, "wanker", "whores", "boobs", "clitoris", "negroes")))


def test_the_shipped_list_holds_sorted_words_each_once_then_cruel_beginnings() -> None:
    lines = SHIPPED_LIST.read_text("utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    cruel = [entry for entry in entries if ":" in entry]
    assert cruel and entries[-len(cruel) :] == cruel
    entries = entries[: -len(cruel)]
    keys = [entry.removesuffix("*") for entry in entries]
    assert all(key.replace("-", "").isalpha() and key == key.lower() for key in keys)
    assert keys == sorted(set(keys))
    # No line is idle because a shorter one with a star covers it.
    starred = tuple(entry[:-1] for entry in entries if entry.endswith("*"))
    assert [key for key in keys if key.startswith(tuple(s for s in starred if s != key))] == []
    for entry in cruel:
        before, after = (re.split(", ", side) for side in entry.split(": "))
        for phrases in (before, after):
            assert len(set(phrases)) == len(phrases), entry
            assert all(re.fullmatch("[a-z']+( [a-z']+)*", phrase) for phrase in phrases), entry
        assert not any(" " in word for word in after), entry
