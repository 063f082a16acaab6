"""Reading the word at a caret: its letters and its span, whatever stands around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.place.query import QueryReader
from model.text.tokens import LINE_END, NUMBER, Token, normal_form, tokens, word_end
from tests.model.search.place.plain_reader import plain_caret
from tests.model.text.test_tokens import LONG, RUNS, any_text
from tests.model.tiny_model import tiny_vocabulary, unhurried

VOCABULARY = tiny_vocabulary()


def caret(text: str, cursor: int, context_tokens: int = 64) -> tuple[str, int, int]:
    """The typed letters, and the span of their word."""
    query = QueryReader(VOCABULARY, context_tokens).completion(text, cursor)
    return query.prefix, query.start, query.end


@pytest.mark.parametrize("run", RUNS, ids=ascii)
def test_very_long_runs_are_read_in_linear_time(run: str) -> None:
    text = "e" + run * (LONG // len(run))
    for cursor in (len(text), LONG // 2, 700):
        assert caret(text, cursor)[2] >= cursor


@unhurried
@given(any_text, st.data())
def test_a_caret_splits_the_text_where_the_cursor_is(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    reach = data.draw(st.integers(1, 50))
    prefix, start, end = caret(text, cursor, reach)
    context = plain_caret(text, cursor, reach)[0]
    assert 0 <= start <= end <= len(text) and cursor <= end
    if prefix:
        assert text[start:cursor] == prefix and normal_form(prefix)[0].isalpha()
        assert end == word_end(text, start, cursor)
    else:
        assert start == end
    assert all(token.end <= start for token in context)
    assert all(normal_form(text[t.start : t.end]) == t.form for t in context if t.is_word)


@pytest.mark.parametrize(
    ("text", "context", "prefix", "word"),
    [
        ("an ap|", ["an"], "ap", "ap"),
        ("an ap|ple pie", ["an"], "ap", "apple"),
        ("an |apple", ["an"], "", ""),
        ("an| apple", [], "an", "an"),
        ("👍🏽 👩\u200d👧 ap|", ["👍🏽", "👩\u200d👧"], "ap", "ap"),
        ("cafe\u0301 cafe\u0301|", ["café"], "cafe\u0301", "cafe\u0301"),
        ("caf|e\u0301", [], "caf", "cafe\u0301"),
        ("cafe|\u0301", [], "cafe", "cafe\u0301"),
        ("ｆｕｌｌ ｆｕ|ｌｌ", ["ｆｕｌｌ"], "ｆｕ", "ｆｕｌｌ"),
        ("a\tb\r\nap|", ["a", "b", LINE_END], "ap", "ap"),
        ("don'|", [], "don'", "don'"),
        ("don’|t go", [], "don’", "don’t"),
        ("don|'t", [], "don", "don't"),
        ("well-|known", [], "well-", "well-known"),
        ("a '|", ["a", "'"], "", ""),
        ("a -|b", ["a", "-"], "", ""),
        ("a--|b", ["a", "--"], "", ""),
        ("日本ap|", ["日本"], "ap", "ap"),
        ("ap|日本", [], "ap", "ap"),
        ("日本\u3000|", ["日本"], "", ""),
        ("𠮷ap|", ["𠮷"], "ap", "ap"),
        ("5ap|", [NUMBER], "ap", "ap"),
        ("my_ap|_x", ["my", "_"], "ap", "ap"),
        ("|", [], "", ""),
        ("|ap", [], "", ""),
        ("ap\u00ad|", ["ap"], "", ""),
    ],
)
def test_caret(text: str, context: list[str], prefix: str, word: str) -> None:
    cursor = text.index("|")
    text = text.replace("|", "")
    typed, start, end = caret(text, cursor)
    before = plain_caret(text, cursor, 64)[0]
    assert ([t.form for t in before], typed, text[start:end]) == (context, prefix, word)


def test_only_the_end_of_a_long_text_is_read_and_its_positions_stay_true() -> None:
    text = "the dog eats food. " * 10_000 + "The app"
    before = plain_caret(text, len(text), 64)[0]
    assert caret(text, len(text)) == ("app", len(text) - 3, len(text))
    assert len(text) - 1024 <= before[0].start <= len(text) - 512
    assert before[0] == Token(*next(t for t in tokens(text) if t.start == before[0].start))
    assert [text[t.start : t.end] for t in before] == [t.form for t in before]


def test_a_text_without_spaces_is_read_from_the_middle_of_a_word() -> None:
    text = "x" * 5000 + " app"
    assert caret(text, len(text))[0] == "app"
    assert len(caret("x" * 5000, 5000)[0]) <= 1024
