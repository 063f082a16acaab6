"""The list of words: prefix ranges, ids of forms, and what is refused."""

import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ModelError
from model.lm.storage import load_words
from model.text.tokens import APOSTROPHES, LINE_END, NUMBER, SPECIAL_TOKENS, TEXT_START, UNKNOWN, fold, tokens
from model.text.vocabulary import Vocabulary
from tests.model.tiny_model import MARKS, WORDS, plain, tiny_vocabulary, unhurried

VOCABULARY = tiny_vocabulary()
CASES: list[Callable[[str], str]] = [str, str.upper, str.lower, str.title, str.casefold]

# Few letters, so that words share beginnings, and the ones that sort and fold in odd ways.
some_words = st.dictionaries(
    st.text(st.sampled_from("abAB'’-éßİıñ日שΣς"), min_size=1, max_size=5).filter(lambda w: w[0].isalpha()),
    st.integers(0, 99),
    max_size=30,
)


def found(vocabulary: Vocabulary, prefix: str) -> list[str]:
    span = vocabulary.prefix_range(prefix)
    return vocabulary.forms[span.start : span.stop]


@unhurried
@given(some_words, st.text(st.sampled_from("abAB'’-éßİıñ日שΣςz"), max_size=3))
def test_a_prefix_range_holds_the_words_that_begin_so_and_no_others(words: dict[str, int], prefix: str) -> None:
    vocabulary = tiny_vocabulary(words)
    expected = [form for form in vocabulary.forms[vocabulary.first_word :] if fold(form).startswith(fold(prefix))]
    assert found(vocabulary, prefix) == expected


@unhurried
@given(st.sampled_from(sorted(WORDS)), st.data())
def test_every_typed_beginning_of_a_word_finds_it(word: str, data: st.DataObject) -> None:
    typed = data.draw(st.sampled_from(CASES))(word)
    typed = unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), typed)
    typed = typed.replace("'", data.draw(st.sampled_from([*APOSTROPHES, ""])))
    if data.draw(st.booleans()):
        typed = "".join(c for c in unicodedata.normalize("NFD", typed) if not unicodedata.combining(c))
    typed = typed[: data.draw(st.integers(1, len(typed)))]
    assert word in found(VOCABULARY, typed)
    assert all(plain(form).startswith(plain(typed)) for form in found(VOCABULARY, typed))


@pytest.mark.parametrize("typed", ["app", "APP", "App", "aPP", "ａｐｐ", "àpp", "a'pp", "ap\u0301p"])
def test_case_accents_and_width_do_not_change_the_range(typed: str) -> None:
    assert sorted(found(VOCABULARY, typed)) == ["Apple", "app", "apple", "application", "apply"]


def test_typed_without_apostrophe_or_accent() -> None:
    assert set(found(VOCABULARY, "dont")) == set(found(VOCABULARY, "DON’T")) == {"don't"}
    assert set(found(VOCABULARY, "cafe")) == {"café", "cafes", "cafés", "café's"}
    assert set(found(VOCABULARY, "STRAS")) == {"straße"}
    assert set(found(VOCABULARY, "i'")) == set(found(VOCABULARY, "I"))
    assert found(VOCABULARY, "zzz") == found(VOCABULARY, "\U0010ffff") == []


def test_special_tokens_and_marks_are_in_no_range() -> None:
    assert VOCABULARY.first_word == len(SPECIAL_TOKENS) + len(MARKS)
    assert VOCABULARY.prefix_range("") == range(VOCABULARY.first_word, len(VOCABULARY))
    for form in (*SPECIAL_TOKENS, *MARKS):
        span = VOCABULARY.prefix_range(form)
        assert span.start >= VOCABULARY.first_word
        assert not span or not fold(form)  # an apostrophe folds to nothing, and everything begins with that


def test_order_of_ids() -> None:
    assert tuple(VOCABULARY.forms[:4]) == SPECIAL_TOKENS
    assert list(VOCABULARY.keys) == sorted(VOCABULARY.keys)
    assert found(VOCABULARY, "may") == ["may", "May"]
    assert found(VOCABULARY, "don")[:2] == ["Don", "don"]
    assert len(VOCABULARY) == len(SPECIAL_TOKENS) + len(MARKS) + len(WORDS)
    assert "apple" in VOCABULARY and "pear" not in VOCABULARY


def test_only_words_are_offered_and_of_single_letters_a_and_i() -> None:
    offered = {form for form, yes in zip(VOCABULARY.forms, VOCABULARY.offered, strict=True) if yes}
    assert offered == set(WORDS) - {"b", "B", "à"}


def test_a_vocabulary_without_words() -> None:
    vocabulary = tiny_vocabulary({})
    assert not vocabulary.prefix_range("a") and not vocabulary.prefix_range("")
    assert vocabulary.id_of("a") == vocabulary.id_of(UNKNOWN)


