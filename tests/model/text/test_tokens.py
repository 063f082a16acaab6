"""Text to tokens, sentence starts, folding, and what stands around a cursor."""

import string
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.text.tokens import (
    APOSTROPHES,
    LINE_END,
    NUMBER,
    SPECIAL_TOKENS,
    fold,
    normal_form,
    sentence_starts,
    tokens,
)
from tests.model.tiny_model import unhurried

# What breaks tokenisers, in pieces that hypothesis puts together in any order.
PIECES = (
    *("don't", "DON’T", "dont", "Im", "well-known", "well‑known", "o'clock's", "cafe\u0301", "café", "e\u0301\u0323"),
    *("1,000.50", "22nd", "10:30", "٣", "½", "²", "x²", "Ⅳ", "b2b", "ʻokina", "ŉ", "donʼt", "'", "’", "ʼ", "＇"),
    *("👍", "👍🏽", "👩\u200d👩\u200d👧", "🇫🇷", "1️⃣", "☹️", "\u200d", "\ufe0f", "🏽", "\U000e0067"),
    *("שלום", "مرحبا", "שָׁלוֹם", "日本語", "か\u3099", "𠮷野家", "한국어", "हिन्दी"),
    *("กำลัง", "ｆｕｌｌ", "\u3000", "。", "「"),
    *(" ", "  ", "\t", "\n", "\r\n", "\u2028", "\x85", "\x0b", "\x00", "\u00ad", "\u200b", "\u200f", "\ufeff"),
    *("\ud800", "\udfff", "\u0301", "\u0327", "\u20e3", "=\u0338", "≠", "\u037e", "İ", "ß", "ẞ", "ı", "ﬁ", "ǅ", "ς"),
    *("!", "?!", "...", "…", "-", "--", "—", "“", "”", '"', "(", ")", "_", "*", "/", "@", "#", "$", "£", "."),
)
any_text = st.text(st.characters(), max_size=40) | st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)
INVISIBLE = set(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
)


def forms(text: str) -> list[str]:
    return [token.form for token in tokens(text)]


@unhurried
@given(any_text)
def test_spans_are_in_order_apart_and_cover_all_but_white_space(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end
        assert all(c.isspace() or c in INVISIBLE for c in text[end : token.start])
        assert token.form
        if token.is_word:
            assert normal_form(text[token.start : token.end]) == token.form
        elif token.form not in SPECIAL_TOKENS:
            assert not any(c.isspace() for c in token.form)
        end = token.end
    assert all(c.isspace() or c in INVISIBLE for c in text[end:])


@unhurried
@given(any_text)
def test_composed_and_decomposed_text_is_the_same_input(text: str) -> None:
    assert forms(unicodedata.normalize("NFC", text)) == forms(unicodedata.normalize("NFD", text))


@unhurried
@given(any_text, st.sampled_from(APOSTROPHES))
@example("'tis the dogs' o'clock", "\u02bc")
def test_straight_and_curly_apostrophes_are_the_same_input(text: str, apostrophe: str) -> None:
    for variant in APOSTROPHES:
        text = text.replace(variant, "'")
    assert forms(text) == forms(text.replace("'", apostrophe))


@unhurried
@given(any_text)
def test_every_token_alone_reads_as_itself(text: str) -> None:
    for token in tokens(text):
        if token.is_word:
            assert forms(token.form) == [token.form]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't DON’T", ["don't", "DON'T"]),
        ("dont Dont cant im Im theyre", ["don't", "Don't", "can't", "i'm", "I'm", "they're"]),
        ("its well were DONT", ["its", "well", "were", "DONT"]),
        ("well-known well\u2011known", ["well-known", "well-known"]),
        ("rock 'n' roll", ["rock", "'", "n", "'", "roll"]),
        ("'tis ’tis ʼtis", ["'", "tis", "'", "tis", "'", "tis"]),
        ("dogs' food", ["dogs", "'", "food"]),
        ("a- -b c--d", ["a", "-", "-", "b", "c", "--", "d"]),
        ("3.14 1,000 10:30 7", [NUMBER] * 4),
        ("1st 22nd 3RD 11th", [NUMBER, NUMBER, NUMBER, "RD", NUMBER]),
        ("5pm b2b 3-4", [NUMBER, "pm", "b2b", NUMBER, "-", NUMBER]),
        ("٣ ５", [NUMBER, NUMBER]),
        ("Wait... what?!! no…", ["Wait", "...", "what", "?", "!", "no", "..."]),
        ("“Hi” „so“ ＂", ['"', "Hi", '"', '"', "so", '"', '"']),
        ("a – b — c", ["a", "--", "b", "--", "c"]),
        ("a \n b\r\n\r\n\tc\u2028d\re", ["a", LINE_END, "b", LINE_END, "c", LINE_END, "d", LINE_END, "e"]),
        ("a\u200f\nb \u200b\n\ufeff c", ["a", LINE_END, "b", LINE_END, "c"]),
        ("a\tb\u00a0c\u3000d", ["a", "b", "c", "d"]),
        ("👍🏽 👩\u200d👩\u200d👧 ☹️", ["👍🏽", "👩\u200d👩\u200d👧", "☹️"]),
        ("日本app 語", ["日本", "app", "語"]),
        ("日本。\u3000語", ["日本", "。", "語"]),
        ("𠮷野家app", ["𠮷野家", "app"]),
        ("שלום hello مرحبا", ["שלום", "hello", "مرحبا"]),
        ("हिन्दी 한국어", ["हिन्दी", "한국어"]),
        ("snake_case a@b.c", ["snake", "_", "case", "a", "@", "b", ".", "c"]),
        ("=\u0338 \u037e", ["≠", ";"]),
        ("\x00a\ud800b", ["\x00", "a", "\ud800", "b"]),
        ("", []),
        (" \u00ad\ufeff\u200b", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert forms(text) == expected


@pytest.mark.parametrize(
    ("text", "capital"),
    [
        ("", True),
        ("he", False),
        ("he said.", True),
        ("he said?", True),
        ("he said!", True),
        ("he said…", True),
        ("he said,", False),
        ("he said:", False),
        ("he said\n", True),
        ("he said, \n\n", True),
        ("by J.", False),
        ("at 5 a.m.", False),
        ("so do I.", True),
        ("in 1999.", True),
        ("he said. (", True),
        ("he (", False),
        ("(he said.)", True),
        ("he (she)", False),
        ("he said “", True),
        ('he said "', True),
        ('"hi," he said "', True),
        ('"hi,"', False),
        ('"hi."', True),
        ('"hi\n', True),
        ('he said "hi\nno "', True),
        ("he's '", False),
        ("he's. '", True),
        ("Thanks! 👍", True),
        ("thanks 👍", False),
    ],
)
def test_where_sentences_start(text: str, capital: bool) -> None:
    assert sentence_starts(forms(text))[-1] is capital


def test_sentence_starts_has_one_entry_for_each_token_and_one_for_the_next() -> None:
    assert sentence_starts(forms("No. He is\nhere")) == [True, False, True, False, False, True, False]


CASES: list[Callable[[str], str]] = [str, str.upper, str.lower, str.title, str.casefold, str.swapcase]
LONG = 100_000


RUNS = [" ", "'", "’", "ʼ", "a'", "-", "a-", "\u0301", ".", "1.", "1", "1st", "a", '"', "。", "\n", " \n", " \u200b"]


@pytest.mark.parametrize("run", RUNS, ids=ascii)
def test_very_long_runs_are_read_in_linear_time(run: str) -> None:
    text = "e" + run * (LONG // len(run))
    read = list(tokens(text))
    assert read[0].start == 0 and read[-1].end <= len(text)
    assert fold(text) == fold(fold(text))


@unhurried
@given(any_text)
def test_fold_of_a_fold_is_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_fold() -> None:
    assert {fold(w) for w in ("don't", "DON’T", "Dont", "donʼt")} == {"dont"}
    assert {fold(w) for w in ("café", "CAFÉ", "cafe\u0301", "ｃａｆｅ")} == {"cafe"}
    assert {fold(w) for w in ("Straße", "STRASSE", "straẞe")} == {"strasse"}
    assert {fold(w) for w in ("İstanbul", "istanbul", "ISTANBUL", "ıstanbul")} == {"istanbul"}
    assert {fold(w) for w in ("well-known", "Well\u2011Known")} == {"well-known"}


letters = st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Lm", "Mn"))
any_word = st.sampled_from(["don't", "café", "Straße", "İstanbul", "ılık", "ΣΟΦΟΣ", "naïve", "rock'n'roll"]) | (
    st.text(letters | st.sampled_from("'’-" + string.ascii_letters), min_size=1).filter(lambda w: w[0].isalpha())
)


@unhurried
@given(st.data(), any_word)
def test_any_typed_beginning_folds_to_a_beginning(data: st.DataObject, word: str) -> None:
    case = data.draw(st.sampled_from(CASES))
    typed = unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD", "NFKD"])), case(word))
    if data.draw(st.booleans()):
        typed = "".join(c for c in typed if c not in APOSTROPHES)
    cut = data.draw(st.integers(0, len(typed)))
    assert fold(unicodedata.normalize("NFC", word)).startswith(fold(typed[:cut]))