@pytest.mark.parametrize(
    ("form", "inside", "at_start"),
    [
        ("apple", "apple", "apple"),
        ("Apple", "Apple", "apple"),
        ("APPLE", "apple", "apple"),
        ("may", "may", "may"),
        ("May", "May", "may"),
        ("MAY", "may", "may"),
        ("Don", "Don", "Don"),
        ("don", "don", "don"),
        ("london", "London", "London"),
        ("LONDON", "London", "London"),
        ("The", "the", "the"),
        ("us", "us", "us"),
        ("US", "US", "US"),
        ("Us", "us", "us"),
        ("I", "I", "I"),
        ("i", "I", "I"),
        ("a", "a", "a"),
        ("A", "a", "a"),
        ("b", "b", "b"),
        ("B", "B", "B"),
        ("i'm", "I'm", "I'm"),
        ("DON'T", "don't", "don't"),
        ("Don't", "don't", "don't"),
        ("DONT", "don't", "don't"),
        ("dont", "don't", "don't"),
        ("its", "its", "its"),
        ("ITS", "its", "its"),
        ("cafe", "café", "café"),
        ("CAFÉ", "café", "café"),
        ("resume", "resume", "resume"),
        ("İstanbul", "Istanbul", "Istanbul"),
        ("istanbul", "Istanbul", "Istanbul"),
        ("STRASSE", "straße", "straße"),
        ("strasse", "straße", "straße"),
        ("IPHONE", "iPhone", "iPhone"),
        ("ΩΡΑΊΟΣ", "ωραίος", "ωραίος"),
        ("ｆｕｌｌ", "full", "full"),
        ("pear", UNKNOWN, UNKNOWN),
        ("Pear", UNKNOWN, UNKNOWN),
        ("ß", UNKNOWN, UNKNOWN),
        ("приве́т", UNKNOWN, UNKNOWN),
        (";", UNKNOWN, UNKNOWN),
        (".", ".", "."),
        ("👍", "👍", "👍"),
        (NUMBER, NUMBER, NUMBER),
        (LINE_END, LINE_END, LINE_END),
    ],
)
def test_id_of(form: str, inside: str, at_start: str) -> None:
    read = [VOCABULARY.forms[VOCABULARY.id_of(form, start)] for start in (False, True)]
    assert read == [inside, at_start]


@unhurried
@given(st.text())
def test_id_of_takes_any_token(text: str) -> None:
    for token in tokens(text):
        for start in (False, True):
            assert 0 <= VOCABULARY.id_of(token.form, start) < len(VOCABULARY)


def test_encode_reads_capitals_by_the_place_in_the_sentence() -> None:
    forms = [token.form for token in tokens("May I? May is in May.\nApple or Apple")]
    read = [VOCABULARY.forms[i] for i in VOCABULARY.encode(forms)]
    assert read == ["may", "I", "?", "may", "is", "in", "May", ".", LINE_END, "apple", "or", "Apple"]
    assert VOCABULARY.forms[VOCABULARY.encode(forms, from_start=False)[0]] == "May"
    assert VOCABULARY.encode([]) == []


def test_digest_is_that_of_the_forms_in_their_order() -> None:
    assert VOCABULARY.digest() == hashlib.sha256("\n".join(VOCABULARY.forms).encode()).hexdigest()
    assert tiny_vocabulary(WORDS | {"pear": 1}).digest() != VOCABULARY.digest()
    assert tiny_vocabulary({form: n for form, n in WORDS.items() if form != "us"}).digest() != VOCABULARY.digest()


def test_the_words_file_gives_back_the_same_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    vocabulary = Vocabulary(VOCABULARY.forms, VOCABULARY.counts, withheld={"apple", "US"})
    path.write_text("".join(vocabulary.lines()), "utf-8")
    again = load_words(path)
    assert list(again.forms) == list(VOCABULARY.forms)
    assert (again.counts, again.digest()) == (VOCABULARY.counts, VOCABULARY.digest())
    assert again.offered.tolist() == vocabulary.offered.tolist()
    assert sum(VOCABULARY.offered) - sum(again.offered) == 2


SPECIALS = [f"{form}\t1\n" for form in SPECIAL_TOKENS]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        SPECIALS[:3],
        SPECIALS[::-1],
        ["a\t1\n", *SPECIALS],
        [*SPECIALS, "b\t1\n", "a\t1\n"],
        [*SPECIALS, "a\t1\n", "a\t1\n"],
        [*SPECIALS, f"{TEXT_START}\t1\n"],
        [*SPECIALS, "a\n"],
        [*SPECIALS, "a\tmany\n"],
        [*SPECIALS, "a 1\n"],
        [*SPECIALS, "\t1\n"],
        [*SPECIALS, "\n"],
        [*SPECIALS, "zebra\t1\n", "~~\t1\n"],
        [*SPECIALS, "cafe\t1\n", "can't\t1\n", "café\t1\n"],
    ],
    ids=[
        *("empty", "special-missing", "specials-reversed", "word-first", "unsorted", "twice", "special-twice"),
        *("no-count", "count-no-number", "no-tab", "empty-form", "blank-line", "mark-among-words", "unsorted-accent"),
    ],
)
def test_a_damaged_list_is_refused_and_the_file_named(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "words.txt"
    path.write_text("".join(lines), "utf-8")
    with pytest.raises(ModelError, match=r"words\.txt: "):
        load_words(path)


def test_a_list_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xff\xfe<unk>\t1\n")
    with pytest.raises(ModelError, match="not a readable list of words"):
        load_words(path)
    with pytest.raises(ModelError, match="not a readable list of words with their counts: No such file"):
        load_words(tmp_path / "none.txt")


def test_a_count_too_few_is_refused() -> None:
    with pytest.raises(ModelError, match="count is missing"):
        Vocabulary(VOCABULARY.forms, VOCABULARY.counts[:-1])
